"""The dashboard's way to the mart: a few connections, one read-only snapshot a page, as a role that sees views only.

Here: roles, time limits, what a failing mart is called. Not here: keeping the connections (lines.py), questions
(series.py and the panels).
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg
from psycopg import sql

from unit_economics.dashboard.mart.lines import PATIENCE_SECONDS, Busy, Lines, cut_after
from unit_economics.database_url import server_of
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal, Unreachable
from unit_economics.warehouse.connection import DATABASE_URL, Connection

READING_URL = "UNIT_ECONOMICS_DASHBOARD_DATABASE_URL"
"""A login that can only read; without it the mart's own, which takes on the reading role for each page."""
Role = Literal["viewer", "finance"]
PAGE_SECONDS = 10
"""The longest that a page's questions may take together."""
_SESSION = {
    "timezone": "UTC",
    "statement_timeout": f"{PATIENCE_SECONDS}s",
    "lock_timeout": f"{PATIENCE_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{PAGE_SECONDS}s",
    "search_path": "unit_economics,pg_catalog",
    "default_transaction_read_only": "on",
    "jit": "off",
}
"""Compiling a query takes longer than the queries of a page do."""
_MISSING = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction)
_REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)
"""What a role says that may not read, and one that there is not."""
_FATAL = "FATAL:"
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError)


class NotLetIn(Refusal):
    """The login may not take the role on, or the role not read."""


class Reader:
    """Snapshots of the mart. `url` may be the mart's own, or a login that is only a member of the reading roles.

    prepare: called with the mart there, before each snapshot; it is to be quick once it has succeeded.
    """

    def __init__(self, url: str, variable: str = DATABASE_URL, prepare: Callable[[], object] = lambda: None) -> None:
        """Connect to nothing yet; raises `UsageRefusal` where the variable holds no URL."""
        self._server, self._prepare = server_of(url, variable), prepare
        settings: dict[str, Any] = {
            "application_name": "unit-economics dashboard",
            "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items()),
            "prepare_threshold": None,  # a plan made for any length of range is the wrong one for most
        }
        self._lines = Lines(self._server.parameters, settings)

    def close(self) -> None:
        """Let go of every connection."""
        self._lines.close()

    @contextmanager
    def snapshot(self, role: Role) -> Generator[Connection]:
        """One moment of the mart, seen as this role; raises `Unreachable` where it does not answer in time."""
        try:
            with self._lines.one() as connection:
                self._prepare()
                with cut_after(connection, PAGE_SECONDS), connection.transaction():
                    connection.execute("set transaction isolation level repeatable read read only")
                    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(f"unit_economics_{role}")))
                    yield connection
        except Busy:
            raise self._unreachable("has more pages to answer than it can right now") from None
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
            raise self._unreachable(f"did not answer within {PATIENCE_SECONDS} s") from None
        except _REFUSED as error:
            raise self._refused(role, error) from None
        except _MISSING as error:
            raise self._not_made(error) from None
        except _AWAY as error:
            away = self._unreachable("does not answer")
            away.aside = f" ({_own_words(error)})"
            raise away from error

    def _unreachable(self, what: str) -> Unreachable:
        remedy = "Start PostgreSQL or correct the URL, then run `unit-economics doctor`"
        return Unreachable(f"the warehouse {what}", where=self._server.shown, remedy=remedy)

    def _refused(self, role: Role, error: psycopg.Error) -> NotLetIn:
        remedy = (
            f"Grant unit_economics_{role} to the login of {self._server.variable}; `unit-economics doctor` prints the"
            " statements that make the roles"
        )
        what = f"the warehouse does not let this page read as {role} ({_first_line(error)})"
        return NotLetIn(what, where=self._server.shown, remedy=remedy)

    def _not_made(self, error: psycopg.Error) -> Refusal:
        remedy = f"Run `unit-economics doctor` of this release, or any command that computes, with {DATABASE_URL} set"
        what = f"the warehouse has not got what this release reads ({_first_line(error)})"
        return Refusal(what, where=self._server.shown, remedy=remedy)


def _own_words(error: psycopg.Error) -> str:
    """The server's reason where it gave one, else the driver's first line; neither holds a password."""
    lines = str(error).splitlines() or [type(error).__name__]
    return next((line.partition(_FATAL)[2].strip() for line in lines if _FATAL in line), lines[0])


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0]


def reader_of(of: Deployment) -> Reader:
    """The way to the mart. It is brought to this release by the first page that finds it there.

    With a login of its own, the dashboard migrates nothing and uses no other URL.
    """
    if url := of.outside.setting(READING_URL, ""):
        return Reader(url, READING_URL)
    return Reader(of.outside.secret(DATABASE_URL), prepare=lambda: of.warehouse)
