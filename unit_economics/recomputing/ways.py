"""How each kind of computed asset comes about again: the steps' own arithmetic over recorded inputs.

Here: from inputs to rows, kind by kind; a new kind is one line. Not here: the arithmetic itself, reading (inputs.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

import pandas as pd

from unit_economics.allocation.allocated import allocated_costs
from unit_economics.allocation.double_entry import Quantities
from unit_economics.asset_names import driver_asset, revenue_asset, units_asset
from unit_economics.catalogue import Catalogue
from unit_economics.exchange import Bill
from unit_economics.formula_book import Compiled
from unit_economics.formula_days import formula_values
from unit_economics.formula_inputs import Held, counted_assets, entries, in_its_currency
from unit_economics.graph import ALLOCATED_COSTS, EXCHANGE_RATES, Kind, Node
from unit_economics.margin import Known, costs_by_scope, unit_margins
from unit_economics.recomputing.inputs import Inputs
from unit_economics.schemas import ALLOCATED_COSTS as ALLOCATED_ROWS
from unit_economics.schemas import CHARGES, empty
from unit_economics.slicing import unit_cost_slices, units_by_day
from unit_economics.unit_cost import unit_costs
from unit_economics.warehouse import tables


@dataclass(frozen=True)
class Way:
    """table: where the rows are; keys: the columns that tell one row of a day from another; make: computes them."""

    table: tables.Table
    keys: Sequence[str]
    make: Callable[[Catalogue, Node, Inputs], pd.DataFrame]


def _unit_cost(catalogue: Catalogue, node: Node, of: Inputs) -> pd.DataFrame:
    bill, units = of.bill(catalogue, node), of.units(units_asset(node.entry))
    days = [day for day in [of.day] if day not in bill.refused]
    return unit_costs(catalogue, node.entry, days, bill.charges, units, _free(of, bill), bill.allocated)


def _slices(catalogue: Catalogue, node: Node, of: Inputs) -> pd.DataFrame:
    bill, units = of.bill(catalogue, node), of.units(units_asset(node.entry))
    return unit_cost_slices(catalogue, node.entry, [of.day], bill.charges, units, _free(of, bill))


def _free(of: Inputs, bill: Bill) -> list[date]:
    """The day, where its bill was there without any charge."""
    return [of.day] if of.is_billed and bill.charges.empty else []


def _allocated(catalogue: Catalogue, node: Node, of: Inputs) -> pd.DataFrame:
    del node
    quantities = Quantities(
        {name: of.by_day(units_asset(name)) for name in catalogue.measured},
        {name: of.by_segment(driver_asset(name)) for name in catalogue.drivers},
    )
    return allocated_costs(catalogue, of.charges, quantities)[0]


def _margin(catalogue: Catalogue, node: Node, of: Inputs) -> pd.DataFrame:
    metric, units = node.entry, units_asset(node.entry)
    by = {fee.by for fee in (catalogue.fees[name] for name in catalogue.metrics[metric].fees) if fee.by is not None}
    known = Known(
        exchange=of.exchange(catalogue),
        units=of.by_day(units),
        by={dimension: _by_value(of, units, dimension) for dimension in sorted(by)},
        earned=of.by_segment(revenue_asset(metric)),
        costs=costs_by_scope(of.rows(tables.UNIT_COSTS, metric)),
        billed=frozenset([of.day] if of.behind(metric).is_billed else []),
    )
    return unit_margins(catalogue, metric, [of.day], known)[0]


def _by_value(of: Inputs, units: str, dimension: str) -> Mapping[date, Mapping[str, Decimal]]:
    found = units_by_day(of.units(units), [dimension])
    return {day: {value: quantity for (value,), quantity in of_day.items()} for day, of_day in found.items()}


def _formula(catalogue: Catalogue, node: Node, of: Inputs) -> pd.DataFrame:
    one = cast("Compiled", node.formula)
    held = Held(
        charges=of.charges if entries(one, "cost") else empty(CHARGES),
        allocated=of.rows(tables.ALLOCATED_COSTS, ALLOCATED_COSTS)
        if ALLOCATED_COSTS in one.inputs
        else empty(ALLOCATED_ROWS),
        billed=[of.day] if of.is_billed else [],
        counted={asset: of.by_segment(asset) for asset in counted_assets(one)},
        history=of.back.history,
        unit_costs=of.back.unit_costs,
    )
    exchange = of.exchange(catalogue) if EXCHANGE_RATES in one.inputs else None
    stored, refused = in_its_currency(catalogue, one, held, exchange)
    return formula_values(catalogue, one, [day for day in [of.day] if day not in refused], stored)


WAYS: Mapping[Kind, Way] = {
    "unit_cost": Way(tables.UNIT_COSTS, ("cost_scope", "billing_currency"), _unit_cost),
    "slices": Way(tables.UNIT_COST_SLICES, ("slice", "dimensions", "cost_scope", "billing_currency"), _slices),
    "allocated": Way(
        tables.ALLOCATED_COSTS,
        ("cost_scope", "billing_currency", "variant", "step", "rule", "source", "target"),
        _allocated,
    ),
    "margin": Way(tables.UNIT_MARGINS, ("currency",), _margin),
    "formula": Way(tables.FORMULA_VALUES, (), _formula),
}
"""Of every kind that is computed; what is read from a source would have to be asked of it again."""
