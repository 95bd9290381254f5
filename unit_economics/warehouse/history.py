"""What the platform knows of its own work on a business day: how late the bill came, how long its attempts took.

Here: reading it, for formulas that say `history(...)`. Not here: attempts themselves (ledger.py).

An attempt that never ended, as in a crash, has no known length and is in no sum.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import LiteralString

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.exact import EXACT, RATIO
from unit_economics.warehouse.connection import Connection

DELAY = "cost_visibility_delay"
_FIRST_STORED = """
    select business_date, extract(epoch from min(recorded_at)) from ledger
    where asset = 'cloud_costs' and business_date between %s and %s group by 1
"""
_SECONDS: LiteralString = """
    select coalesce(sum(extract(epoch from coalesce(committed, failed) - started_at)), 0),
        coalesce(sum(extract(epoch from failed - started_at)) filter (where committed is null), 0)
    from (
        select started_at, case when committed_at <= %(at)s then committed_at end as committed,
            case when failed_at <= %(at)s then failed_at end as failed
        from attempt where started_at >= %(begins)s and started_at < %(ends)s
    ) of_day
"""


def history(
    connection: Connection, calendar: BusinessCalendar, days: DayRange, at: datetime | None = None
) -> Mapping[str, Mapping[date, Decimal]]:
    """By its name in formulas, what is known of each day; of a day that is not there nothing is.

    at: attempts that ended later have no known length yet; None: as of now.
    """
    run: dict[date, Decimal] = {}
    failed: dict[date, Decimal] = {}
    for day in days:
        begins, ends = calendar.window(DayRange(day, day))
        (row,) = connection.execute(_SECONDS, {"begins": begins, "ends": ends, "at": at or "infinity"}).fetchall()
        run[day], failed[day] = row
    delays = {
        day: _hours(calendar, day, stored)
        for day, stored in connection.execute(_FIRST_STORED, [days.first, days.last]).fetchall()
    }
    return {DELAY: delays, "run_seconds": run, "failed_seconds": failed}


def _hours(calendar: BusinessCalendar, day: date, stored: Decimal) -> Decimal:
    """From the end of the day to the moment, in seconds since 1970."""
    _, end = calendar.window(DayRange(day, day))
    return RATIO.divide(EXACT.subtract(stored, Decimal(int(end.timestamp()))), Decimal(3600))
