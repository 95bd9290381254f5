"""What margins and formulas come to on some days, by the arithmetic that the assets have; nothing is written.

Here: from a side's rows to these numbers, and which formulas can't be told from a sample. Not here: what they are made
of (steps.py, side.py).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pandas as pd

from unit_economics import schemas
from unit_economics.asset_names import revenue_asset, units_asset
from unit_economics.business_days import DayRange, ranges
from unit_economics.cli.catalogue.side import Side, on
from unit_economics.cli.catalogue.steps import Made
from unit_economics.formula_book import Compiled
from unit_economics.formula_days import formula_values
from unit_economics.formula_inputs import Held, counted_assets, entries, in_its_currency
from unit_economics.graph import ALLOCATED_COSTS, EXCHANGE_RATES, Node
from unit_economics.insight import variation
from unit_economics.margin import Known, costs_by_scope, unit_margins
from unit_economics.number_diff import Number, Place, Plain
from unit_economics.schemas import MARGIN_AMOUNTS, MARGIN_WHOLE, empty
from unit_economics.slicing import units_by_day
from unit_economics.unit_cost import unit_costs
from unit_economics.warehouse import history, reading


def margin(side: Side, node: Node, days: Sequence[date]) -> Made:
    """Every amount of the margin: what was earned, what it cost, what is left of it."""
    bill = side.bill(side.of.graph[node.entry], days)
    good = [day for day in days if day not in bill.refused]
    units = side.counted(units_asset(node.entry), good)
    costs = unit_costs(side.catalogue, node.entry, good, bill.charges, units, side.free(good), bill.allocated)
    rows, faults = unit_margins(side.catalogue, node.entry, good, _known(side, node.entry, good, costs))
    refused = {**bill.refused, **{day: "; ".join(why) for day, why in faults.items()}}
    return Made(dict(_amounts(node, rows)), refused)


def _known(side: Side, metric: str, days: Sequence[date], costs: pd.DataFrame) -> Known:
    units = units_asset(metric)
    fees = (side.catalogue.fees[fee] for fee in side.catalogue.metrics[metric].fees)
    by = {fee.by for fee in fees if fee.by is not None}
    return Known(
        exchange=side.exchange,
        units=side.by_day(units),
        by={dimension: _by_value(side, units, dimension, days) for dimension in sorted(by)},
        earned=side.by_segment(revenue_asset(metric)),
        costs=costs_by_scope(costs),
        billed=frozenset(days),
    )


def _by_value(side: Side, units: str, dimension: str, days: Sequence[date]) -> Mapping[date, Mapping[str, Decimal]]:
    found = units_by_day(side.counted(units, days), [dimension])
    return {day: {value: quantity for (value,), quantity in of_day.items()} for day, of_day in found.items()}


def _amounts(node: Node, rows: pd.DataFrame) -> Iterator[tuple[Place, Number]]:
    """What is empty because nothing declares it is no number; what is left is always one, or there is a reason."""
    for row in rows.to_dict("records"):
        for name in MARGIN_AMOUNTS:
            amount = row[name]
            if amount is not None or name in MARGIN_WHOLE:
                reason = row["reason"] if amount is None else None
                yield Place(node.name, name, row["currency"], row["business_date"]), Plain(amount, reason)


def formula(side: Side, node: Node, days: Sequence[date]) -> Made:
    """The value of a formula."""
    one = cast("Compiled", node.formula)
    exchange = side.exchange if EXCHANGE_RATES in one.inputs else None
    stored, refused = in_its_currency(side.catalogue, one, _held(side, one, days), exchange)
    good = [day for day in days if day not in refused]
    rows = formula_values(side.catalogue, one, good, stored)
    told = rows[["business_date", "value", "reason"]].itertuples(index=False, name=None)
    return Made({Place(node.name, "value", node.unit, day): Plain(value, why) for day, value, why in told}, refused)


def _held(side: Side, one: Compiled, days: Sequence[date]) -> Held:
    is_shared, has_cost = ALLOCATED_COSTS in one.inputs, bool(entries(one, "cost"))
    return Held(
        charges=side.charges(days if has_cost else []),
        allocated=on(side.allocated, days) if is_shared else empty(schemas.ALLOCATED_COSTS),
        billed=days,
        counted={asset: side.by_segment(asset) for asset in counted_assets(one)},
        history=_history(side, days) if entries(one, "history") else {},
        unit_costs={metric: _unit_costs(side, metric, days) for metric in entries(one, "variation")},
    )


def _history(side: Side, days: Sequence[date]) -> Mapping[str, Mapping[date, Decimal]]:
    """The platform's own work is no part of any definition: it is what is stored."""
    connection = side.mart.connection
    parts = [history.history(connection, side.of.calendar, part) for part in ranges(days)] if connection else []
    names = {name for part in parts for name in part}
    return {name: {day: value for part in parts for day, value in part[name].items()} for name in names}


def _unit_costs(side: Side, metric: str, days: Sequence[date]) -> pd.DataFrame:
    if side.mart.connection is None or not days:
        return empty(schemas.UNIT_COSTS)
    reaching_back = DayRange(min(days) - timedelta(days=variation.DAYS - 1), max(days))
    return reading.current_unit_costs(side.mart.connection, metric, reaching_back)


def blind_formulas(nodes: Iterable[Node], moved: Collection[str]) -> dict[str, str]:
    """The formulas that rest on more days than a sample has, where the metric's unit cost moves; each with why."""
    found: dict[str, str] = {}
    for node in nodes:
        metrics = entries(node.formula, "variation") if node.formula else []
        if changed := [metric for metric in metrics if metric in moved]:
            found[node.name] = f"it rests on {variation.DAYS} days of {', '.join(changed)}, more than are recomputed"
    return found
