"""What the columns of a relation hold, as far as its database tells.

Here: reading names and types, and which type is a moment, a wall clock, a date or an exact number. Not here: what is
asked of them (question.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import TypeEngine

from unit_economics.refusals import UsageRefusal

Kind = Literal["moment", "clock", "date", "whole", "exact", "float", "text", "bool", "untyped", "other"]
"""`moment` knows its time zone, `clock` doesn't; `untyped` is SQLite's: each value has a type of its own."""

_TYPES: list[tuple[type[Any], Kind]] = [
    (sa.DateTime, "clock"),
    (sa.Date, "date"),
    (sa.Boolean, "bool"),
    (sa.Float, "float"),
    (sa.Integer, "whole"),
    (sa.Numeric, "exact"),
    (sa.Enum, "other"),
    (sa.String, "text"),
]
_MOMENTS = {
    "bigquery": {"TIMESTAMP"},
    "databricks": {"TIMESTAMP"},
    "mysql": {"TIMESTAMP"},
    "mariadb": {"TIMESTAMP"},
    "snowflake": {"TIMESTAMP_TZ", "TIMESTAMP_LTZ"},
}
_DUCKDB: dict[str, Kind] = {
    r"TIMESTAMP WITH TIME ZONE": "moment",
    r"TIMESTAMP(_S|_MS|_NS)?": "clock",
    r"DATE": "date",
    r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?": "whole",
    r"DECIMAL\(.*\)": "exact",
    r"FLOAT|DOUBLE": "float",
    r"VARCHAR": "text",
    r"BOOLEAN": "bool",
}


@dataclass(frozen=True)
class Relation:
    """A table or view by the parts of its name: name, schema.name or catalog.schema.name."""

    name: str

    @property
    def parts(self) -> list[str]:
        """The parts of the name."""
        return self.name.split(".")

    @property
    def schema(self) -> str | None:
        """All but the last part, as SQLAlchemy's dialects take it."""
        return ".".join(self.parts[:-1]) or None


@dataclass(frozen=True)
class Columns:
    """The columns of one relation, each with its kind and the type as people know it."""

    kinds: Mapping[str, Kind]
    said: Mapping[str, str]
    where: str

    def refuse_unknown(self, wanted: Sequence[str]) -> None:
        """Raise `UsageRefusal` for a column that isn't there, with those that are."""
        unknown = next((name for name in wanted if name not in self.kinds), None)
        if unknown is not None:
            raise UsageRefusal(
                f"column {unknown} does not exist",
                where=self.where,
                remedy=f"Name one of its columns: {', '.join(self.kinds)}",
            )

    def refuse_type(self, column: str, wanted: str, remedy: str) -> UsageRefusal:
        """What is said of a column that can't be meant."""
        return UsageRefusal(f"column {column} is {self.said[column]} and not {wanted}", where=self.where, remedy=remedy)


def columns_of(connection: sa.Connection, relation: Relation, where: str) -> Columns:
    """Names and kinds of the relation's columns; refused where there is no such relation."""
    try:
        found = _duckdb(connection, relation) if connection.dialect.name == "duckdb" else _told(connection, relation)
    except NoSuchTableError:
        found = {}
    if not found:
        remedy = "Create it, correct `relation`, or give the role the right to see it"
        raise UsageRefusal(f"there is no table or view {relation.name}", where=where, remedy=remedy)
    return Columns(
        {name: kind for name, (kind, _) in found.items()}, {name: said for name, (_, said) in found.items()}, where
    )


def _told(connection: sa.Connection, relation: Relation) -> dict[str, tuple[Kind, str]]:
    described = sa.inspect(connection).get_columns(relation.parts[-1], schema=relation.schema)
    dialect = connection.dialect
    return {str(one["name"]): (kind_of(one["type"], dialect.name), _said(one["type"])) for one in described}


def _duckdb(connection: sa.Connection, relation: Relation) -> dict[str, tuple[Kind, str]]:
    """Asked of DuckDB itself: duckdb-engine 0.17 asks PostgreSQL's catalogue, which DuckDB 2 has only in parts."""
    names = ["table_catalog", "table_schema", "table_name"]
    info = sa.table("columns", *map(sa.column, [*names, "column_name", "data_type", "ordinal_position"]))
    info.schema = "information_schema"
    current = [sa.func.current_database(), sa.func.current_schema()]
    parts = [*current[: len(names) - len(relation.parts)], *relation.parts]
    asked = sa.select(info.c.column_name, info.c.data_type).order_by(info.c.ordinal_position)
    same = [info.c[name] == part for name, part in zip(names, parts, strict=True)]
    return {name: (_duckdb_kind(said), said.lower()) for name, said in connection.execute(asked.where(*same))}


def _duckdb_kind(said: str) -> Kind:
    for pattern, kind in _DUCKDB.items():
        if re.fullmatch(pattern, said):
            return kind
    return "other"


def kind_of(found: TypeEngine[Any], dialect: str) -> Kind:
    """The kind of a reflected type."""
    if dialect == "sqlite":
        return "date" if isinstance(found, sa.Date) else "untyped"
    name = type(found).__name__.upper()
    plain = found.impl if isinstance(found, sa.TypeDecorator) else found
    if name == "TIMESTAMPTZ" or name in _MOMENTS.get(dialect, ()) or getattr(plain, "timezone", False):
        return "moment"
    if name == "TIMESTAMP_NTZ":
        return "clock"
    for of, kind in _TYPES:
        if isinstance(plain, of):
            return kind
    return "other"


def _said(found: TypeEngine[Any]) -> str:
    return type(found).__name__.lower()
