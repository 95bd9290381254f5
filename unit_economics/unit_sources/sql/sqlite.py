"""SQLite's own ways: no types, so that every value is looked at; times that are texts; sums that would be floats.

Here: what is different in SQLite. Not here: the other databases (ways.py).

A number that SQLite holds as a float counts as its shortest decimal says: 1.1 is 1.1. Sums are made of decimals.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from unit_economics.business_days import BusinessCalendar
from unit_economics.exact import EXACT
from unit_economics.unit_sources.sql.columns import Kind
from unit_economics.unit_sources.sql.ways import Moment, Term, Ways

NO_NUMBER = "no exact number"
_NUMBER = re.compile(r"[+-]?[0-9]{1,60}(\.[0-9]{1,60})?")
_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_SECONDS_END = len("2026-03-01T10:00:00")
_ZONES = ("*Z", "*[+-][0-9][0-9]:[0-9][0-9]")


class SQLiteWays(Ways):
    """Times are texts that SQLite can read, each with a zone, or none of them with one where `local_zone` is given."""

    def comparable(self, column: Term, kind: Kind) -> Term:
        """The time in one spelling, to the second, towards the past; null where the row states none."""
        is_text = sa.func.typeof(column) == "text"
        if kind == "date":
            return sa.case((sa.and_(is_text, column.op("glob")(_DATE)), column))
        has_zone = sa.or_(*(column.op("glob")(zone) for zone in _ZONES))
        is_meant = [is_text, column.op("glob")(f"{_DATE}*"), sa.not_(has_zone) if self.local_zone else has_zone]
        return sa.case((sa.and_(*is_meant), sa.func.strftime("%Y-%m-%d %H:%M:%f", _whole_seconds(column))))

    def is_unreadable(self, column: Term, kind: Kind) -> Term | None:
        """A value that is no time of this kind."""
        return sa.and_(column.is_not(None), self.comparable(column, kind).is_(None))

    def edge(self, moment: datetime, kind: Kind, calendar: BusinessCalendar) -> Moment:
        """In the spelling of `comparable`."""
        found = super().edge(moment, kind, calendar)
        return found.strftime("%Y-%m-%d %H:%M:%S.000") if isinstance(found, datetime) else str(found)

    def stated(self, edge: Moment, kind: Kind) -> Term:
        """A text."""
        del kind
        return sa.literal(str(edge), sa.String())

    def total(self, column: Term) -> Term:
        """An exact sum, made here: SQLite would add floats."""
        return sa.func.exact_sum(column)

    def key(self, column: Term, kind: Kind) -> Term:
        """Without the column's own collation: NOCASE takes `a1` and `A1` for one key."""
        del kind
        return column.collate("BINARY")

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """It only reads, and what it reads is of one moment; it is interrupted when it takes too long."""
        del timeout
        return ["pragma query_only = on", "begin"]


def _whole_seconds(column: Term) -> Term:
    """The time without its fraction: SQLite rounds to milliseconds, and the last moment of a day into the next day."""
    rest = sa.func.ltrim(sa.func.substr(column, _SECONDS_END + 1), ".0123456789")
    has_fraction = sa.func.substr(column, _SECONDS_END + 1, 1) == "."
    return sa.case((has_fraction, sa.func.substr(column, 1, _SECONDS_END).concat(rest)), else_=column)


class ExactSum:
    """The aggregate `exact_sum`: the sum as a decimal's text, or what is no number in it."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None
        self._fault: str | None = None

    def step(self, value: object) -> None:
        """One more value; an empty one is counted elsewhere."""
        if value is None:
            return
        number = decimal_of(value)
        if number is None:
            self._fault = f"{str(value)[:60]!r} is {NO_NUMBER}"
        else:
            self._sum = EXACT.add(self._sum or Decimal(0), number)

    def finalize(self) -> str | None:
        """The sum; None where there was no value."""
        return self._fault or (None if self._sum is None else f"{self._sum:f}")


def decimal_of(value: object) -> Decimal | None:
    """The exact number that is meant; None where there is none. A float is its shortest decimal."""
    if isinstance(value, float):
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def prepare(connection: Any) -> None:  # noqa: ANN401  # SQLAlchemy hands over the driver's own connection
    """Make `exact_sum` known to a new connection."""
    connection.create_aggregate("exact_sum", 1, ExactSum)
