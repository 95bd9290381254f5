"""Counting in a database from end to end: what the columns are, what is asked, and the answer as a `Count`.

Here: the order of the steps. Not here: any of the steps (their own modules), the settings (the entry in __init__.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.counting import Answer, Judge, Tally, count_of, judged
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.events import TO_COUNT_ROWS, TO_SUM, Group, counted, day_edges
from unit_economics.unit_sources.sql import SqlUnits
from unit_economics.unit_sources.sql.address import address_of
from unit_economics.unit_sources.sql.columns import Columns, Kind, Relation, columns_of
from unit_economics.unit_sources.sql.failures import Place
from unit_economics.unit_sources.sql.question import UNREADABLE, Asked, days_before_latest, one_row_a_day, rows_by_day
from unit_economics.unit_sources.sql.session import Session, ask
from unit_economics.unit_sources.sql.sqlite import decimal_of
from unit_economics.unit_sources.sql.ways import Ways, ways_of
from unit_economics.unit_sources.table_entry import Value

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def count(entry: SqlUnits, days: DayRange, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
    """The units of these days."""
    now, told = outside.now(), entry.told(outside)

    def conversation(session: Session, ways: Ways) -> Tally:
        reading = Reading(entry, session, ways, told, calendar)
        return reading.days(days) if entry.timestamp is None else reading.events(entry.timestamp, days, now)

    tally = _asked(entry, outside, conversation)
    return count_of(tally, days, unit=unit, zero=entry.absent_day == "zero", told=told)


def count_over(entry: SqlUnits, days: DayRange, calendar: BusinessCalendar, outside: Outside) -> Decimal:
    """How many different keys there are in these days together."""

    def conversation(session: Session, ways: Ways) -> Decimal:
        return Reading(entry, session, ways, entry.told(outside), calendar).over(days)

    return _asked(entry, outside, conversation)


def _asked(entry: SqlUnits, outside: Outside, conversation: Any) -> Any:  # noqa: ANN401  # what the conversation answers
    address = address_of(entry.url, outside)
    ways = ways_of(address.database, entry.local_zone)
    is_private = any(one.pseudonym for one in entry.split_by.values())
    place = Place(_where(entry), is_private)
    return ask(address, ways, place, entry.statement_timeout, lambda session: conversation(session, ways))


def _where(entry: SqlUnits) -> str:
    return f"{entry.relation} in {entry.url}"


@dataclass(frozen=True)
class Reading:
    """One reading of one relation."""

    entry: SqlUnits
    session: Session
    ways: Ways
    told: Told
    calendar: BusinessCalendar

    @property
    def where(self) -> str:
        """The source, for people."""
        return _where(self.entry)

    def days(self, days: DayRange) -> Tally:
        """What a relation with one row a day states."""
        day, quantity = str(self.entry.day), str(self.entry.quantity)
        columns = self._columns([day, quantity])
        if columns.kinds[day] not in {"date", "untyped"}:
            raise columns.refuse_type(day, "a date", f"Name it as `timestamp: {day}`, or make it a date in the view")
        self._refuse_inexact(columns, quantity)
        found = self.session.rows(one_row_a_day(self._asked(columns), day, quantity, days))
        judge = Judge(self.where, day, quantity, self.told)
        answers = [Answer(_day(said), rows, self._exact(number), raw) for said, rows, number, *raw in found]
        return Tally(*judged(answers, judge.row), absent=f"{self.entry.relation} has no row for this day")

    def events(self, moment: str, days: DayRange, now: datetime) -> Tally:
        """What a relation with one row an event holds."""
        asked, kind = self._events_of(moment)
        edges = [self.ways.edge(start, kind, self.calendar) for start in day_edges(days, self.calendar)]
        apart = self.told.is_sliced and self.entry.count_distinct is not None
        counting = self._counting
        found = self.session.rows(rows_by_day(asked, moment, kind, counting, edges, also_whole=apart))
        judge = Judge(self.where, moment, self.entry.counted_column or "", self.told, "Correct the rows")
        events = counted(self._groups(found, moment), days, judge, TO_SUM if self.entry.quantity else TO_COUNT_ROWS)
        filled = {row.day for row in events.rows} | set(events.refused)
        empty = [(day, edge) for day, edge in zip(days, edges[1:], strict=True) if day not in filled]
        past = 0
        if empty:
            until = self.ways.edge(now, kind, self.calendar)
            [[past]] = self.session.rows(days_before_latest(asked, moment, kind, [edge for _, edge in empty], until))
        zeros = frozenset(day for day, _ in empty[:past])
        absent = f"{self.entry.relation} holds no row of this day, and none after it either"
        return Tally(events.rows, events.refused, absent, zeros, events.totals if apart else None)

    def over(self, days: DayRange) -> Decimal:
        """How many different keys there are between the ends of these days."""
        moment = str(self.entry.timestamp)
        asked, kind = self._events_of(moment, splits=())
        edges = [self.ways.edge(end, kind, self.calendar) for end in self.calendar.window(days)]
        groups = self._groups(self.session.rows(rows_by_day(asked, moment, kind, self._counting, edges)), moment)
        if groups and groups[0].uncounted:
            what = f"column {self.entry.count_distinct} is empty in {groups[0].uncounted} rows of {days}"
            raise Refusal(f"{what}, so they can't be counted", where=self.where, remedy=TO_COUNT_ROWS)
        return (groups[0].quantity or Decimal(0)) if groups else Decimal(0)

    @property
    def _counting(self) -> tuple[str, bool] | None:
        column = self.entry.counted_column
        return (column, self.entry.quantity is not None) if column else None

    def _events_of(self, moment: str, splits: Sequence[str] | None = None) -> tuple[Asked, Kind]:
        column = self.entry.counted_column
        columns = self._columns([moment, *([column] if column else [])])
        if self.entry.quantity:
            self._refuse_inexact(columns, self.entry.quantity)
        return self._asked(columns, splits), self._kind(columns, moment)

    def _columns(self, wanted: Sequence[str]) -> Columns:
        columns = columns_of(self.session.connection, Relation(self.entry.relation), self.where)
        columns.refuse_unknown([*wanted, *self.entry.accepted, *self.entry.splits])
        for name, values in self.entry.accepted.items():
            if any(not _can_equal(value, columns.kinds[name]) for value in values):
                raise columns.refuse_type(name, "what `where` names", "Write a value of the column's own type")
        return columns

    def _asked(self, columns: Columns, splits: Sequence[str] | None = None) -> Asked:
        by = self.entry.splits if splits is None else splits
        dialect = self.session.connection.dialect
        return Asked(Relation(self.entry.relation), columns.kinds, self.ways, dialect, self.entry.accepted, by)

    def _kind(self, columns: Columns, moment: str) -> Kind:
        kind = columns.kinds[moment]
        if kind == "untyped":
            return "clock" if self.entry.local_zone else "moment"
        if kind not in {"moment", "clock", "date"}:
            remedy = "Name the column that says when it happened"
            raise columns.refuse_type(moment, "a timestamp or a date", remedy)
        if kind == "clock" and self.entry.local_zone is None:
            remedy = "Add `local_zone` with the zone of that wall clock, like Europe/Berlin"
            raise columns.refuse_type(moment, "a moment: it has no time zone", remedy)
        if kind != "clock" and self.entry.local_zone is not None:
            raise columns.refuse_type(moment, "a wall clock, so `local_zone` has no meaning", "Remove `local_zone`")
        return kind

    def _refuse_inexact(self, columns: Columns, quantity: str) -> None:
        if columns.kinds[quantity] not in {"whole", "exact", "untyped"}:
            raise columns.refuse_type(quantity, "a whole number or a decimal", "Cast it in the view")

    def _groups(self, found: Sequence[tuple[Any, ...]], moment: str) -> list[Group]:
        if any(number == UNREADABLE for number, *_ in found):
            meant = (
                "a time without a zone" if self.entry.local_zone else "a time with a zone, like 2026-03-01T10:00:00Z"
            )
            remedy = "Correct it" if self.entry.local_zone else "Add `local_zone`, or store the zone with the time"
            raise Refusal(f"column {moment} is not {meant} in some row", where=self.where, remedy=remedy)
        return [
            Group(number, uncounted, self._exact(quantity), bool(is_whole), raw)
            for number, uncounted, quantity, is_whole, *raw in found
        ]

    def _exact(self, quantity: object) -> Decimal | None:
        number = None if isinstance(quantity, float) else decimal_of(quantity)
        if quantity is not None and number is None:
            what = quantity if isinstance(quantity, str) else f"a {type(quantity).__name__} is no exact number"
            raise UsageRefusal(
                f"column {self.entry.counted_column}: {what}",
                where=self.where,
                remedy="Store whole numbers or decimals",
            )
        return number


def _day(said: object) -> str | None:
    """A day as a text; what only looks like one stays as it is and is refused."""
    if said is None:
        return None
    text = str(said)
    return text if isinstance(said, date) or _DAY.fullmatch(text) else f"{text!r}"


def _can_equal(value: Value, kind: Kind) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    return not isinstance(value, str) if kind in {"whole", "exact", "float"} else True
