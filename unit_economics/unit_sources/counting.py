"""What a source answered, judged row by row, and made into a `Count`: the same for every kind of source.

Here: the refusals of impossible days and quantities, days without rows, the roll-up, the fingerprint. Not here: asking
(the kinds), how a value is told (dimensions.py).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from unit_economics.business_days import DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.dimension import NO_VALUE
from unit_economics.exact import EXACT, LARGEST
from unit_economics.over_days import Per, in_time
from unit_economics.refusals import DayRefusal, Refusal
from unit_economics.unit_sources.dimensions import NOT_SPLIT, Told, rolled_up
from unit_economics.web_api.strict_json import is_storable

if TYPE_CHECKING:
    import pandas as pd

NO_SEGMENT = "all"


@dataclass(frozen=True, order=True)
class UnitRow:
    """The units of one day and one combination of values: a segment, or one value a dimension, or none at all."""

    day: date
    values: tuple[str, ...]
    quantity: Decimal


@dataclass(frozen=True)
class Tally:
    """The rows that were read, and what is known of the days without one.

    refused: the days that can't be right, with what is wrong; absent: why any other day has none; zeros: the days that
    are known to have had no units; totals: each day's units as the source counts them without any dimension, where it
    counts them apart from the rows; reasons: the days known to be incomplete, each with why: they are never 0.
    """

    rows: Sequence[UnitRow]
    refused: Mapping[date, str]
    absent: str
    zeros: frozenset[date] = frozenset()
    totals: Mapping[date, Decimal] | None = None
    reasons: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One row as a source gave it: the day as text, how many rows of the source it stands for, and the raw values."""

    day: str | None
    rows: int
    quantity: Decimal | None
    raw: Sequence[object] = ()


@dataclass(frozen=True)
class Judge:
    """What may be counted. where: the source, for people; day and quantity: the names of its columns.

    noun: what a quantity's name is the name of. remedy: what to do about a bad value, once: about a day given twice.
    """

    where: str
    day: str
    quantity: str
    told: Told = NOT_SPLIT
    remedy: str = field(default="Correct the view")
    once: str = field(default="Make it one row a day in the view")
    noun: str = field(default="column")

    def row(self, answer: Answer) -> UnitRow:
        """An answer that is one row a day and combination of values; raises `DayRefusal`."""
        day = self._day(answer.day)
        values = self.told.values(answer.raw)
        if answer.rows > 1:
            of = f" and {', '.join(map(repr, values))}" if values else ""
            what = f"there are {answer.rows} rows for {day}{of}"
            raise DayRefusal(what, where=self.where, remedy=self.once, day=day)
        return self.summed(day, answer)

    def summed(self, day: date, answer: Answer) -> UnitRow:
        """An answer that stands for any number of rows of the source; raises `DayRefusal`."""
        if fault := _fault(answer.quantity):
            remedy = f"{self.remedy}; orders that were taken back belong in a {self.noun} of their own"
            what = f"{self.noun} {self.quantity} is {fault} on {day}"
            raise DayRefusal(what, where=self.where, remedy=remedy, day=day)
        values = self.told.values(answer.raw)
        if not all(map(is_storable, values)):
            what = f"the value of a dimension or segment on {day} holds what is no text (a NUL, or half a character)"
            raise DayRefusal(what, where=self.where, remedy=self.remedy, day=day)
        return UnitRow(day, values, cast("Decimal", answer.quantity))

    def _day(self, text: str | None) -> date:
        if text is None:
            raise Refusal(f"{self.noun} {self.day} is empty in a row", where=self.where, remedy=self.remedy)
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            what = f"{self.noun} {self.day} holds the day {text}"
            raise Refusal(what, where=self.where, remedy=self.remedy) from error


def numbered_day(days: DayRange, number: int) -> date:
    """The day of this number in the range, counted from 1."""
    return days.first + timedelta(days=number - 1)


def judged(answers: Iterable[Answer], judge: Callable[[Answer], UnitRow]) -> tuple[list[UnitRow], dict[date, str]]:
    """The rows of the days that may be counted, and the days that may not, each with what is wrong."""
    kept: list[UnitRow] = []
    refused: dict[date, str] = {}
    for answer in answers:
        try:
            kept.append(judge(answer))
        except DayRefusal as refusal:
            refused[refusal.day] = str(refusal)
    return [row for row in kept if row.day not in refused], refused


def count_of(tally: Tally, days: DayRange, *, unit: str, zero: bool, told: Told = NOT_SPLIT) -> Count:
    """The count of these days: rows where there are units, 0 where there were none, or the reason why it is open."""
    without = sorted(set(days) - {row.day for row in tally.rows} - set(tally.refused))
    zeros = [day for day in without if (zero or day in tally.zeros) and day not in tally.reasons]
    rows = sorted([*tally.rows, *(UnitRow(day, _nothing(told), Decimal(0)) for day in zeros)])
    absent = {day: tally.reasons.get(day, tally.absent) for day in without if day not in set(zeros)}
    totals = {**_sums(rows), **(tally.totals or {})} if told.is_sliced else {}
    told_rows = _rolled_up(rows, told) if told.names else rows
    return Count(_frame(told_rows, unit, told), absent, tally.refused, _fingerprint(told_rows, told), totals)


def over_time(count: Count, per: Per | None) -> Count:
    """What is there all day, as what adds up: each quantity over its day. The same count without `per`."""
    if per is None:
        return count
    import pandas as pd  # only where something was counted

    pairs = zip(count.units["business_date"], count.units["quantity"], strict=True)
    in_units = pd.Series([in_time(quantity, day, per) for day, quantity in pairs], dtype=object)
    before, units = _by_day(count.units), count.units.reset_index(drop=True).assign(quantity=in_units)
    totals = {
        day: after if count.totals[day] == before[day] else in_time(count.totals[day], day, per)
        for day, after in _by_day(units).items()
        if day in count.totals
    }
    return replace(count, units=units, totals=totals)


def _by_day(units: "pd.DataFrame") -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    for day, quantity in zip(units["business_date"], units["quantity"], strict=True):
        found[day] = EXACT.add(found.get(day, Decimal(0)), quantity)
    return found


def _nothing(told: Told) -> tuple[str, ...]:
    return (NO_VALUE,) * len(told.names) if told.is_sliced else (NO_SEGMENT,) * len(told.names)


def _sums(rows: Iterable[UnitRow]) -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    for row in rows:
        found[row.day] = EXACT.add(found.get(row.day, Decimal(0)), row.quantity)
    return found


def _rolled_up(rows: Sequence[UnitRow], told: Told) -> list[UnitRow]:
    """One row a day and combination: two raw values may be told the same."""
    cells: dict[tuple[date, tuple[str, ...]], Decimal] = {}
    for row in rows:
        key = row.day, row.values
        cells[key] = EXACT.add(cells.get(key, Decimal(0)), row.quantity)
    return sorted(UnitRow(*key, quantity) for key, quantity in rolled_up(cells, told.tops).items())


def _frame(rows: Sequence[UnitRow], unit: str, told: Told) -> "pd.DataFrame":
    import pandas as pd  # only where something was counted

    from unit_economics.schemas import SLICED_UNITS, UNITS, empty

    schema = SLICED_UNITS if told.is_sliced else UNITS
    if not rows:
        return empty(schema)
    records = [(row.day, *_key(row, told), row.quantity, unit) for row in rows]
    return pd.DataFrame(records, columns=pd.Index(list(schema.columns)), dtype=object)


def _key(row: UnitRow, told: Told) -> tuple[str, ...]:
    """The segment, and the dimensions where there are some."""
    return (NO_SEGMENT, told.as_json(row.values)) if told.is_sliced else (*row.values, NO_SEGMENT)[:1]


def _fingerprint(rows: Sequence[UnitRow], told: Told) -> str:
    """The same for equal rows, however the source wrote its decimals."""
    canonical = [(str(row.day), _key(row, told)[-1], f"{row.quantity.normalize():f}") for row in rows]
    return hashlib.sha256(json.dumps(canonical).encode()).hexdigest()


def _fault(quantity: Decimal | None) -> str | None:
    if quantity is None:
        return "empty"
    if not quantity.is_finite() or quantity < 0:
        return f"{quantity}"
    return f"larger than {LARGEST:.0e}" if quantity >= LARGEST else None
