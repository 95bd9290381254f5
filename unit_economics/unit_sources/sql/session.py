"""One conversation with a database: connected, read-only where it can be, in one transaction, ended in time.

Here: the connection, its deadline, and its retries. Not here: the words for failures (failures.py), SQL (question.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
import tenacity
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from unit_economics.unit_sources.sql import sqlite
from unit_economics.unit_sources.sql.address import Address
from unit_economics.unit_sources.sql.deadline import Work
from unit_economics.unit_sources.sql.failures import Place, drivers_own, in_plain_words, may_pass, no_connection, silent
from unit_economics.unit_sources.sql.question import Question
from unit_economics.unit_sources.sql.ways import Ways

T = TypeVar("T")
ATTEMPTS = 3
WAIT: tenacity.wait.wait_base = tenacity.wait_random_exponential(multiplier=0.5, max=5)


@dataclass(frozen=True)
class Session:
    """One transaction of one connection."""

    connection: sa.Connection

    def rows(self, question: Question) -> list[tuple[Any, ...]]:
        """The whole answer; the questions are such that it is small."""
        return [tuple(row) for row in self.connection.execute(question)]


def ask(address: Address, ways: Ways, place: Place, timeout: timedelta, conversation: Callable[[Session], T]) -> T:
    """Hold the conversation; from the start again, at most three times, where the line failed.

    Refused in plain words where the database refuses, or takes longer than `timeout` in all.
    """
    engine = address.engine()
    connected: list[sa.Connection] = []

    def hold() -> T:
        try:
            connection = engine.connect()
        except (DBAPIError, OSError, *drivers_own()) as error:
            raise no_connection(address, error, place) from error
        with connection:
            connected.append(connection)
            _prepare(connection, ways, timeout)
            return conversation(Session(connection))

    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception(may_pass),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=WAIT,
        reraise=True,
    )
    try:
        return Work(lambda: again(hold)).within(timeout.total_seconds(), lambda: _cut(connected))
    except TimeoutError:
        raise silent(place, timeout) from None
    except SQLAlchemyError as error:
        # What the driver says may name a person, and a log shows the cause too.
        raise in_plain_words(error, address, place) from (None if place.is_private else error)
    except drivers_own() as error:
        raise no_connection(address, error, place) from error


def _prepare(connection: sa.Connection, ways: Ways, timeout: timedelta) -> None:
    if connection.dialect.name == "sqlite":
        sqlite.prepare(connection.connection.dbapi_connection)
    for setting in ways.settings(timeout):
        connection.exec_driver_sql(setting)


def _cut(connected: list[sa.Connection]) -> None:
    """Interrupt the statement where the driver can; else the thread is left to it."""
    for connection in [one for one in connected if not one.closed]:
        driver = connection.connection.dbapi_connection
        end = getattr(driver, "interrupt", None) or getattr(driver, "cancel", None)
        if end is not None:
            end()
