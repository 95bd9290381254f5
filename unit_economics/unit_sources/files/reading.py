"""Counting files from end to end: which there are, one scan of them, and the answer as a `Count`.

Here: the order of the steps. Not here: any of the steps (their own modules), the settings (the entry in __init__.py).
"""

from dataclasses import dataclass
from decimal import Decimal

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.object_storage import storage_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics.unit_sources.counting import Answer, Judge, Tally, count_of, judged, numbered_day
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.events import TO_COUNT_ROWS, TO_SUM, Group, counted
from unit_economics.unit_sources.files import FileUnits
from unit_economics.unit_sources.files.feed import Feed
from unit_economics.unit_sources.files.parts import looked_at, parts_of, refuse_changed
from unit_economics.unit_sources.files.question import Asked, edges_of
from unit_economics.unit_sources.files.scan import Found, scanned

_UTC_BY_FOCUS = {"ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "BillingPeriodEnd"}
"""FOCUS says that these are in UTC, and its files often leave it out."""


def count(entry: FileUnits, days: DayRange, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
    """The units of these days."""
    told = entry.told(outside)
    reading = Reading(entry, days, calendar, outside, told)
    tally = reading.days_of() if entry.timestamp is None else reading.events()
    return count_of(tally, days, unit=unit, zero=entry.absent_day == "zero", told=told)


def count_over(entry: FileUnits, days: DayRange, calendar: BusinessCalendar, outside: Outside) -> Decimal:
    """How many different keys there are in these days together."""
    found, _ = Reading(entry, days, calendar, outside, entry.told(outside)).scan(as_one=True)
    if found and found[0].uncounted:
        what = (
            f"column {entry.count_distinct} is empty in {found[0].uncounted} rows of {days}, so they can't be counted"
        )
        raise Refusal(what, where=entry.path, remedy=TO_COUNT_ROWS)
    return (found[0].quantity or Decimal(0)) if found else Decimal(0)


@dataclass(frozen=True)
class Reading:
    """One reading of the files of an entry."""

    entry: FileUnits
    days: DayRange
    calendar: BusinessCalendar
    outside: Outside
    told: Told

    def days_of(self) -> Tally:
        """What files with one row a day state."""
        found, _ = self.scan()
        answers = [Answer(str(numbered_day(self.days, one.number)), one.rows, one.quantity, one.raw) for one in found]
        judge = Judge(self.entry.path, str(self.entry.day), str(self.entry.quantity), self.told, "Correct the files")
        return Tally(*judged(answers, judge.row), absent=f"{self.entry.path} has no row for this day")

    def events(self) -> Tally:
        """What files with one row an event hold."""
        entry = self.entry
        found, latest = self.scan()
        groups = [Group(one.number, one.uncounted, one.quantity, one.is_whole, one.raw) for one in found]
        judge = Judge(entry.path, str(entry.timestamp), entry.counted_column or "", self.told, "Correct the rows")
        events = counted(groups, self.days, judge, TO_SUM if entry.quantity else TO_COUNT_ROWS)
        filled = {row.day for row in events.rows} | set(events.refused)
        past = [numbered_day(self.days, number) for number in range(1, min(latest, len(self.days) + 1))]
        absent = f"{entry.path} holds no row of this day, and none after it either"
        totals = events.totals if self._is_apart else None
        return Tally(events.rows, events.refused, absent, frozenset(past) - filled, totals)

    def scan(self, *, as_one: bool = False) -> tuple[list[Found], int]:
        """One scan of all files, which must not change under it."""
        storage = storage_of(self.entry.path, self.outside)
        before = looked_at(storage)
        columns = self._columns
        asked = self._asked(columns, as_one=as_one)
        number = asked.counted if asked.is_summed else None
        feed = Feed(storage, parts_of(storage), columns, self.entry.null_words, number, self.entry.reading_timeout)
        try:
            answer = scanned(feed, asked)
        except Refusal:
            refuse_changed(storage, before)
            raise
        refuse_changed(storage, before)
        return answer

    @property
    def _is_apart(self) -> bool:
        return self.told.is_sliced and self.entry.count_distinct is not None

    @property
    def _columns(self) -> list[str]:
        """The columns that are needed, the day or the timestamp first."""
        entry = self.entry
        counting = [entry.counted_column] if entry.counted_column else []
        return list(dict.fromkeys([entry.timestamp or str(entry.day), *counting, *entry.accepted, *entry.splits]))

    def _asked(self, columns: list[str], *, as_one: bool) -> Asked:
        entry = self.entry
        return Asked(
            days=self.days,
            calendar=self.calendar,
            now=self.outside.now(),
            is_daily=entry.timestamp is None,
            is_summed=entry.quantity is not None,
            counted=columns.index(entry.counted_column) if entry.counted_column else None,
            accepted=[(columns.index(name), values) for name, values in entry.accepted.items()],
            splits=() if as_one else [columns.index(name) for name in entry.splits],
            local_zone=entry.local_zone or ("UTC" if entry.timestamp in _UTC_BY_FOCUS else None),
            also_whole=self._is_apart and not as_one,
            edges=edges_of(self.days, self.calendar, as_one=as_one),
        )
