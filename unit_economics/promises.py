"""What the checks promise of every stored day, by name: for people, and for whoever lists checks.

Here: names and words, which load no library. Not here: judging (checks.py).
"""

from collections.abc import Mapping

from unit_economics.catalogue import driver_asset, revenue_asset, sink_asset, units_asset
from unit_economics.deployment import ALLOCATED_COSTS, CLOUD_COSTS, Deployment

CONTRACT = "contract"
DELIVERY = "delivery"
VOLUME_BAND = "volume_band"
CONSERVATION = "conservation"
CONVERGED = "converged"
BASIS = "basis"
UNALLOCATED_SHARE = "unallocated_share"
UNTAGGED_SHARE = "untagged_share"

UNIT_CHECKS = {
    CONTRACT: "Every row is as schemas.UNITS says: one row a day and segment, a finite decimal of 0 or more.",
    DELIVERY: "The source has the day, and not fewer units than it counted before.",
    VOLUME_BAND: "The quantity lies in a band around the median of the same weekday in the weeks before.",
}
COST_CHECKS = {
    CONTRACT: "Every row is as schemas.CHARGES says: finite decimals, a known category, a currency.",
    DELIVERY: "Every source has the day, and not fewer rows than it delivered before.",
    CONSERVATION: "The mart holds exactly the sum that the source states, for every currency and cost.",
}
ALLOCATION_CHECKS = {
    CONTRACT: "Every row is as schemas.ALLOCATED_COSTS says: a target, a rule, a finite decimal.",
    CONSERVATION: "All targets together hold exactly the bill, under the declared and under every alternative key.",
    BASIS: "Every pool that is shared found who pays for it, and rules know everybody whom a driver measures.",
    UNALLOCATED_SHARE: "No more of the day's cost than max_unallocated was taken by no rule.",
    UNTAGGED_SHARE: "No more of the day's cost than max_untagged has none of the tags that the rules look at.",
}
UNIT_COST_CHECKS = {CONTRACT: "Every row is as schemas.UNIT_COSTS says: a unit cost, or the reason why there is none."}
PUBLISH_CHECKS = {CONVERGED: "The destination shows, when read back, exactly what was to be published."}


def promises(of: Deployment) -> Mapping[str, Mapping[str, str]]:
    """Every asset with its checks, upstream first."""
    found: dict[str, Mapping[str, str]] = {CLOUD_COSTS: COST_CHECKS, ALLOCATED_COSTS: ALLOCATION_CHECKS}
    found |= {driver_asset(name): UNIT_CHECKS for name in of.catalogue.drivers}
    for name, metric in of.catalogue.metrics.items():
        found |= {units_asset(name): UNIT_CHECKS, name: UNIT_COST_CHECKS, revenue_asset(name): UNIT_CHECKS}
        found |= {sink_asset(name, sink): PUBLISH_CHECKS for sink in metric.publish}
    return {asset: found[asset] for asset in of.inputs}
