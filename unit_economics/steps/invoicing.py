"""How a day's bill by invoice comes about: the bill is read again by another cut, and must add up to the charges.

It is made of `cloud_costs`: a day whose charges became others is read by invoice again, and each says which version of
the other it equals. Here: what is read. Not here: how a source reads (cost_sources/), the judgement
(invoiced_checks.py), or any invoice (proof/).
"""

from collections.abc import Callable, Sequence
from datetime import date

from unit_economics.business_days import DayRange
from unit_economics.cost_sources.invoiced_together import read_all_invoiced, unreadable
from unit_economics.cost_sources.together import Asked
from unit_economics.deployment import Deployment
from unit_economics.entries.adapters import Invoiced, Kept
from unit_economics.graph import CLOUD_COSTS, Node
from unit_economics.invoiced_checks import invoiced_findings
from unit_economics.plots import invoiced_numbers
from unit_economics.promises import INVOICED_CHECKS
from unit_economics.reporting import Told
from unit_economics.schemas import INVOICED_COSTS, empty
from unit_economics.steps.deriving import Made, MadeOf, Recipe, derived
from unit_economics.warehouse import reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt


def invoiced_costs(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Read what each invoice billed on the days whose charges are there, and hold the sums against them."""
    sources = deployment.catalogue.cost_sources
    silent = unreadable(sources)

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        totals = reading.stored_totals(connection, CLOUD_COSTS, days)
        stored = {key: (of_day[0], of_day[1]) for key, of_day in totals.items()}
        billed = [day for day in green if (CLOUD_COSTS, day) in made_of]
        not_compared = {day: reason for name, reason in silent.items() for day in green if sources[name].covers(day)}

        def compute() -> Made:
            found = _read(deployment, billed)
            return Made(found.rows, invoiced_findings(found, green, stored, not_compared))

        return compute

    stored = reading.current_invoiced_costs
    recipe = Recipe(node.inputs, tables.INVOICED_COSTS, INVOICED_CHECKS, read, stored, invoiced_numbers)
    return derived(deployment, recipe)


def _read(deployment: Deployment, days: Sequence[date]) -> Invoiced:
    """What these days were billed by invoice; the days between them that have no charges are left out again."""
    if not days:
        return Invoiced(empty(INVOICED_COSTS), {})
    asked = Asked(DayRange(days[0], days[-1]), deployment.calendar, Kept(), deployment.outside)
    found = read_all_invoiced(deployment.catalogue.cost_sources, asked)
    rows = found.rows[found.rows["business_date"].isin(set(days))].reset_index(drop=True)
    return Invoiced(rows, {key: total for key, total in found.totals.items() if key[0] in days})
