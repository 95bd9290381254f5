"""The step of a formula: what it names is read, its value computed and stored, with everything it was computed from.

Here: reading what formulas are made of. Not here: the value (formula_days.py), how any derived day is stored
(deriving.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pandas as pd

from unit_economics import checks, schemas
from unit_economics.asset_names import ALLOCATED_COSTS, CLOUD_COSTS
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.deriving import Made, MadeOf, Recipe, derived
from unit_economics.formula_book import Compiled
from unit_economics.formula_days import Stored, formula_values
from unit_economics.graph import Node
from unit_economics.insight import variation
from unit_economics.plots import formula_numbers
from unit_economics.promises import FORMULA_CHECKS
from unit_economics.reporting import Told
from unit_economics.warehouse import reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.history import history
from unit_economics.warehouse.ledger import Attempt


def formula(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Compute a formula: one value a day, or empty with the reason."""
    one = cast("Compiled", node.formula)

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        stored = _stored(deployment, one, connection, days, made_of)

        def compute() -> Made:
            rows = formula_values(deployment.catalogue, one, green, stored)
            return Made(rows, checks.contract(schemas.FORMULA_VALUES, rows, green))

        return compute

    def current(connection: Connection, days: DayRange) -> pd.DataFrame:
        return reading.current_formula_values(connection, node.name, days)

    trailing = variation.DAYS - 1 if _entries(one, "variation") else 0
    what = node.inputs, tables.FORMULA_VALUES, FORMULA_CHECKS
    return derived(deployment, Recipe(*what, read, current, formula_numbers, trailing))


def _stored(deployment: Deployment, one: Compiled, connection: Connection, days: DayRange, made_of: MadeOf) -> Stored:
    read: dict[str, pd.DataFrame] = {}
    if _entries(one, "cost"):
        read["charges"] = reading.current_charges(connection, days)
    if ALLOCATED_COSTS in one.inputs:
        read["allocated"] = reading.current_allocated_costs(connection, days)
    counted = [leaf.assets[0] for leaf in one.leaves.values() if leaf.name.function in ("units", "revenue", "quantity")]
    return Stored(
        **read,
        billed=[day for day in days if (CLOUD_COSTS, day) in made_of],
        quantities={asset: reading.units_by_day(connection, asset, days) for asset in counted},
        history=history(connection, deployment.calendar, days) if _entries(one, "history") else {},
        unit_costs={metric: _unit_costs(deployment, connection, metric, days) for metric in _entries(one, "variation")},
    )


def _entries(one: Compiled, function: str) -> list[str]:
    return [leaf.entry for leaf in one.leaves.values() if leaf.name.function == function]


def _unit_costs(deployment: Deployment, connection: Connection, metric: str, days: DayRange) -> Mapping[date, Decimal]:
    """The unit costs of a metric's headline scope, from 27 days before the first day on."""
    catalogue, first = deployment.catalogue, days.first - timedelta(days=variation.DAYS - 1)
    rows = reading.current_unit_costs(connection, metric, DayRange(first, days.last))
    of_scope = (rows["cost_scope"] == catalogue.headline_scope(metric)) & rows["unit_cost"].notna()
    own = rows[of_scope & (rows["billing_currency"] == catalogue.currency)]
    return dict(zip(own["business_date"], own["unit_cost"], strict=True))
