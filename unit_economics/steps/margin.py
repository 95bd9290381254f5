"""How a margin comes about: what the units of a day earned beside what they cost, of what is stored and green.

Here: what is read of the mart, and what is said of what comes of it. Not here: the arithmetic (margin.py, fees.py), the
way in which anything derived is made (deriving.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pandas as pd

from unit_economics import checks, schemas
from unit_economics.asset_names import revenue_asset, units_asset
from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.checks import Finding
from unit_economics.deployment import Deployment
from unit_economics.graph import CLOUD_COSTS, Node
from unit_economics.margin import Known, costs_by_scope, unit_margins
from unit_economics.plots import margin_numbers
from unit_economics.promises import CONTRACT, MARGIN_CHECKS
from unit_economics.reporting import Told
from unit_economics.steps.deriving import Made, MadeOf, Recipe, derived
from unit_economics.steps.exchanging import exchange_of
from unit_economics.warehouse import money, reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt


def unit_margin(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Put what was earned beside what it cost; a price or a rate that is missing turns the day red."""
    catalogue, metric = deployment.catalogue, node.entry

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        computed = {day: row.input_versions for (name, day), row in made_of.items() if name == metric}
        billed = frozenset(day for day, versions in computed.items() if CLOUD_COSTS in versions)
        known = _known(catalogue, metric, connection, days, billed)

        def compute() -> Made:
            rows, faults = unit_margins(catalogue, metric, green, known)
            good = [day for day in green if day not in faults]
            return Made(rows, [*checks.contract(schemas.UNIT_MARGINS, rows, good), *_refused(faults)])

        return compute

    def stored(connection: Connection, days: DayRange) -> pd.DataFrame:
        return money.current_margins(connection, node.name, metric, days)

    return derived(deployment, Recipe(node.inputs, tables.UNIT_MARGINS, MARGIN_CHECKS, read, stored, margin_numbers))


def _refused(faults: Mapping[date, Sequence[str]]) -> list[Finding]:
    return [Finding(day, CONTRACT, passed=False, text="; ".join(why)) for day, why in faults.items()]


def _known(catalogue: Catalogue, metric: str, connection: Connection, days: DayRange, billed: frozenset[date]) -> Known:
    units = units_asset(metric)
    fees = (catalogue.fees[fee] for fee in catalogue.metrics[metric].fees)
    by = {fee.by for fee in fees if fee.by is not None}
    return Known(
        units=reading.units_by_day(connection, units, days),
        by={dimension: money.units_by_value(connection, units, dimension, days) for dimension in sorted(by)},
        earned=reading.units_by_segment(connection, revenue_asset(metric), days),
        costs=costs_by_scope(reading.current_unit_costs(connection, metric, days)),
        billed=billed,
        exchange=exchange_of(catalogue, connection, days),
    )
