"""What PostgreSQL answered, judged row by row, and made into a `Count`.

Here: the refusals of impossible days and quantities, days without rows, the fingerprint. Not here: SQL, connections.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from unit_economics.adapters import Count
from unit_economics.business_days import DayRange
from unit_economics.exact import LARGEST
from unit_economics.refusals import DayRefusal, Refusal
from unit_economics.unit_sources.postgres.question import NO_SEGMENT

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, order=True)
class UnitRow:
    """The units of one day and segment."""

    day: date
    segment: str
    quantity: Decimal


@dataclass(frozen=True)
class Tally:
    """The rows that were read, and what is known of the days without one.

    refused: the days that can't be right, with what is wrong; absent: why any other day has none; zeros: the days that
    are known to have had no units.
    """

    rows: Sequence[UnitRow]
    refused: Mapping[date, str]
    absent: str
    zeros: frozenset[date] = frozenset()


def judged(
    rows: Iterable[tuple[object, ...]], judge: Callable[[tuple[object, ...]], UnitRow]
) -> tuple[list[UnitRow], dict[date, str]]:
    """The rows of the days that may be counted, and the days that may not, each with what is wrong."""
    kept: list[UnitRow] = []
    refused: dict[date, str] = {}
    for row in rows:
        try:
            kept.append(judge(row))
        except DayRefusal as refusal:
            refused[refusal.day] = str(refusal)
    return [row for row in kept if row.day not in refused], refused


def day_row(row: tuple[object, ...], *, where: str, day_column: str, column: str) -> UnitRow:
    """A row of a view that has one row a day: day as text, segment, how many rows, quantity."""
    text, segment, rows, quantity = cast("tuple[str | None, str, int, Decimal | None]", row)
    day = _day(text, where=where, column=day_column)
    if rows > 1:
        of = "" if segment == NO_SEGMENT else f" and {segment!r}"
        what = f"there are {rows} rows for {day}{of}"
        raise DayRefusal(what, where=where, remedy="Make it one row a day in the view", day=day)
    if fault := _fault(quantity):
        remedy = "Correct the view; orders that were taken back belong in a column of their own"
        raise DayRefusal(f"column {column} is {fault} on {day}", where=where, remedy=remedy, day=day)
    return UnitRow(day, segment, cast("Decimal", quantity))


def counted_row(row: tuple[object, ...], days: DayRange, *, where: str, key: str) -> UnitRow:
    """A row of a counted table: number of the day from 1, segment, rows without the key, quantity."""
    number, segment, without_key, quantity = cast("tuple[int, str, int, Decimal]", row)
    day = days.first + timedelta(days=number - 1)
    if without_key:
        what = f"column {key} is empty in {without_key} rows of {day}, so they can't be counted"
        raise DayRefusal(what, where=where, remedy="Fill it, or leave out `count_distinct` to count rows", day=day)
    return UnitRow(day, segment, quantity)


def count_of(tally: Tally, days: DayRange, *, unit: str, zero: bool) -> Count:
    """The count of these days: rows where there are units, 0 where there were none, or the reason why it is open."""
    without = sorted(set(days) - {row.day for row in tally.rows} - set(tally.refused))
    zeros = [day for day in without if zero or day in tally.zeros]
    rows = sorted([*tally.rows, *(UnitRow(day, NO_SEGMENT, Decimal(0)) for day in zeros)])
    absent = {day: tally.absent for day in without if day not in set(zeros)}
    return Count(_frame(rows, unit), absent, tally.refused, _fingerprint(rows))


def _frame(rows: Sequence[UnitRow], unit: str) -> "pd.DataFrame":
    import pandas as pd  # only where something was counted

    from unit_economics.schemas import UNITS, empty

    if not rows:
        return empty(UNITS)
    records = [(row.day, row.segment, row.quantity, unit) for row in rows]
    return pd.DataFrame(records, columns=pd.Index(list(UNITS.columns)), dtype=object)


def _fingerprint(rows: Sequence[UnitRow]) -> str:
    """The same for equal rows, however the database wrote its decimals."""
    canonical = [(str(row.day), row.segment, f"{row.quantity.normalize():f}") for row in rows]
    return hashlib.sha256(json.dumps(canonical).encode()).hexdigest()


def _day(text: str | None, *, where: str, column: str) -> date:
    if text is None:
        raise Refusal(f"column {column} is empty in a row", where=where, remedy="Correct the view")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(f"column {column} holds the day {text}", where=where, remedy="Correct the view") from error


def _fault(quantity: Decimal | None) -> str | None:
    if quantity is None:
        return "empty"
    if not quantity.is_finite() or quantity < 0:
        return f"{quantity}"
    return f"larger than {LARGEST:.0e}" if quantity >= LARGEST else None
