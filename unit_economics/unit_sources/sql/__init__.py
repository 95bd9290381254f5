"""Units counted by any database that SQLAlchemy speaks to: one row a day, or one row an event.

Here: the catalogue's entry `kind: sql`. Not here: how it is asked:

    url -> address (engine, driver) -> session (one transaction, a deadline)
        -> columns (types) -> question, in the dialect's ways (ways, sqlite) -> reading -> Count

PostgreSQL has a kind of its own (postgres/), which is stricter: it knows that database's types, roles and failures.
"""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.entry import Variable
from unit_economics.outside import Outside
from unit_economics.unit_sources.table_entry import TableUnits

_NAME = r"[A-Za-z_][A-Za-z0-9_$]{0,127}"
_CATALOG = r"[A-Za-z_][A-Za-z0-9_$-]{0,127}"
RelationName = Annotated[str, Field(pattern=rf"^({_CATALOG}\.)?({_NAME}\.)?{_NAME}$")]


class SqlUnits(TableUnits):
    """Units in a database: Snowflake, BigQuery, Redshift, Databricks, MySQL, MariaDB, DuckDB, SQLite and others."""

    kind: Literal["sql"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    url: Variable = Field(description="The NAME of the variable with SQLAlchemy's URL: dialect://user:password@host/db")
    relation: RelationName = Field(description="The table or view: name, schema.name or catalog.schema.name")
    statement_timeout: timedelta = Field(
        timedelta(seconds=60),
        gt=timedelta(),
        le=timedelta(hours=1),
        description="How long connecting and asking may take together; PT5M is five minutes",
    )

    @field_validator("day", "quantity", "timestamp", "count_distinct", "segment")
    @classmethod
    def _identifier(cls, column: str | None) -> str | None:
        return None if column is None else _identified(column)

    @field_validator("where")
    @classmethod
    def _identifiers(cls, where: dict[str, object]) -> dict[str, object]:
        return {_identified(column): accepted for column, accepted in where.items()}

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days, in one transaction."""
        from unit_economics.unit_sources.sql.reading import count  # SQLAlchemy: only where something is counted

        return count(self, days, calendar, unit, outside)

    def count_over(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Decimal:
        """How many different keys there are in all these days together."""
        from unit_economics.unit_sources.sql.reading import count_over

        if self.count_distinct is None:
            return super().count_over(days, calendar=calendar, outside=outside)
        return count_over(self, days, calendar, outside)


def _identified(column: str) -> str:
    if not re.fullmatch(_NAME, column):
        raise ValueError(f"{column!r} is no name of a column: letters, digits, _ and $")
    return column
