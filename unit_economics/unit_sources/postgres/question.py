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


@dataclass(frozen=True)
class Question:
    """One statement and the values of its parameters."""

    text: sql.Composed
    values: Sequence[object] = ()


@dataclass(frozen=True)
class Relation:
    """A table or view, the rows of it that count, and the columns that split them."""

    name: str
    where: Mapping[str, Sequence[str | int | bool]] = field(default_factory=dict)
    splits: Sequence[str] = ()

    @property
    def identifier(self) -> sql.Identifier:
        """The quoted name."""
        return sql.Identifier(*self.name.split("."))

    @property
    def split(self) -> sql.Composed:
        """The values that split the rows, each after a comma."""
        return sql.SQL("").join(sql.SQL(", {}::text").format(sql.Identifier(column)) for column in self.splits)

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
    named = [*columns, *relation.where, *relation.splits]
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
    """Day, rows and quantity of each day, and the values that split it.

    Grouped, so that a wrong relation can't flood the memory.

    Days that no calendar holds (null, infinity, BC) are asked for too: they are refused and not overlooked.
    """
    text = sql.SQL(
        "select {day}::text, count(*), max({quantity})::numeric{split} from {relation}"
        " where ({day} >= %s and {day} < %s or {day} is null or {day} < '0001-01-01' or {day} > '9999-12-31')"
        "{conditions} group by {day}{split}"
    ).format(
        day=sql.Identifier(day),
        split=relation.split,
        quantity=sql.Identifier(quantity),
        relation=relation.identifier,
        conditions=relation.conditions,
    )
    return Question(text, [days.first, days.end, *relation.accepted])


def rows_by_day(
    relation: Relation,
    moment: str,
    kind: Kind,
    distinct: str | None,
    edges: Sequence[Moment],
    *,
    also_whole: bool = False,
) -> Question:
    """Number of the day (from 1), rows without a key, quantity, whether it is a whole day, and the splitting values.

    also_whole: ask for each day without its splits too: an order may be in two parts of a day.

    `edges` are the starts of the days and the end of the last, in the column's own kind: the bare column is compared,
    so that an index on it serves, and PostgreSQL's own time zone data is never asked.
    """
    key = sql.Identifier(distinct) if distinct else None
    text = sql.SQL(
        "select width_bucket({moment}, %s::{kind}[]), {without_key}, {counted}::numeric, {is_whole}{split}"
        " from {relation} where {moment} >= %s::{kind} and {moment} < %s::{kind}{conditions} group by {groups}"
    ).format(
        moment=sql.Identifier(moment),
        kind=sql.SQL(kind),
        split=relation.split,
        without_key=sql.SQL("count(*) - count({})").format(key) if key else sql.SQL("0"),
        counted=sql.SQL("count(distinct {})").format(key) if key else sql.SQL("count(*)"),
        relation=relation.identifier,
        conditions=relation.conditions,
        **_groups(relation, also_whole=also_whole),
    )
    return Question(text, [list(edges[:-1]), edges[0], edges[-1], *relation.accepted])


def _groups(relation: Relation, *, also_whole: bool) -> dict[str, sql.Composable]:
    """By day and splits; also by day alone where the parts need not add up to the whole."""
    if not (relation.splits and also_whole):
        return {"is_whole": sql.SQL("false"), "groups": sql.SQL("1") + relation.split}
    first = sql.SQL("{}::text").format(sql.Identifier(relation.splits[0]))
    return {
        "is_whole": sql.SQL("grouping({}) > 0").format(first),
        "groups": sql.SQL("grouping sets ((1{}), (1))").format(relation.split),
    }


def days_before_latest(relation: Relation, moment: str, kind: Kind, ends: Sequence[Moment], until: Moment) -> Question:
    """How many of these ends of days the table has grown past, by a row of any kind that is not in the future."""
    text = sql.SQL(
        "select width_bucket(max({moment}), %s::{kind}[]) from {relation}"
        " where {moment} >= %s::{kind} and {moment} <= %s::{kind}"
    ).format(moment=sql.Identifier(moment), kind=sql.SQL(kind), relation=relation.identifier)
    return Question(text, [list(ends), ends[0], until])
