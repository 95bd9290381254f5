"""What is asked of a database: SQLAlchemy's expressions, composed and never formatted.

Here: pure composition; every name is quoted by the dialect, every value is a parameter. Not here: connections
(session.py), what dialects say otherwise (ways.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CompoundSelect, TableClause

from unit_economics.business_days import DayRange
from unit_economics.unit_sources.sql.columns import Kind, Relation
from unit_economics.unit_sources.sql.ways import Moment, Term, Ways

Question = sa.Select[Any] | CompoundSelect[Any]
UNREADABLE = 0
"""The number of the day of a row whose time can't be read."""


@dataclass(frozen=True)
class Asked:
    """A relation, the rows of it that count, and the columns that split them."""

    relation: Relation
    kinds: Mapping[str, Kind]
    ways: Ways
    dialect: Dialect
    where: Mapping[str, Sequence[str | int | bool]] = field(default_factory=dict)
    splits: Sequence[str] = ()

    @property
    def table(self) -> TableClause:
        """The relation; a schema of two names is quoted name by name."""
        quote = self.dialect.identifier_preparer.quote
        schema = ".".join(quote(part) for part in self.relation.parts[:-1])
        return sa.table(self.relation.parts[-1], schema=sa.quoted_name(schema, quote=False) if schema else None)

    @property
    def conditions(self) -> list[Term]:
        """The filters."""
        return [sa.column(name).in_([sa.literal(value) for value in values]) for name, values in self.where.items()]

    @property
    def split(self) -> list[Term]:
        """The values that split the rows, as texts."""
        return [self._text(name).label(f"split_{n}") for n, name in enumerate(self.splits)]

    def _text(self, name: str) -> ColumnElement[Any]:
        column = sa.column(name)
        return column if self.kinds[name] == "text" else sa.cast(column, sa.String())

    def counted(self, name: str) -> Term:
        """The column that is counted or summed; whole numbers are known as such."""
        return sa.column(name, sa.Integer()) if self.kinds[name] == "whole" else sa.column(name)


def one_row_a_day(asked: Asked, day: str, quantity: str, days: DayRange) -> Question:
    """Day, rows, rows without a quantity, and quantity of each day, and the values that split it.

    Grouped, so that a wrong relation can't flood the memory. A row without a day is asked for too: it is refused.
    """
    column, kind = sa.column(day), asked.kinds[day]
    first, end = (asked.ways.stated(edge, "date") for edge in (days.first, days.end))
    bare = asked.ways.comparable(column, "date")
    unreadable = asked.ways.is_unreadable(column, "date")
    wanted = [sa.and_(bare >= first, bare < end), column.is_(None), *([unreadable] if unreadable is not None else [])]
    total = asked.ways.total(asked.counted(quantity))
    shown = sa.cast(column, sa.String()) if kind == "untyped" else column
    return (
        sa.select(shown.label("day"), sa.func.count().label("rows_of"), total.label("quantity"), *asked.split)
        .select_from(asked.table)
        .where(sa.or_(*wanted), *asked.conditions)
        .group_by(column, *(one.element for one in asked.split))
    )


def rows_by_day(
    asked: Asked,
    moment: str,
    kind: Kind,
    counted: tuple[str, bool] | None,
    edges: Sequence[Moment],
    *,
    also_whole: bool = False,
) -> Question:
    """Number of the day (from 1), rows with nothing to count, quantity, whether it is a whole day, the split values.

    counted: a column, and whether its values are summed, else told apart; rows are counted where there is none.
    also_whole: ask for each day without its splits too: an order may be in two parts of a day.
    """
    inner = _numbered(asked, moment, kind, counted, edges)
    number = inner.c.unit_day
    quantity = _quantity(asked, inner, counted)
    splits = [inner.c[f"split_{n}"] for n in range(len(asked.splits))]
    apart = sa.select(number, *quantity, sa.literal_column("0").label("is_whole"), *splits)
    apart = apart.select_from(inner).group_by(number, *splits)
    if not (splits and also_whole):
        return apart
    nothing = [sa.cast(sa.null(), sa.String()).label(f"split_{n}") for n in range(len(splits))]
    whole = sa.select(number, *quantity, sa.literal_column("1").label("is_whole"), *nothing)
    return sa.union_all(apart, whole.select_from(inner).group_by(number))


def _numbered(
    asked: Asked, moment: str, kind: Kind, counted: tuple[str, bool] | None, edges: Sequence[Moment]
) -> sa.Subquery:
    """The rows of the days, each with the number of its day: a select of its own, so that it can be grouped by."""
    stated = [asked.ways.stated(edge, kind) for edge in edges]
    bare = asked.ways.comparable(sa.column(moment), kind)
    unreadable = asked.ways.is_unreadable(sa.column(moment), kind)
    within = sa.and_(bare >= stated[0], bare < stated[-1])
    arms = [(bare < end, sa.literal_column(str(n))) for n, end in enumerate(stated[1:], 1)]
    if unreadable is not None:
        within = sa.or_(unreadable, within)
        arms = [(unreadable, sa.literal_column(str(UNREADABLE))), *arms]
    key = [asked.counted(counted[0]).label("unit_key")] if counted else []
    selected = sa.select(sa.case(*arms).label("unit_day"), *key, *asked.split)
    return selected.select_from(asked.table).where(within, *asked.conditions).subquery("numbered")


def _quantity(asked: Asked, inner: sa.Subquery, counted: tuple[str, bool] | None) -> list[Term]:
    if counted is None:
        return [sa.literal_column("0").label("uncounted"), sa.func.count().label("quantity")]
    column, is_summed = counted
    key = inner.c.unit_key
    apart = asked.ways.key(key, asked.kinds[column])
    found = asked.ways.total(key) if is_summed else sa.func.count(sa.distinct(apart))
    return [(sa.func.count() - sa.func.count(key)).label("uncounted"), found.label("quantity")]


def days_before_latest(asked: Asked, moment: str, kind: Kind, ends: Sequence[Moment], until: Moment) -> Question:
    """How many of these ends of days the table has grown past, by a row of any kind that is not in the future."""
    bare = asked.ways.comparable(sa.column(moment), kind)
    stated = [asked.ways.stated(end, kind) for end in ends]
    latest = (
        sa.select(sa.func.max(bare).label("latest"))
        .select_from(asked.table)
        .where(bare >= stated[0], bare <= asked.ways.stated(until, kind))
        .subquery("grown")
    )
    arms = [(latest.c.latest >= end, sa.literal_column(str(n))) for n, end in reversed(list(enumerate(stated, 1)))]
    return sa.select(sa.case(*arms, else_=sa.literal_column("0"))).select_from(latest)
