"""The step of a formula: what it names is read, its value computed and stored, with everything it was computed from.

Here: reading what formulas are made of. Not here: what becomes of it (formula_inputs.py), the value (formula_days.py),
how any derived day is stored (deriving.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import cast

import pandas as pd

from unit_economics import checks, schemas
from unit_economics.asset_names import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.formula_book import Compiled
from unit_economics.formula_days import Stored, formula_values
from unit_economics.formula_inputs import Held, counted_assets, entries, in_its_currency
from unit_economics.graph import Node
from unit_economics.insight import variation
from unit_economics.plots import formula_numbers
from unit_economics.promises import FORMULA_CHECKS
from unit_economics.reporting import Told
from unit_economics.steps.deriving import Made, MadeOf, Recipe, derived
from unit_economics.steps.exchanging import exchange_of
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

    trailing = variation.DAYS - 1 if entries(one, "variation") else 0
    what = node.inputs, tables.FORMULA_VALUES, FORMULA_CHECKS
    return derived(deployment, Recipe(*what, read, current, formula_numbers, trailing))


def _stored(
    deployment: Deployment, one: Compiled, connection: Connection, days: DayRange, made_of: MadeOf
) -> tuple[Stored, Mapping[date, str]]:
    """What the mart holds, money in the catalogue's currency; and the days that lack a rate for it, each with why."""
    catalogue, first = deployment.catalogue, days.first - timedelta(days=variation.DAYS - 1)
    reaching_back = DayRange(first, days.last)
    exchange = exchange_of(catalogue, connection, days) if EXCHANGE_RATES in one.inputs else None
    varied = entries(one, "variation")
    held = Held(
        **_bill(one, connection, days),
        billed=[day for day in days if (CLOUD_COSTS, day) in made_of],
        counted={asset: reading.units_by_segment(connection, asset, days) for asset in counted_assets(one)},
        history=history(connection, deployment.calendar, days) if entries(one, "history") else {},
        unit_costs={metric: reading.current_unit_costs(connection, metric, reaching_back) for metric in varied},
    )
    return in_its_currency(catalogue, one, held, exchange)


def _bill(one: Compiled, connection: Connection, days: DayRange) -> dict[str, pd.DataFrame]:
    """The charges and what each target pays, where the formula names a cost."""
    return {
        **({"charges": reading.current_charges(connection, days)} if entries(one, "cost") else {}),
        **({"allocated": reading.current_allocated_costs(connection, days)} if ALLOCATED_COSTS in one.inputs else {}),
    }
