"""What each failure of a PostgreSQL is called, and which of them may pass.

Here: the driver's errors in plain words. Not here: retrying and deadlines (session.py).
"""

import re
from datetime import timedelta

import psycopg

from unit_economics.database_url import Server
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal

_LOGIN_REFUSED = re.compile(r"authentication|pg_hba|does not exist|not permitted|no password", re.IGNORECASE)
_PASSING = re.compile(r"08...|53300|57014|57P0[1-5]|40001|40P01|55P03")


def may_pass(error: Exception) -> bool:
    """Whether the same question may be answered a moment later; a refused login never is."""
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        return _PASSING.fullmatch(error.sqlstate) is not None
    return isinstance(error, psycopg.OperationalError) and not _LOGIN_REFUSED.search(str(error))


def silent(where: str, timeout: timedelta) -> Unreachable:
    """What is said of a server that did not answer in time."""
    return Unreachable(
        f"no answer within {timeout.total_seconds():g} s",
        where=where,
        remedy="Try again, add an index on the column of the day, or raise `statement_timeout`",
    )


def in_plain_words(
    error: psycopg.Error, server: Server, where: str, timeout: timedelta, *, is_private: bool = False
) -> Refusal:
    """What the user reads in place of the driver's error; only its name where it could quote a person's."""
    name = type(error).__name__
    state, said = error.sqlstate, name if is_private else error.diag.message_primary or name
    if state is None:
        return _no_connection(error, server) if isinstance(error, psycopg.OperationalError) else _unsendable(where)
    if state in {"57014", "55P03"}:
        return silent(where, timeout)
    if _PASSING.fullmatch(state):
        return Unreachable(f"the conversation broke off: {said}", where=server.shown, remedy="Try again")
    return _refused(state, said, where)


def _refused(state: str, said: str, where: str) -> Refusal:
    match state:
        case "42P01" | "3F000":
            return UsageRefusal(
                f"{said}, or its schema does not", where=where, remedy="Create it or correct `relation`"
            )
        case "42501":
            return Refusal(said, where=where, remedy="Grant the role USAGE on the schema and SELECT on the relation")
        case "25001" | "25006":
            return Refusal(f"reading it would write: {said}", where=where, remedy="Name a relation that only reads")
        case _ if state.startswith("42") or state == "22P02":
            return UsageRefusal(f"{said} ({state})", where=where, remedy="Correct the entry of these units")
        case _:
            return Refusal(f"PostgreSQL could not compute it: {said} ({state})", where=where, remedy="Correct the data")


def _unsendable(where: str) -> Refusal:
    return UsageRefusal("a value of `where` can't be sent to PostgreSQL", where=where, remedy="Correct that value")


def _no_connection(error: psycopg.OperationalError, server: Server) -> Unreachable:
    if _LOGIN_REFUSED.search(str(error)):
        remedy = f"Check user, password and database in {server.variable}"
        return Unreachable("the login was refused", where=server.shown, remedy=remedy)
    return Unreachable("no connection", where=server.shown, remedy="Check that it runs and is reachable from here")
