"""What the failures of any database are called, without its URL and without a value that may name a person.

Here: SQLAlchemy's errors in plain words. Not here: deadlines (deadline.py), trying again (session.py).
"""

import re
import socket
import sys
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.unit_sources.sql.address import Address

_BUSY = re.compile(r"locked|busy|could not set lock|deadlock|too many connections|interrupt", re.IGNORECASE)
_LONGEST = 200
_OF_BIGQUERY = {"google.auth.exceptions": "GoogleAuthError", "google.api_core.exceptions": "GoogleAPIError"}


@dataclass(frozen=True)
class Place:
    """Where something failed, in words; is_private: its rows name people, so nothing that they hold is repeated."""

    where: str
    is_private: bool = False


def drivers_own() -> tuple[type[Exception], ...]:
    """The failures that a driver raises past SQLAlchemy, of the drivers that are loaded."""
    loaded = [(sys.modules[module], name) for module, name in _OF_BIGQUERY.items() if module in sys.modules]
    return tuple(getattr(module, name) for module, name in loaded)


def may_pass(error: BaseException | None) -> bool:
    """Whether the line failed, which may be otherwise a moment later; a refused login, a wrong name or a lock is none.

    Drivers put the fault of the line behind an error of their own.
    """
    if error is None or isinstance(error, (ConnectionError, TimeoutError, socket.gaierror)):
        return error is not None
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return may_pass(error.__cause__ or error.__context__)


def silent(place: Place, timeout: timedelta) -> Unreachable:
    """What is said of a database that did not answer in time."""
    return Unreachable(
        f"no answer within {timeout.total_seconds():g} s",
        where=place.where,
        remedy="Try again, add an index on the column of the day, or raise `statement_timeout`",
    )


def no_connection(address: Address, error: Exception, place: Place) -> Unreachable:
    """What is said where there is no connection at all."""
    if _BUSY.search(str(error)):
        return _busy(place)
    return Unreachable(
        "no connection, or the login was refused",
        where=address.shown,
        remedy=f"Check that it runs and is reachable from here, and user, password and database in {address.variable}",
    )


def in_plain_words(error: SQLAlchemyError, address: Address, place: Place) -> Refusal:
    """What the user reads in place of the driver's error."""
    if not isinstance(error, DBAPIError):
        remedy = "Correct the entry of these units"
        return UsageRefusal(
            f"it can't be asked of {address.database} ({type(error).__name__})", where=place.where, remedy=remedy
        )
    said = _said(error, address, place)
    if error.connection_invalidated:
        return Unreachable(f"the conversation broke off: {said}", where=address.shown, remedy="Try again")
    if _BUSY.search(str(error.orig)):
        return _busy(place)
    remedy = "Correct the entry of these units, the data, or the rights of the role"
    return Refusal(f"{address.database} could not answer: {said}", where=place.where, remedy=remedy)


def _busy(place: Place) -> Unreachable:
    remedy = "Try again when it is free, or copy it first"
    return Unreachable("the database is held by somebody else", where=place.where, remedy=remedy)


def _said(error: DBAPIError, address: Address, place: Place) -> str:
    """The server's own first words, where they can hold no name of a person and no secret."""
    kind = type(error.orig).__name__
    if place.is_private:
        return kind
    words = (str(error.orig).strip().splitlines() or [""])[0][:_LONGEST].rstrip(".")
    password = address.url.password
    secrets = [str(password), *map(str, address.url.query.values())] if password else []
    for secret in secrets:
        words = words.replace(secret, "***")
    return f"{words} ({kind})"
