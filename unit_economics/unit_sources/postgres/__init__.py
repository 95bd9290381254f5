"""Units counted by a PostgreSQL database: a view with one row a day, or a table with one row an order.

Here: the entry of the catalogue and how its answer becomes a `Count`. Not here: SQL (question.py), the
connection and its failures (session.py), the judgement of each row (counting.py).
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, cast
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.database_url import server_of
from unit_economics.entries.adapters import Count, UnitSource
from unit_economics.entries.entry import Variable
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.counting import Answer, Judge, Tally, count_of, judged
from unit_economics.unit_sources.dimensions import BY_SEGMENT, Told
from unit_economics.unit_sources.events import TO_COUNT_ROWS, Group, counted, day_edges
from unit_economics.unit_sources.postgres.question import (
    Kind,
    Moment,
    Relation,
    days_before_latest,
    one_row_a_day,
    rows_by_day,
)
from unit_economics.unit_sources.postgres.session import Session, ask

_NAME = r"[A-Za-z_][A-Za-z0-9_$]{0,62}"
ColumnName = Annotated[str, Field(pattern=rf"^{_NAME}$")]
RelationName = Annotated[str, Field(pattern=rf"^({_NAME}\.)?{_NAME}$", description="schema.name, or name")]
Value = str | int | bool


class PostgresUnits(UnitSource):
    """Either `day` and `quantity` of a view with one row a day, or the `timestamp` of a table with a row an order.

    A row without a timestamp has not happened and is not counted. An order of two segments or of two days counts in
    both. A wall-clock time that the clocks show twice can't be told apart and counts as one of them.
    """

    kind: Literal["postgres"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    dsn: Variable
    relation: RelationName
    day: ColumnName | None = None
    quantity: ColumnName | None = None
    timestamp: ColumnName | None = None
    count_distinct: ColumnName | None = Field(None, description="Count different values of it; rows where left out")
    local_zone: str | None = Field(None, description="Where the wall clock hangs, for a timestamp without time zone")
    where: dict[ColumnName, Value | Annotated[list[Value], Field(min_length=1, max_length=1000)]] = Field(
        {}, description="Which rows count; a list means one of"
    )
    segment: ColumnName | None = None
    absent_day: Literal["missing", "zero"] = Field("missing", description="What a day without any row means")
    statement_timeout: timedelta = Field(timedelta(seconds=60), gt=timedelta(), le=timedelta(hours=1))

    @field_validator("local_zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError(f"{zone!r} is no IANA time zone; write one like Europe/Berlin")
        return zone

    @model_validator(mode="after")
    def _one_of(self) -> "PostgresUnits":
        by_day = self.day is not None and self.quantity is not None
        any_by_day = self.day is not None or self.quantity is not None
        by_time = self.timestamp is not None
        if by_time == any_by_day or any_by_day != by_day:
            raise ValueError("give either `day` and `quantity`, or `timestamp`")
        if not by_time and (self.count_distinct or self.local_zone):
            raise ValueError("`count_distinct` and `local_zone` belong to `timestamp`")
        if self.segment and self.dimensions:
            raise ValueError("give either `segment` or `dimensions`")
        return self

    @property
    def has_segments(self) -> bool:
        """Whether a column splits the units."""
        return self.segment is not None

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days, in one snapshot of the database."""
        server = server_of(outside.secret(self.dsn), self.dsn)
        now, told = outside.now(), self._told(outside)

        def conversation(session: Session) -> Tally:
            if self.timestamp is None:
                return self._read_days(session, days, told)
            return self._count_rows(session, days, calendar, now, told)

        is_private = any(one.pseudonym for one in self.split_by.values())
        tally = ask(server, self._where, self.statement_timeout, conversation, is_private=is_private)
        return count_of(tally, days, unit=unit, zero=self.absent_day == "zero", told=told)

    def count_over(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Decimal:
        """How many different keys there are in all these days together."""
        if self.timestamp is None or self.count_distinct is None:
            return super().count_over(days, calendar=calendar, outside=outside)
        moment, key, server = self.timestamp, self.count_distinct, server_of(outside.secret(self.dsn), self.dsn)

        def conversation(session: Session) -> Decimal:
            kind = self._kind(moment, session.types(self._relation, [moment, key], self._where)[moment])
            edges = [self._edge(end, kind, calendar) for end in calendar.window(days)]
            whole = Relation(self.relation, self._relation.where)
            rows = session.rows(rows_by_day(whole, moment, kind, key, edges))
            if rows and rows[0][1]:
                what = f"column {key} is empty in {rows[0][1]} rows of {days}, so they can't be counted"
                raise Refusal(what, where=self._where, remedy=TO_COUNT_ROWS)
            return cast("Decimal", rows[0][2]) if rows else Decimal(0)

        return ask(server, self._where, self.statement_timeout, conversation)

    @property
    def _where(self) -> str:
        return f"{self.relation} in {self.dsn}"

    @property
    def _relation(self) -> Relation:
        wanted = {name: value if isinstance(value, list) else [value] for name, value in self.where.items()}
        columns = [one.column for _, one in sorted(self.split_by.items())]
        return Relation(self.relation, wanted, [self.segment] if self.segment else columns)

    def _told(self, outside: Outside) -> Told:
        return BY_SEGMENT if self.segment else Told.by(self.split_by, outside)

    def _read_days(self, session: Session, days: DayRange, told: Told) -> Tally:
        day, quantity = cast("str", self.day), cast("str", self.quantity)
        types = session.types(self._relation, [day, quantity], self._where)
        if types[day] != "date":
            self._refuse_type(
                day, types[day], "a date", f"Name it as `timestamp: {day}`, or make it a date in the view"
            )
        if types[quantity] not in {"int2", "int4", "int8", "numeric"}:
            self._refuse_type(quantity, types[quantity], "integer or numeric", "Cast it in the view")
        found = session.rows(one_row_a_day(self._relation, day, quantity, days))
        answers = [Answer(*cast("tuple[str | None, int, Decimal | None]", row[:3]), row[3:]) for row in found]
        judge = Judge(self._where, day, quantity, told)
        return Tally(*judged(answers, judge.row), absent=f"{self.relation} has no row for this day")

    def _count_rows(
        self, session: Session, days: DayRange, calendar: BusinessCalendar, now: datetime, told: Told
    ) -> Tally:
        moment, key = cast("str", self.timestamp), self.count_distinct
        types = session.types(self._relation, [moment, *([key] if key else [])], self._where)
        kind = self._kind(moment, types[moment])
        edges = [self._edge(start, kind, calendar) for start in day_edges(days, calendar)]
        apart = told.is_sliced and key is not None
        found = session.rows(rows_by_day(self._relation, moment, kind, key, edges, also_whole=apart))
        groups = [Group(*row[:4], raw=row[4:]) for row in cast("list[tuple[int, int, Decimal, bool]]", found)]
        events = counted(groups, days, Judge(self._where, moment, key or "", told), TO_COUNT_ROWS)
        filled = {row.day for row in events.rows} | set(events.refused)
        empty = [(day, edge) for day, edge in zip(days, edges[1:], strict=True) if day not in filled]
        past = 0
        if empty:
            ends, until = [edge for _, edge in empty], self._edge(now, kind, calendar)
            [[grown_past]] = session.rows(days_before_latest(self._relation, moment, kind, ends, until))
            past = cast("int | None", grown_past) or 0
        zeros = frozenset(day for day, _ in empty[:past])
        absent = f"{self.relation} holds no row of this day, and none after it either"
        return Tally(events.rows, events.refused, absent, zeros, events.totals if apart else None)

    def _kind(self, column: str, found: str) -> Kind:
        if found not in {"timestamptz", "timestamp", "date"}:
            self._refuse_type(column, found, "a timestamp or a date", "Name the column that says when it happened")
        if found == "timestamp" and self.local_zone is None:
            remedy = "Add `local_zone` with the zone of that wall clock, like Europe/Berlin"
            self._refuse_type(column, found, "a moment: it has no time zone", remedy)
        if found != "timestamp" and self.local_zone is not None:
            self._refuse_type(column, found, "a wall clock, so `local_zone` has no meaning", "Remove `local_zone`")
        return cast("Kind", found)

    def _edge(self, moment: datetime, kind: Kind, calendar: BusinessCalendar) -> Moment:
        """A moment as the column would hold it, so that the bare column can be compared with it."""
        if kind == "date":
            return moment.astimezone(calendar.timezone).date()
        if kind == "timestamp":
            return moment.astimezone(ZoneInfo(self.local_zone or "UTC")).replace(tzinfo=None)
        return moment.astimezone(UTC)

    def _refuse_type(self, column: str, found: str, wanted: str, remedy: str) -> None:
        raise UsageRefusal(f"column {column} is {found} and not {wanted}", where=self._where, remedy=remedy)
