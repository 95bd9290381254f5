"""A conversation with somebody else's PostgreSQL: one snapshot, read-only, deadlines, and failures in plain words.

Here: connecting, the settings of the session, retries. Not here: the URL (server.py), what failures are
called (failures.py), what is asked (question.py).
"""

import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Timer
from typing import TypeVar

import psycopg
import tenacity
from psycopg import errors
from psycopg.conninfo import make_conninfo

from unit_economics.database_url import Server
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.postgres.failures import in_plain_words, may_pass, silent
from unit_economics.unit_sources.postgres.question import Question, Relation, column_names, shape

T = TypeVar("T")
ATTEMPTS = 3
WAIT: tenacity.wait.wait_base = tenacity.wait_random_exponential(multiplier=0.5, max=5)
GRACE = timedelta(seconds=15)
"""How long after its own deadlines a server may stay silent before the line is cut."""

_APPLY_SETTINGS = """
    select set_config(known.name, wanted.value, true)
    from unnest(%s::text[], %s::text[]) as wanted(name, value)
    join pg_settings as known on lower(known.name) = lower(wanted.name)
    where wanted.name <> 'client_connection_check_interval' or version() !~* 'visual c|mingw|windows'
"""
"""Joined with those that the server knows: an older one has no client_connection_check_interval, nor has Windows."""


@dataclass(frozen=True)
class Session:
    """One transaction on one relation; all that it reads is of the same moment."""

    connection: psycopg.Connection[tuple[object, ...]]

    def rows(self, question: Question) -> list[tuple[object, ...]]:
        """The whole answer; the questions are such that it is small."""
        return self.connection.execute(question.text, question.values).fetchall()

    def types(self, relation: Relation, columns: Sequence[str], where: str) -> dict[str, str]:
        """The type of each column, domains resolved; refused with the columns that exist where one does not."""
        try:
            with self.connection.transaction():
                described = self.connection.execute(shape(relation, columns).text).description or []
        except errors.UndefinedColumn as error:
            existing = ", ".join(str(row[0]) for row in self.rows(column_names(relation)))
            said = str(error.diag.message_primary).replace("column asked.", "column ")
            raise UsageRefusal(said, where=where, remedy=f"Name one of its columns: {existing}") from error
        known = self.connection.adapters.types
        found = {c.name: known.get(c.type_code) for c in described}
        return {name: info.name if info else "a type of its own" for name, info in found.items()}


def ask(
    server: Server,
    where: str,
    timeout: timedelta,
    conversation: Callable[[Session], T],
    *,
    is_private: bool = False,
) -> T:
    """Hold the conversation in one snapshot; from the start again, at most three times, where the line failed.

    is_private: its rows name people, so nothing that they hold is repeated.
    """
    try:
        for attempt in tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, Exception) and may_pass(error)),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=WAIT,
            reraise=True,
        ):
            with attempt, _session(server, timeout) as session:
                return conversation(session)
    except psycopg.Error as error:
        # What the server says may name a person, and a log shows the cause too.
        told = in_plain_words(error, server, where, timeout, is_private=is_private)
        raise told from (None if is_private else error)
    except UnicodeError as error:
        raise Refusal("a text is not valid in the database's encoding", where=where, remedy="Correct it") from error
    raise AssertionError("tenacity either returns an attempt or raises")


@contextmanager
def _session(server: Server, timeout: timedelta) -> Generator[Session]:
    with psycopg.connect(make_conninfo(**server.parameters)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.prepare_threshold = None
        with _cut_off(connection, server, 3 * timeout + GRACE):
            _apply_settings(connection, timeout)
            yield Session(connection)


def _apply_settings(connection: psycopg.Connection[tuple[object, ...]], timeout: timedelta) -> None:
    """Set for this transaction only: behind a pooler the next user of the connection must not inherit them."""
    milliseconds = str(max(1, round(timeout.total_seconds() * 1000)))
    settings = {
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": "60000",
        "client_connection_check_interval": "2000",
        "default_transaction_read_only": "on",
        "TimeZone": "UTC",
        "DateStyle": "ISO, YMD",
    }
    connection.execute(_APPLY_SETTINGS, [list(settings), list(settings.values())])


@contextmanager
def _cut_off(connection: psycopg.Connection[tuple[object, ...]], server: Server, after: timedelta) -> Generator[None]:
    """End the line to a server that is frozen: neither its own timeouts nor TCP's would ever speak."""
    was_cut = Event()

    def cut() -> None:
        was_cut.set()
        with socket.fromfd(connection.fileno(), socket.AF_UNSPEC, socket.SOCK_STREAM) as line:
            line.shutdown(socket.SHUT_RDWR)

    timer = Timer(after.total_seconds(), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.OperationalError as error:
        if was_cut.is_set():
            raise silent(server.shown, after) from error
        raise
    finally:
        timer.cancel()
