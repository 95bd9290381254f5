"""Connections to the mart: every one with its timeouts, its zone and its name set.

Not here: the tables (migrations/) and what is done with them (the other modules of this package).
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from unit_economics.refusals import Unreachable

SESSION = {
    "timezone": "UTC",
    "lock_timeout": "30s",
    "statement_timeout": "300s",
    "idle_in_transaction_session_timeout": "300s",
    "client_connection_check_interval": "2s",
    "search_path": "unit_economics,pg_catalog",
}
"""`client_connection_check_interval`: without it a killed client's statement keeps its lock until it ends."""

Connection = psycopg.Connection[TupleRow]


@dataclass(frozen=True)
class Warehouse:
    """The mart, by URL. The URL holds a password, so it is in no `repr` and no message."""

    url: str = field(repr=False)

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """One connection, one transaction: committed at the end, rolled back on any exception."""
        with self.connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def snapshot(self) -> Generator[Connection]:
        """One connection that only reads, and sees everything as of one moment."""
        with self.connection() as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read read only")
            yield connection

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """A connection in autocommit mode; raises `Unreachable` where there is none to be had."""
        try:
            connection = psycopg.connect(self.url, autocommit=True, **_SETTINGS)
        except psycopg.OperationalError as error:
            raise unreachable(error) from None
        with connection:
            yield connection


_SETTINGS: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "unit-economics",
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
}


def unreachable(error: psycopg.Error) -> Unreachable:
    """The driver's complaint without what could hold a secret: quoted values and URLs."""
    reason = re.sub(r"postgres(ql)?://\S+|password=\S+", "...", str(error).strip().splitlines()[-1])
    return Unreachable(
        f"the warehouse does not answer ({reason})",
        where="UNIT_ECONOMICS_DATABASE_URL",
        remedy="Start PostgreSQL or correct the URL, then run `unit-economics doctor`",
    )
