"""How units come about: counted in their source, judged against what was counted before, stored.

Here: what flows where for everything that is counted a day. Not here: how a source reads (unit_sources/), revenue of
several components (earning.py).
"""

from collections.abc import Callable
from typing import cast

from unit_economics import checks
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.entries.adapters import Count, UnitSource
from unit_economics.entries.revenue import Revenue
from unit_economics.graph import Node
from unit_economics.plots import unit_numbers
from unit_economics.reporting import Told
from unit_economics.steps.earning import earned
from unit_economics.storing import Judged, states_by_age, store
from unit_economics.unit_sources.counting import over_time
from unit_economics.warehouse import reading, tables
from unit_economics.warehouse.ledger import Attempt, Source


def counted(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Count the days in a source of units: the denominator, a driver of shared cost, or what was earned."""
    if isinstance(node.source, Revenue):
        return earned(deployment, node.source, node.unit)
    source = cast("UnitSource", node.source)

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        count = count_in_source(deployment, node, source, days)
        with deployment.warehouse.connection() as connection:
            history = reading.daily_quantities(connection, attempt.asset, days)
        found = checks.unit_findings(count, days, history, deployment.catalogue.checks)
        states = states_by_age(deployment, source.complete_after, checks.sound(days, found), count.absent)
        read = Source(count.fingerprint, absent=count.absent)
        table = tables.SLICED_QUANTITIES if source.dimensions else tables.UNIT_QUANTITIES
        judged = Judged(table, count.units, found, states, read)
        with deployment.warehouse.transaction() as connection:
            done = store(deployment, connection, attempt, judged)
        return Told(unit_numbers(count.units, done), found, count.absent)

    return step


def count_in_source(deployment: Deployment, node: Node, source: UnitSource | Revenue, days: DayRange) -> Count:
    """The units of these days out of their source, a gauge counted over its time where the entry says so."""
    catalogue = deployment.catalogue
    in_time = {"units": catalogue.metrics, "quantity": catalogue.quantities}.get(node.kind)
    count = source.count(days, calendar=deployment.calendar, unit=node.unit, outside=deployment.outside)
    return over_time(count, in_time[node.entry].per if in_time else None)
