"""Stretches of days and of time as people say them.

Here: "3 Mar, 5 Mar – 9 Mar", "27 days", "3 h". Not here: single days and moments (numbers.py).
"""

from collections.abc import Collection
from datetime import date, timedelta

from unit_economics.business_days import DayRange, ranges
from unit_economics.dashboard.words.numbers import Numbers

_MOST = 3
_LEAST, _FEW, _MINUTE, _HOUR, _DAY = 0.1, 10, 60, 3600, 86400


def spans(numbers: Numbers, days: Collection[date]) -> str:
    """Days as their stretches; after the third only how many there are in all."""
    every = ranges(days)
    more = f" and more, {len(set(days))} days in all" if len(every) > _MOST else ""
    return ", ".join(_span(numbers, one) for one in every[:_MOST]) + more


def _span(numbers: Numbers, days: DayRange) -> str:
    if len(days) == 1:
        return numbers.short_day(days.first)
    if days.first.year != days.last.year:
        return f"{numbers.day(days.first)} – {numbers.day(days.last)}"
    return f"{numbers.short_day(days.first)} – {numbers.short_day(days.last)}"


def counted(days: Collection[date]) -> str:
    """`1 day`, `5 days`."""
    return f"{len(days)} day{'s' if len(days) > 1 else ''}"


def lasted(time: timedelta) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`: one unit is enough."""
    seconds = time.total_seconds()
    if seconds < _LEAST:
        return f"< {_LEAST} s"
    if seconds < _MINUTE:
        return f"{int(seconds * 10) / 10:.1f} s" if seconds < _FEW else f"{int(seconds)} s"
    for size, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {name}"
    return ""
