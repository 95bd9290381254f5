"""How shared cost is divided: every charge to its target by the rules, and what the targets share by its keys.

Here: what is read of the mart for it. Not here: the arithmetic (allocation/allocated.py, allocation/double_entry.py).
"""

from collections.abc import Callable, Sequence
from datetime import date

from unit_economics.allocation import allocated
from unit_economics.allocation.double_entry import Quantities
from unit_economics.allocation_checks import allocation_findings
from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.graph import Node
from unit_economics.plots import (
    allocation_numbers,
)
from unit_economics.promises import ALLOCATION_CHECKS
from unit_economics.reporting import Told
from unit_economics.steps.deriving import Made, MadeOf, Recipe, derived
from unit_economics.warehouse import reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt


def allocated_costs(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Put every charge to its target, and let the targets pay for what they share."""
    catalogue = deployment.catalogue

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        del made_of
        charges = reading.current_charges(connection, days)
        quantities = Quantities(
            {name: reading.units_by_day(connection, units_asset(name), days) for name in catalogue.measured},
            {name: reading.units_by_segment(connection, driver_asset(name), days) for name in catalogue.drivers},
        )

        def compute() -> Made:
            chosen = charges[charges["business_date"].isin(green)]
            rows, unbased = allocated.allocated_costs(catalogue, chosen, quantities)
            return Made(rows, allocation_findings(catalogue, green, chosen, rows, unbased))

        return compute

    stored = reading.current_allocated_costs
    recipe = Recipe(node.inputs, tables.ALLOCATED_COSTS, ALLOCATION_CHECKS, read, stored, allocation_numbers)
    return derived(deployment, recipe)
