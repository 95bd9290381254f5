"""Which business day a charge belongs to, as SQL; and how a long charge is spread so that no unit is lost.

Here: the day rule alone. A charge shorter than 24 hours belongs to the local day of its start; a longer one to the UTC
day of its start, or in equal parts to the UTC days it covers. Not here: reading the columns (query.py).

Local days are taken from BusinessCalendar, never from DuckDB's own time zones: one authority, and no slower.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from unit_economics.business_days import ONE_DAY, BusinessCalendar, DayRange

_LONG = "ends >= starts + interval 24 hours"
_SPAN = "date_diff('day', cast(starts as date), cast(ends - interval 1 microsecond as date)) + 1"


@dataclass(frozen=True)
class Span:
    """The moments, in UTC without a zone, between which a charge of the range can start (and, spread, end)."""

    first: datetime
    end: datetime


def span(days: DayRange, calendar: BusinessCalendar) -> Span:
    """The widest window that local and UTC days of the range need."""
    local_first, local_end = (moment.replace(tzinfo=None) for moment in calendar.window(days))
    return Span(min(local_first, _midnight(days.first)), max(local_end, _midnight(days.end)))


def on_one_day(relation: str, days: DayRange, calendar: BusinessCalendar) -> str:
    """The charges with their `business_date`, each on one day; one at fault belongs to none."""
    return (
        f"select *, case when fault is not null then null when {_LONG} then cast(starts as date)"
        f" else {_local_day(days, calendar)} end as business_date from ({relation})"
    )


def spread(relation: str, days: DayRange, calendar: BusinessCalendar) -> str:
    """The charges with their `business_date`; a long one once a UTC day of the range, as `nth` of `days_covered`."""
    from_first = f"date_diff('day', cast(starts as date), date '{days.first}')"
    to_last = f"date_diff('day', cast(starts as date), date '{days.last}')"
    nth = f"range(greatest(0, {from_first}), least({_SPAN} - 1, {to_last}) + 1)"
    return (
        "select *, case when fault is not null then null when is_long then cast(starts as date) + cast(nth as integer)"
        f" else {_local_day(days, calendar)} end as business_date from ("
        f"select *, unnest(case when is_long then {nth} else [0] end) as nth from ("
        f"select *, coalesce({_LONG} and fault is null, false) as is_long, {_SPAN} as days_covered from ({relation})))"
    )


def share(cost: str) -> str:
    """The nth share of a long charge, counted in units of the twelfth decimal.

    The shares add up to the charge exactly: what can't be divided goes, by the last decimal, to its first days.
    """
    units = f"cast(replace(cast({cost} as varchar), '.', '') as hugeint)"
    rest = f"({units} % days_covered)"
    share = f"({units} // days_covered + case when nth < abs({rest}) then sign({rest}) else 0 end)"
    return (
        f"cast(cast({share} // 1000000000000 as decimal(26, 0))"
        f" + cast({share} % 1000000000000 as decimal(12, 0)) * cast('0.000000000001' as decimal(12, 12))"
        " as decimal(38, 12))"
    )


def _local_day(days: DayRange, calendar: BusinessCalendar) -> str:
    """The local day of `starts`: one branch for each stretch of 24-hour days, one for each day the clocks change.

    All other days are one that nobody asks for: they are left out of the sums, which are fewer than the rows.
    """
    windows = [(day, *calendar.window(DayRange(day, day))) for day in days]
    branches = []
    for day, stretch in groupby(windows, key=lambda window: _day(*window)):
        held = list(stretch)
        branches.append(f"when starts >= {_literal(held[0][1])} and starts < {_literal(held[-1][2])} then {day}")
    return f"case {' '.join(branches)} else date '{date.min}' end"


def _day(day: date, begin: datetime, end: datetime) -> str:
    """The day itself where the clocks change in it; otherwise `starts` moved by that day's distance from UTC."""
    if end - begin != ONE_DAY:
        return f"date '{day}'"
    seconds = round((_midnight(day) - begin.replace(tzinfo=None)) / timedelta(seconds=1))
    return f"cast(starts + interval '{seconds}' second as date)" if seconds else "cast(starts as date)"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _literal(moment: datetime) -> str:
    return f"timestamp '{moment.astimezone(UTC).replace(tzinfo=None)}'"
