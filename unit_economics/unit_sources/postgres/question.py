"""What is asked of an orders database: SQL text and its parameters, composed and never formatted.

Here: pure composition; every identifier is quoted, every value is a parameter. Not here: connections and answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from psycopg import sql

from unit_economics.business_days import DayRange

Moment = date | datetime
Kind = Literal["timestamptz", "timestamp", "date"]
"""What a column that says when something happened can be."""

NO_SEGMENT = "all"
EMPTY_SEGMENT = "(none)"


@dataclass(frozen=True)
class Question:
    """One statement and the values of its parameters."""

    text: sql.Composed
    values: Sequence[object] = ()


@dataclass(frozen=True)
class Relation:
    """A table or view, the rows of it that count, and the column that splits them."""

    name: str
    where: Mapping[str, Sequence[str | int | bool]] = field(default_factory=dict)
    segment: str | None = None

    @property
    def identifier(self) -> sql.Identifier:
        """The quoted name."""
        return sql.Identifier(*self.name.split("."))

    @property
    def split(self) -> sql.Composable:
        """The segment of a row; a row without one has its own, so that none is lost."""
        if self.segment is None:
            return sql.Literal(NO_SEGMENT)
        return sql.SQL("coalesce({}::text, {})").format(sql.Identifier(self.segment), sql.Literal(EMPTY_SEGMENT))

    @property
    def conditions(self) -> sql.Composed:
        """The filters, as `and ...`: scalars and not an array, so that enum and uuid columns compare too."""
        return sql.SQL("").join(
            sql.SQL(" and {} in ({})").format(
                sql.Identifier(name), sql.SQL(", ").join([sql.Placeholder()] * len(values))
            )
            for name, values in self.where.items()
        )

    @property
    def accepted(self) -> list[object]:
        """The parameters of `conditions`, in its order."""
        return [value for accepted in self.where.values() for value in accepted]


def shape(relation: Relation, columns: Sequence[str]) -> Question:
    """No rows, but the types of these columns and of those that the filters name.

    Qualified, because a bare name that is no column, but the relation's own, would mean the whole row.
    """
    named = [*columns, *relation.where, *([relation.segment] if relation.segment else [])]
    listed = sql.SQL(", ").join(sql.Identifier("asked", name) for name in named)
    return Question(sql.SQL("select {} from {} as asked limit 0").format(listed, relation.identifier))


def column_names(relation: Relation) -> Question:
    """The columns that there are, for whoever named one that there isn't."""
    text = sql.SQL(
        "select attname::text from pg_attribute where attrelid = to_regclass({}) and attnum > 0 and not attisdropped"
        " order by attnum"
    )
    return Question(text.format(sql.Literal(relation.identifier.as_string())))


def one_row_a_day(relation: Relation, day: str, quantity: str, days: DayRange) -> Question:
    """Day, segment, rows and quantity of each day; grouped, so that a wrong relation can't flood the memory.

    Days that no calendar holds (null, infinity, BC) are asked for too: they are refused and not overlooked.
    """
    text = sql.SQL(
        "select {day}::text, {split}, count(*), max({quantity})::numeric from {relation}"
        " where ({day} >= %s and {day} < %s or {day} is null or {day} < '0001-01-01' or {day} > '9999-12-31')"
        "{conditions} group by {day}, 2"
    ).format(
        day=sql.Identifier(day),
        split=relation.split,
        quantity=sql.Identifier(quantity),
        relation=relation.identifier,
        conditions=relation.conditions,
    )
    return Question(text, [days.first, days.end, *relation.accepted])


def rows_by_day(relation: Relation, moment: str, kind: Kind, distinct: str | None, edges: Sequence[Moment]) -> Question:
    """Number of the day (from 1), segment, rows without a key and quantity.

    `edges` are the starts of the days and the end of the last, in the column's own kind: the bare column is compared,
    so that an index on it serves, and PostgreSQL's own time zone data is never asked.
    """
    key = sql.Identifier(distinct) if distinct else None
    text = sql.SQL(
        "select width_bucket({moment}, %s::{kind}[]), {split}, {without_key}, {counted}::numeric from {relation}"
        " where {moment} >= %s::{kind} and {moment} < %s::{kind}{conditions} group by 1, 2"
    ).format(
        moment=sql.Identifier(moment),
        kind=sql.SQL(kind),
        split=relation.split,
        without_key=sql.SQL("count(*) - count({})").format(key) if key else sql.SQL("0"),
        counted=sql.SQL("count(distinct {})").format(key) if key else sql.SQL("count(*)"),
        relation=relation.identifier,
        conditions=relation.conditions,
    )
    return Question(text, [list(edges[:-1]), edges[0], edges[-1], *relation.accepted])


def days_before_latest(relation: Relation, moment: str, kind: Kind, ends: Sequence[Moment], until: Moment) -> Question:
    """How many of these ends of days the table has grown past, by a row of any kind that is not in the future."""
    text = sql.SQL(
        "select width_bucket(max({moment}), %s::{kind}[]) from {relation}"
        " where {moment} >= %s::{kind} and {moment} <= %s::{kind}"
    ).format(moment=sql.Identifier(moment), kind=sql.SQL(kind), relation=relation.identifier)
    return Question(text, [list(ends), ends[0], until])
