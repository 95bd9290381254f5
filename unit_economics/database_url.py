"""A PostgreSQL URL taken apart, and the server's address in words that hold no secret.

Here: the URL of the orders and of the mart. Not here: connecting (unit_sources/postgres/, warehouse/connection.py).
"""

import re
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict

from unit_economics.refusals import UsageRefusal

LINE = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "application_name": "unit_economics",
}
"""Settings of the connection where the URL does not choose its own."""


@dataclass(frozen=True)
class Server:
    """Where to connect, and the words to name it with; the URL itself is never shown."""

    variable: str
    parameters: dict[str, str]

    @property
    def shown(self) -> str:
        """The server's address without user or password."""
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or "the local socket"
        return f"PostgreSQL at {host}:{self.parameters.get('port', '5432')} ({self.variable})"


def server_of(url: str, variable: str) -> Server:
    """The server that a URL names; refused without repeating it, for a slip can make a password look like a host."""
    try:
        given = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except (psycopg.Error, UnicodeError):
        given = {"host": "@"}
    if not _is_sound(given):
        raise UsageRefusal(
            "it does not hold a PostgreSQL URL",
            where=variable,
            remedy="Write postgresql://user:password@host:5432/database, with %40 for @ and %2F for / in the password",
        )
    return Server(variable, LINE | given | {"client_encoding": "UTF8"})


def _is_sound(given: dict[str, str]) -> bool:
    """Whether host, numbers and database look like themselves and not like a piece of the password."""
    numbers = [given[key] for key in ("port", *LINE) if key in given and key != "application_name"]
    hosts = given.get("host", "") + given.get("hostaddr", "")
    at_home = "@" not in given.get("dbname", "") and re.fullmatch(r"[\w.,:/~+ -]*", hosts)
    return bool(at_home) and all(re.fullmatch(r"[\d,]+", number) for number in numbers)
