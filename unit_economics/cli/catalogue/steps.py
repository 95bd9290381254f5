"""What every kind of asset comes to on some days, by the arithmetic that the assets have; nothing is written.

Here: from a side's rows to numbers, kind by kind. Not here: margins and formulas (money_steps.py), which assets are
recomputed (recomputing.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from unit_economics.allocation.allocated import DECLARED
from unit_economics.asset_names import units_asset
from unit_economics.cli.catalogue.side import Side
from unit_economics.exact import EXACT, total
from unit_economics.graph import Node
from unit_economics.number_diff import Number, Place, Plain, Value
from unit_economics.reasons import NOT_STATED
from unit_economics.schemas import COSTS
from unit_economics.slicing import unit_cost_slices
from unit_economics.unit_cost import unit_costs

_HALVES = ["billing_currency", "cost", "quantity", "unit_cost", "reason"]
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Made:
    """Numbers of some days, and the days that are refused, each with why."""

    numbers: Mapping[Place, Number]
    refused: Mapping[date, str] = field(default_factory=dict)


def unit_cost(side: Side, node: Node, days: Sequence[date]) -> Made:
    """The cost, the units and the unit cost of every scope."""
    bill = side.bill(node, days)
    good = [day for day in days if day not in bill.refused]
    units = side.counted(units_asset(node.entry), good)
    rows = unit_costs(side.catalogue, node.entry, good, bill.charges, units, side.free(good), bill.allocated)
    told = rows[["business_date", "cost_scope", *_HALVES]].itertuples(index=False, name=None)
    numbers = {Place(node.name, scope, currency, day): Value(*value) for day, scope, currency, *value in told}
    return Made(numbers, bill.refused)


def slices(side: Side, node: Node, days: Sequence[date]) -> Made:
    """The same of every cell of every slice."""
    bill = side.bill(node, days)
    good = [day for day in days if day not in bill.refused]
    units = side.counted(units_asset(node.entry), good)
    rows = unit_cost_slices(side.catalogue, node.entry, good, bill.charges, units, side.free(good))
    told = rows[["business_date", "slice", "dimensions", *_HALVES]].itertuples(index=False, name=None)
    numbers = {
        Place(node.name, f"{name} {cell}", currency, day): Value(*value) for day, name, cell, currency, *value in told
    }
    return Made(numbers, bill.refused)


def allocated(side: Side, node: Node, days: Sequence[date]) -> Made:
    """What each target pays, by the declared keys and by every other choice of them; and what has no tag."""
    names = ["business_date", "cost_scope", "variant", "target", "billing_currency", "amount", "untagged"]
    sums: dict[Place, Decimal | None] = {}
    for day, scope, variant, target, currency, *amounts in side.allocated[names].itertuples(index=False, name=None):
        choice = f" by {variant}" if variant != DECLARED else ""
        for what, amount in zip((f"{scope}:{target}{choice}", f"{scope} untagged{choice}"), amounts, strict=True):
            place = Place(node.name, what, currency, day)
            sums[place] = total(sums.get(place, _NOTHING), amount if isinstance(amount, Decimal) else None)
    return Made({place: _amount(amount) for place, amount in sums.items() if place.day in set(days)})


def charges(side: Side, node: Node, days: Sequence[date]) -> Made:
    """Each cost of all charges."""
    sums: dict[Place, Decimal | None] = {}
    rows = side.charges(days)[["business_date", "billing_currency", *COSTS]]
    for day, currency, *costs in rows.itertuples(index=False, name=None):
        for what, amount in zip(COSTS, costs, strict=True):
            place = Place(node.name, what, currency, day)
            sums[place] = total(sums.get(place, _NOTHING), amount if isinstance(amount, Decimal) else None)
    return Made({place: _amount(amount) for place, amount in sums.items()})


def _amount(amount: Decimal | None) -> Plain:
    return Plain(amount, NOT_STATED if amount is None else None)


def counted(side: Side, node: Node, days: Sequence[date]) -> Made:
    """What is counted, told apart as its source does. Another name of the same unit makes it no other number."""
    unit = node.unit if node.kind == "revenue" else ""
    sums: dict[Place, Decimal] = {}
    for day, name, quantity in _told_apart(side, node, days):
        place = Place(node.name, name, unit, day)
        sums[place] = EXACT.add(sums.get(place, _NOTHING), quantity)
    return Made({place: Plain(quantity) for place, quantity in sums.items()})


def _told_apart(side: Side, node: Node, days: Sequence[date]) -> Iterator[tuple[date, str, Decimal]]:
    rows = side.counted(node.name, days)
    names = rows["dimensions"] if "dimensions" in rows else rows["segment"]
    yield from zip(rows["business_date"], names, rows["quantity"], strict=True)


def rates(side: Side, node: Node, days: Sequence[date]) -> Made:
    """What each currency is worth."""
    known = side.exchange.rates.items()
    into = side.catalogue.currency
    return Made({Place(node.name, code, into, day): Plain(rate) for (day, code), rate in known if day in set(days)})
