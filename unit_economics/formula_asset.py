"""The step of a formula: what it names is read, its value computed and stored, with everything it was computed from.

Here: reading what formulas are made of. Not here: the value (formula_days.py), how any derived day is stored
(deriving.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from typing import cast

import pandas as pd

from unit_economics import checks, schemas
from unit_economics.asset_names import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES, revenue_asset
from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.deployment import Deployment
from unit_economics.deriving import Made, MadeOf, Recipe, derived
from unit_economics.exact import EXACT
from unit_economics.exchange import Bill, Exchange, in_one_currency, no_rate
from unit_economics.exchanging import exchange_of
from unit_economics.formula_book import Compiled
from unit_economics.formula_days import Stored, formula_values
from unit_economics.graph import Node
from unit_economics.insight import variation
from unit_economics.plots import formula_numbers
from unit_economics.promises import FORMULA_CHECKS
from unit_economics.reporting import Told
from unit_economics.revenue import net_of
from unit_economics.revenue_entry import Revenue
from unit_economics.warehouse import reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.history import history
from unit_economics.warehouse.ledger import Attempt


def formula(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Compute a formula: one value a day, or empty with the reason."""
    one = cast("Compiled", node.formula)

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        stored, refused = _stored(deployment, one, connection, days, made_of)

        def compute() -> Made:
            good = [day for day in green if day not in refused]
            rows = formula_values(deployment.catalogue, one, good, stored)
            red = [word for day in green if day in refused for word in checks.refused([day], refused[day])]
            return Made(rows, [*checks.contract(schemas.FORMULA_VALUES, rows, good), *red])

        return compute

    def current(connection: Connection, days: DayRange) -> pd.DataFrame:
        return reading.current_formula_values(connection, node.name, days)

    trailing = variation.DAYS - 1 if _entries(one, "variation") else 0
    what = node.inputs, tables.FORMULA_VALUES, FORMULA_CHECKS
    return derived(deployment, Recipe(*what, read, current, formula_numbers, trailing))


def _stored(
    deployment: Deployment, one: Compiled, connection: Connection, days: DayRange, made_of: MadeOf
) -> tuple[Stored, Mapping[date, str]]:
    """What the mart holds, money in the catalogue's currency; and the days that lack a rate for it, each with why."""
    catalogue = deployment.catalogue
    exchange = exchange_of(catalogue, connection, days) if EXCHANGE_RATES in one.inputs else None
    bill = _bill(one, connection, days, exchange)
    counted = [leaf.assets[0] for leaf in one.leaves.values() if leaf.name.function in ("units", "quantity")]
    earned = {metric: _earned(catalogue, metric, connection, days, exchange) for metric in _entries(one, "revenue")}
    stored = Stored(
        charges=bill.charges,
        allocated=bill.allocated if bill.allocated is not None else schemas.empty(schemas.ALLOCATED_COSTS),
        billed=[day for day in days if (CLOUD_COSTS, day) in made_of],
        quantities={
            **{asset: reading.units_by_day(connection, asset, days) for asset in counted},
            **{revenue_asset(metric): net for metric, (net, _) in earned.items()},
        },
        history=history(connection, deployment.calendar, days) if _entries(one, "history") else {},
        unit_costs={metric: _unit_costs(deployment, connection, metric, days) for metric in _entries(one, "variation")},
    )
    return stored, {**bill.refused, **{day: why for _, refused in earned.values() for day, why in refused.items()}}


def _bill(one: Compiled, connection: Connection, days: DayRange, exchange: Exchange | None) -> Bill:
    has_cost = bool(_entries(one, "cost"))
    charges = reading.current_charges(connection, days) if has_cost else schemas.empty(schemas.CHARGES)
    by_rules = reading.current_allocated_costs(connection, days) if ALLOCATED_COSTS in one.inputs else None
    return in_one_currency(exchange, charges, by_rules) if exchange else Bill(charges, by_rules, {})


def _earned(
    catalogue: Catalogue, metric: str, connection: Connection, days: DayRange, exchange: Exchange | None
) -> tuple[dict[date, Decimal], dict[date, str]]:
    """The net revenue of each day in the catalogue's currency, and the days without a rate for it."""
    source, into = catalogue.metrics[metric].revenue, catalogue.currency
    currency = (source.currency if isinstance(source, Revenue) else None) or into
    known = exchange or Exchange(into)
    segments = reading.units_by_segment(connection, revenue_asset(metric), days)
    nets = {day: net_of(of_day) if isinstance(source, Revenue) else _sum(of_day) for day, of_day in segments.items()}
    converted = {day: known.amount(day, currency, net) for day, net in nets.items()}
    refused = {day: no_rate([currency], into, day) for day, net in converted.items() if net is None}
    return {day: net for day, net in converted.items() if net is not None}, refused


def _sum(segments: Mapping[str, Decimal]) -> Decimal:
    return reduce(EXACT.add, segments.values())


def _entries(one: Compiled, function: str) -> list[str]:
    return [leaf.entry for leaf in one.leaves.values() if leaf.name.function == function]


def _unit_costs(deployment: Deployment, connection: Connection, metric: str, days: DayRange) -> Mapping[date, Decimal]:
    """The unit costs of a metric's headline scope, from 27 days before the first day on."""
    catalogue, first = deployment.catalogue, days.first - timedelta(days=variation.DAYS - 1)
    rows = reading.current_unit_costs(connection, metric, DayRange(first, days.last))
    of_scope = (rows["cost_scope"] == catalogue.headline_scope(metric)) & rows["unit_cost"].notna()
    own = rows[of_scope & (rows["billing_currency"] == catalogue.currency)]
    return dict(zip(own["business_date"], own["unit_cost"], strict=True))
