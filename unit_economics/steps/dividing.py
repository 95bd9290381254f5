"""How a unit cost and its slices come about: what a scope costs, by what was counted.

Here: what is read of the mart for them. Not here: the arithmetic (unit_cost.py, slicing.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pandas as pd

from unit_economics import checks, unit_cost
from unit_economics.asset_names import units_asset
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.exchange import in_one_currency
from unit_economics.graph import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES, Node
from unit_economics.plots import (
    slice_numbers,
    unit_cost_numbers,
)
from unit_economics.promises import SLICE_CHECKS
from unit_economics.reporting import Metadata, Told
from unit_economics.slice_checks import slice_findings
from unit_economics.slicing import unit_cost_slices
from unit_economics.steps.deriving import Made, MadeOf, Recipe, derived
from unit_economics.steps.exchanging import exchange_of
from unit_economics.unit_cost_checks import unit_cost_findings
from unit_economics.warehouse import reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt
from unit_economics.warehouse.replace_days import Replaced


def cost_per_unit(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Divide: for each cost scope cost / units, or empty with the reason."""
    catalogue, inputs, name = deployment.catalogue, node.inputs, node.name
    headline = catalogue.headline_scope(name)

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        charges = reading.current_charges(connection, days)
        units = reading.current_units(connection, units_asset(name), days)
        by_rules = reading.current_allocated_costs(connection, days) if ALLOCATED_COSTS in inputs else None
        exchange = exchange_of(catalogue, connection, days) if EXCHANGE_RATES in inputs else None

        def compute() -> Made:
            bill = in_one_currency(exchange, charges, by_rules)
            good = [day for day in green if day not in bill.refused]
            free = _free_days(made_of, good, charges)
            rows = unit_cost.unit_costs(catalogue, name, good, bill.charges, units, free, bill.allocated)
            refused = [one for day in green if day in bill.refused for one in checks.refused([day], bill.refused[day])]
            return Made(rows, [*unit_cost_findings(catalogue, name, good, rows, bill.charges), *refused])

        return compute

    def stored(connection: Connection, days: DayRange) -> pd.DataFrame:
        return reading.current_unit_costs(connection, name, days)

    def numbers(rows: pd.DataFrame, done: Replaced) -> Mapping[date, Metadata]:
        return unit_cost_numbers(rows, headline, done)

    return derived(deployment, Recipe(inputs, tables.UNIT_COSTS, checks.UNIT_COST_CHECKS, read, stored, numbers))


def slices(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Take a metric apart: for every combination of values its cost, its units and its unit cost."""
    catalogue, name = deployment.catalogue, node.entry
    read_units = reading.current_sliced_units if catalogue.metrics[name].units.dimensions else reading.current_units

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        charges = reading.current_charges(connection, days)
        units = read_units(connection, units_asset(name), days)
        wholes = reading.current_unit_costs(connection, name, days)
        exchange = exchange_of(catalogue, connection, days) if EXCHANGE_RATES in node.inputs else None

        def compute() -> Made:
            free = _free_days(made_of, green, charges)
            paid = in_one_currency(exchange, charges, None).charges
            rows = unit_cost_slices(catalogue, name, green, paid, units, free)
            return Made(rows, slice_findings(catalogue, name, green, rows, wholes))

        return compute

    def stored(connection: Connection, days: DayRange) -> pd.DataFrame:
        return reading.current_slices(connection, node.name, days)

    return derived(deployment, Recipe(node.inputs, tables.UNIT_COST_SLICES, SLICE_CHECKS, read, stored, slice_numbers))


def _free_days(made_of: MadeOf, green: Sequence[date], charges: pd.DataFrame) -> list[date]:
    """The days whose bill is there without any charge."""
    charged = set(charges["business_date"])
    return [day for day in green if (CLOUD_COSTS, day) in made_of and day not in charged]
