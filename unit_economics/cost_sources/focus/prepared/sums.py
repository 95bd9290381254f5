"""What charges add up to by UTC day and currency, by the SQL that also reads them for a report.

Here: that question, put to the bill and to what was written of it, so that the one can be held against the other.
Not here: what is wrong with a bill that can't be counted (scan.py says it), or writing (rewriting.py).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus.prepared.manifest import Charges, Sums
from unit_economics.cost_sources.focus.scan import Scan
from unit_economics.schemas import COSTS

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta())
EVERY_DAY = DayRange(date(1, 1, 2), date(9999, 12, 30))
"""All days that can ever be asked for."""


class DailySums(Scan):
    """A scan of parts, all of one layout, that asks only what their charges add up to."""

    def by_day(self) -> dict[date, Charges]:
        """The UTC days that have charges; refused, by file, row and field, as any scan refuses."""
        rows: list[Any] = sorted(self.rows(), key=lambda row: row[1:3])
        return {day: _one_day(list(held)) for day, held in groupby(rows, key=lambda row: row[1])}

    def sql(self) -> str:
        """Whether a charge is at fault, the UTC day and currency, three moments, how many charges, and their costs."""
        sums = ", ".join(f"sum({cost})" for cost in COSTS)
        return (
            "select max(case when fault is null then 0 else 1 end), cast(starts as date) as day, billing_currency,"
            f" min(starts), max(starts), least(max(ends), timestamp '9999-12-31'), count(*), {sums}"
            f" from ({self._charges(closely=True)}) group by day, billing_currency"
        )


def _one_day(rows: Sequence[Any]) -> Charges:
    first, last, end = ([row[place] for row in rows] for place in (3, 4, 5))
    sums = {str(row[2]): Sums.model_validate(dict(zip(("rows", *COSTS), row[6:11], strict=True))) for row in rows}
    return Charges(
        rows=sum(one.rows for one in sums.values()),
        first_start=_utc(min(first)),
        last_start=_utc(max(last)),
        last_end=_utc(max(end)),
        sums=sums,
    )


def _utc(moment: Any) -> datetime:  # noqa: ANN401 - DuckDB's columns have types, its rows in Python have not
    return moment.replace(tzinfo=UTC)
