"""How revenue comes about where the catalogue tells its components.

Here: what is read, and in which order it is judged and stored. Not here: the arithmetic (revenue.py), the judgement
(revenue_checks.py), revenue that is one amount a day: that is counted like units (assets.py).
"""

from collections.abc import Callable
from datetime import timedelta

from unit_economics import checks
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.entries.revenue import Revenue
from unit_economics.plots import net_numbers
from unit_economics.reporting import Told
from unit_economics.revenue_checks import revenue_findings
from unit_economics.storing import Judged, states_by_age, store
from unit_economics.warehouse import reading, tables
from unit_economics.warehouse.ledger import Attempt, Source

HISTORY = timedelta(weeks=8)


def earned(deployment: Deployment, source: Revenue, unit: str) -> Callable[[Attempt], Told]:
    """Read what the units earned, component by component, in the currency in which it was earned."""

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        count = source.count(days, calendar=deployment.calendar, unit=unit, outside=deployment.outside)
        with deployment.warehouse.connection() as connection:
            before = DayRange(days.first - HISTORY, days.last)
            history = reading.units_by_segment(connection, attempt.asset, before)
        found = revenue_findings(count, list(days), history, deployment.catalogue.checks, source.refunds_basis)
        states = states_by_age(deployment, source.complete_after, checks.sound(days, found), count.absent)
        read = Source(count.fingerprint, absent=count.absent)
        judged = Judged(tables.UNIT_QUANTITIES, count.units, found, states, read)
        with deployment.warehouse.transaction() as connection:
            done = store(deployment, connection, attempt, judged)
        return Told(net_numbers(count.units, done), found, count.absent)

    return step
