"""Connections to the mart: every one with its timeouts, its zone and its name set.

Not here: the tables (migrations/) and what is done with them (the other modules of this package).
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from unit_economics.database_url import Server, server_of
from unit_economics.refusals import Unreachable

DATABASE_URL = "UNIT_ECONOMICS_DATABASE_URL"
SESSION = {
    "timezone": "UTC",
    "lock_timeout": "30s",
    "statement_timeout": "300s",
    "idle_in_transaction_session_timeout": "300s",
    "client_connection_check_interval": "2s",
    "search_path": "unit_economics,pg_catalog",
    "default_transaction_isolation": r"read\ committed",
}
"""Under a stricter isolation the fence would look at a snapshot from before the lock was had. Without
`client_connection_check_interval` a killed client's statement keeps its lock until it ends."""

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
        server = server_of(self.url, DATABASE_URL)
        try:
            connection = psycopg.connect(make_conninfo(**server.parameters), autocommit=True, **_SETTINGS)
        except psycopg.OperationalError as error:
            raise _unreachable(error, server) from None
        with connection:
            yield connection


_SETTINGS: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "unit-economics",
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
}


def _unreachable(error: psycopg.Error, server: Server) -> Unreachable:
    """The first line of the driver's complaint is the reason; the URL was sound, so it holds no piece of a secret."""
    reason = str(error).strip().splitlines()[0]
    return Unreachable(
        f"the warehouse does not answer ({reason})",
        where=server.shown,
        remedy="Start PostgreSQL or correct the URL, then run `unit-economics doctor`",
    )
