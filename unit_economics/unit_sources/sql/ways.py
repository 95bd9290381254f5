"""How a dialect says what others say otherwise: a comparable time, an exact sum, a key, a limit of time.

Here: the differences between databases, each with its reason. Not here: what is asked (question.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from unit_economics.business_days import BusinessCalendar
from unit_economics.unit_sources.sql.columns import Kind

Moment = date | datetime | str
Term = ColumnElement[Any]


@dataclass(frozen=True)
class Ways:
    """The ways of a database that knows types, and the base of all others."""

    local_zone: str | None = None

    def comparable(self, column: Term, kind: Kind) -> Term:
        """The column as it is compared with the edges: bare, so that an index or a partition serves."""
        del kind
        return column

    def is_unreadable(self, column: Term, kind: Kind) -> Term | None:
        """Whether a row states something that is no time; None where the type rules it out."""
        del column, kind
        return None

    def edge(self, moment: datetime, kind: Kind, calendar: BusinessCalendar) -> Moment:
        """A moment as the column would hold it."""
        if kind == "date":
            return moment.astimezone(calendar.timezone).date()
        if kind == "clock":
            return moment.astimezone(ZoneInfo(self.local_zone or "UTC")).replace(tzinfo=None)
        return moment.astimezone(UTC)

    def stated(self, edge: Moment, kind: Kind) -> Term:
        """An edge as a parameter."""
        types = {"date": sa.Date(), "clock": sa.DateTime(), "moment": sa.TIMESTAMP(timezone=True)}
        return sa.literal(edge, types.get(kind, sa.String()))

    def total(self, column: Term) -> Term:
        """The exact sum of a column of whole numbers or decimals."""
        return sa.func.sum(column)

    def key(self, column: Term, kind: Kind) -> Term:
        """A column whose values are told apart by their every letter."""
        del kind
        return column

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """What is said to a new session: only read, in UTC, and no longer than this for a statement."""
        del timeout
        return []


class MySQLWays(Ways):
    """MySQL and MariaDB: a TIMESTAMP is said in the session's zone, and texts are equal that only look alike."""

    def edge(self, moment: datetime, kind: Kind, calendar: BusinessCalendar) -> Moment:
        """In UTC, as the session is; the driver would leave a zone out without a word."""
        found = super().edge(moment, kind, calendar)
        return found.replace(tzinfo=None) if isinstance(found, datetime) else found

    def stated(self, edge: Moment, kind: Kind) -> Term:
        """An edge as a parameter."""
        return super().stated(edge, "clock" if kind == "moment" else kind)

    def key(self, column: Term, kind: Kind) -> Term:
        """By its bytes: a collation takes `a1` and `A1` for one key."""
        return sa.cast(column, sa.BINARY()) if kind == "text" else column

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """MySQL's own limit is a SELECT's; MariaDB calls it otherwise, so the session is cut there."""
        limit = f"set session max_execution_time = {_milliseconds(timeout)}"
        return ["set time_zone = '+00:00'", "set session transaction read only", limit]


class MariaDBWays(MySQLWays):
    """MariaDB, where its limit is in seconds."""

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """The same in MariaDB's words."""
        limit = f"set session max_statement_time = {timeout.total_seconds():g}"
        return [*super().settings(timeout)[:-1], limit]


class PostgresWays(Ways):
    """What speaks PostgreSQL's protocol: Redshift too."""

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """Redshift knows these three."""
        return [
            "set transaction read only",
            "set timezone = 'UTC'",
            f"set statement_timeout = {_milliseconds(timeout)}",
        ]


class RedshiftWays(PostgresWays):
    """Redshift: a session can't be made to only read."""

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """All but that."""
        return super().settings(timeout)[1:]


class SnowflakeWays(Ways):
    """Snowflake."""

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """Its limit is in whole seconds."""
        seconds = max(1, round(timeout.total_seconds()))
        return ["alter session set timezone = 'UTC'", f"alter session set statement_timeout_in_seconds = {seconds}"]


class DatabricksWays(Ways):
    """Databricks: 255 parameters at most, and a sum of BIGINT that may wrap around."""

    def stated(self, edge: Moment, kind: Kind) -> Term:
        """An edge as a literal that SQLAlchemy writes: a year has more edges than a statement may have parameters."""
        if kind == "date" or not isinstance(edge, datetime):
            return sa.cast(sa.literal(str(edge), sa.String(), literal_execute=True), sa.Date())
        return sa.literal(edge.isoformat(" "), sa.String(), literal_execute=True)

    def total(self, column: Term) -> Term:
        """Whole numbers as decimals; a decimal's sum has ten digits more than the decimal by itself."""
        return sa.func.sum(sa.cast(column, sa.Numeric(38, 0)) if isinstance(column.type, sa.Integer) else column)

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """Its limit is in whole seconds."""
        return ["set time zone 'UTC'", f"set statement_timeout = {max(1, round(timeout.total_seconds()))}"]


class DuckDBWays(Ways):
    """DuckDB, which is opened to read and has no limit of its own: it is interrupted."""

    def settings(self, timeout: timedelta) -> Sequence[str]:
        """A moment is compared with a moment, whatever the machine's zone."""
        del timeout
        return ["set TimeZone = 'UTC'"]


_WAYS: dict[str, type[Ways]] = {
    "mysql": MySQLWays,
    "mariadb": MariaDBWays,
    "postgresql": PostgresWays,
    "redshift": RedshiftWays,
    "snowflake": SnowflakeWays,
    "databricks": DatabricksWays,
    "duckdb": DuckDBWays,
}


def ways_of(dialect: str, local_zone: str | None) -> Ways:
    """The ways of a dialect by its name."""
    if dialect == "sqlite":
        from unit_economics.unit_sources.sql.sqlite import SQLiteWays  # it is one of these ways itself

        return SQLiteWays(local_zone)
    return _WAYS.get(dialect, Ways)(local_zone)


def _milliseconds(timeout: timedelta) -> int:
    return max(1, round(timeout.total_seconds() * 1000))
