"""What the checks promise of every stored day, by name: for people, and for whoever lists checks.

Here: names and words, which load no library. Not here: judging (checks.py).
"""

from collections.abc import Mapping

from unit_economics.deployment import Deployment
from unit_economics.graph import Node

CONTRACT = "contract"
DELIVERY = "delivery"
VOLUME_BAND = "volume_band"
CONSERVATION = "conservation"
CONVERGED = "converged"
UNTOUCHED = "untouched"
BASIS = "basis"
UNALLOCATED_SHARE = "unallocated_share"
UNTAGGED_SHARE = "untagged_share"

UNIT_CHECKS = {
    CONTRACT: "Every row is as schemas.UNITS says: one row a day and segment, a finite decimal of 0 or more.",
    DELIVERY: "The source has the day, and not fewer units than it counted before.",
    VOLUME_BAND: "The quantity lies in a band around the median of the same weekday in the weeks before.",
}
SLICED_CHECKS = {**UNIT_CHECKS, CONSERVATION: "The parts by dimension add up to the whole that the source states."}
COST_CHECKS = {
    CONTRACT: "Every row is as schemas.CHARGES says: finite decimals, a known category, a currency.",
    DELIVERY: "Every source has the day, and not fewer rows than it delivered before.",
    CONSERVATION: "The mart holds exactly the sum that the source states, for every currency and cost.",
}
INVOICED_CHECKS = {
    CONTRACT: "Every row is as schemas.INVOICED_COSTS says: a finite decimal, a known category, a currency.",
    CONSERVATION: "By invoice a day adds up to exactly the billed cost of its charges, for every currency.",
}
ALLOCATION_CHECKS = {
    CONTRACT: "Every row is as schemas.ALLOCATED_COSTS says: a target, a rule, a finite decimal.",
    CONSERVATION: "All targets together hold exactly the bill, under the declared and under every alternative key.",
    BASIS: "Every pool that is shared found who pays for it, and rules know everybody whom a driver measures.",
    UNALLOCATED_SHARE: "No more of the day's cost than max_unallocated was taken by no rule.",
    UNTAGGED_SHARE: "No more of the day's cost than max_untagged has none of the tags that the rules look at.",
}
SLICE_CHECKS = {
    CONTRACT: "Every row is as schemas.UNIT_COST_SLICES says: a unit cost, or the reason why there is none.",
    CONSERVATION: "The parts of every slice add up to the cost and the units that they are parts of, exactly.",
}
UNIT_COST_CHECKS = {
    CONTRACT: "Every row is as schemas.UNIT_COSTS says: a unit cost, or the reason why there is none.",
    CONSERVATION: "Every cost scope, split or whole, holds exactly its charges, for every currency.",
}
RATE_CHECKS = {
    CONTRACT: "Every rate is as schemas.EXCHANGE_RATES says, and every currency that the catalogue names has one.",
    DELIVERY: "The source has rates of the day, and none that was there is gone.",
}
MARGIN_CHECKS = {
    CONTRACT: "Every fee has a price and every currency a rate; the margin is there, or the reason why it is not.",
}
FORMULA_CHECKS = {CONTRACT: "Every row is as schemas.FORMULA_VALUES says: a value, or the reason why there is none."}
PUBLISH_CHECKS = {
    CONVERGED: "The destination shows, when read back, exactly what was to be published.",
    UNTOUCHED: "Before anything was sent, the destination still held what had been sent to it last.",
}


BY_KIND: Mapping[str, Mapping[str, str]] = {
    "charges": COST_CHECKS,
    "invoiced": INVOICED_CHECKS,
    "allocated": ALLOCATION_CHECKS,
    "unit_cost": UNIT_COST_CHECKS,
    **dict.fromkeys(("publication", "revenue_publication"), PUBLISH_CHECKS),
    "rates": RATE_CHECKS,
    "margin": MARGIN_CHECKS,
    "slices": SLICE_CHECKS,
    "formula": FORMULA_CHECKS,
    **dict.fromkeys(("units", "driver", "revenue", "quantity"), UNIT_CHECKS),
}


def promises(of: Deployment) -> Mapping[str, Mapping[str, str]]:
    """Every asset with its checks, upstream first."""
    return {name: promises_of(node) for name, node in of.graph.items()}


def promises_of(node: Node) -> Mapping[str, str]:
    """The checks of one asset."""
    return SLICED_CHECKS if node.source and node.source.dimensions else BY_KIND[node.kind]
