"""Days that the invoices confirm are closed: every charge of the day is on an invoice that is final and explained.

Here: which days, and their new status in the ledger; what is made of the bill follows as of any new version. Not here:
holding invoices (held_invoices.py), the order of statuses (warehouse/replace_days.py).
"""

from collections.abc import Sequence
from datetime import date

from unit_economics.asset_names import CLOUD_COSTS
from unit_economics.business_days import ranges
from unit_economics.deployment import Deployment
from unit_economics.warehouse import ledger, tables
from unit_economics.warehouse.ledger import NOT_TOLD, Run
from unit_economics.warehouse.reconciling import reconciled_days
from unit_economics.warehouse.replace_days import DayState, keep_days


def close_days(of: Deployment, run: Run) -> Sequence[date]:
    """Close the complete days that are reconciled by now; returns them. One that was restated stays marked as that.

    A day that was stored under another definition is read again first. One that is being read right now waits for the
    next morning: this attempt is newer, so that what is read would be left out.
    """
    longest, definition = of.catalogue.automation.max_runtime, of.definition(CLOUD_COSTS)
    with of.warehouse.snapshot() as connection:
        busy = ledger.in_flight(connection, CLOUD_COSTS, longest)
        found = [row for row in reconciled_days(connection) if row.definition == definition]
    ready = {row.business_date: row for row in found if row.business_date not in busy}
    for days in ranges(ready):
        attempt = ledger.begin(of.warehouse, CLOUD_COSTS, days, run, definition)
        with of.warehouse.transaction() as connection:
            states = {day: DayState("closed", ready[day].complete_through, ready[day].input_versions) for day in days}
            keep_days(connection, attempt, tables.CHARGES, states, NOT_TOLD)
    return sorted(ready)
