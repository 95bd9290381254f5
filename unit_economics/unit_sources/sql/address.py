"""An SQLAlchemy URL made into an engine, and words for it that hold no secret.

Here: the URL, the driver that it needs, the file of a database that is a file. Not here: asking (session.py).
"""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal

_EXTRAS = {"bigquery", "databricks", "duckdb", "mysql", "redshift", "snowflake"}
_FILES = {"sqlite", "duckdb"}


@dataclass(frozen=True)
class Address:
    """Where a database is; the URL is never shown, for a slip can make a password look like a host."""

    url: sa.URL = field(repr=False)
    variable: str

    @property
    def database(self) -> str:
        """What kind of database it is, by the URL."""
        return self.url.get_backend_name()

    @property
    def shown(self) -> str:
        """The database in words."""
        return f"{self.database} in {self.variable}"

    def engine(self) -> sa.Engine:
        """An engine without a pool; refused, with what to install, where its driver is missing."""
        options: dict[str, Any] = {"read_only": True} if self.database == "duckdb" else {}
        try:
            engine = sa.create_engine(self.url, poolclass=NullPool, connect_args=options, hide_parameters=True)
        except (NoSuchModuleError, ImportError):
            raise self._no_driver() from None
        except (ArgumentError, TypeError, ValueError):
            raise _no_url(self.variable) from None
        if engine.dialect.is_async:
            remedy = f"Name the plain driver in {self.variable}"
            raise UsageRefusal("its driver is an asynchronous one", where=self.shown, remedy=remedy)
        return engine

    def _no_driver(self) -> UsageRefusal:
        database = "mysql" if self.database == "mariadb" else self.database
        if database in _EXTRAS:
            remedy = f"Run: pip install 'unit-economics[{database}]'"
        else:
            remedy = "Install its SQLAlchemy dialect and driver, or correct the beginning of the URL"
        return UsageRefusal(f"no driver for {self.database} is installed", where=self.variable, remedy=remedy)


def address_of(variable: str, outside: Outside) -> Address:
    """The address that a variable holds; the path of a database's file is relative to the catalogue's folder."""
    try:
        url = sa.make_url(outside.secret(variable))
    except (ArgumentError, ValueError):
        raise _no_url(variable) from None
    address = Address(url, variable)
    if address.database not in _FILES:
        return address
    path = outside.folder / (url.database or "")
    if not path.is_file():
        remedy = "Correct the path in the URL: relative to the folder of the catalogue, or absolute with four slashes"
        raise Refusal("there is no such database file", where=address.shown, remedy=remedy)
    return Address(url.set(database=str(path.absolute())), variable)


def _no_url(variable: str) -> UsageRefusal:
    return UsageRefusal(
        "it does not hold a URL of SQLAlchemy",
        where=variable,
        remedy="Write dialect://user:password@host/database, with %40 for @ and %2F for / in the password",
    )
