"""Events counted by business day: the edges of the days, and what was found between them made into rows.

Here: what all sources share that hold a row an event. Not here: asking them (the kinds), the judgement of a quantity
(counting.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.refusals import DayRefusal
from unit_economics.unit_sources.counting import Answer, Judge, UnitRow, numbered_day

TO_COUNT_ROWS = "Fill it, or leave out `count_distinct` to count rows"
TO_SUM = "Fill it, or leave these rows out by `where`"


@dataclass(frozen=True)
class Group:
    """The events of one day of the range, numbered from 1, with one combination of values; or of the whole day.

    uncounted: its rows that have nothing to count.
    """

    number: int
    uncounted: int
    quantity: Decimal | None
    is_whole: bool = False
    raw: Sequence[object] = ()


@dataclass(frozen=True)
class Events:
    """The rows, the days that can't be counted with the reason, and the whole of each day where it was asked for."""

    rows: list[UnitRow]
    refused: dict[date, str]
    totals: dict[date, Decimal]


def day_edges(days: DayRange, calendar: BusinessCalendar) -> Sequence[datetime]:
    """The start of every day and the end of the last, in UTC."""
    starts = [calendar.window(DayRange(day, day))[0] for day in days]
    return [*starts, calendar.window(days)[1]]


def counted(groups: Iterable[Group], days: DayRange, judge: Judge, remedy: str) -> Events:
    """The groups as rows; a day on which something can't be counted is refused alone."""
    found = Events([], {}, {})
    for group in groups:
        day = numbered_day(days, group.number)
        try:
            row = _row(group, day, judge, remedy)
        except DayRefusal as refusal:
            found.refused.setdefault(day, str(refusal))
            continue
        if group.is_whole:
            found.totals[day] = row.quantity
        else:
            found.rows.append(row)
    return Events([row for row in found.rows if row.day not in found.refused], found.refused, found.totals)


def _row(group: Group, day: date, judge: Judge, remedy: str) -> UnitRow:
    if group.uncounted:
        what = f"column {judge.quantity} is empty in {group.uncounted} rows of {day}, so they can't be counted"
        raise DayRefusal(what, where=judge.where, remedy=remedy, day=day)
    answer = Answer(str(day), 1, group.quantity, () if group.is_whole else group.raw)
    if group.is_whole:
        return Judge(judge.where, judge.day, judge.quantity, remedy=judge.remedy).summed(day, answer)
    return judge.summed(day, answer)
