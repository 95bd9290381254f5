"""The demo's shop on a real PostgreSQL with Dagster's storage beside it, and a stand-in Vantage on loopback.

Here: building that world and running days of it in this process. Not here: what is measured (one module a benchmark).
"""

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import psycopg
from psycopg import sql

from unit_economics.automation import range_tags
from unit_economics.business_days import DayRange
from unit_economics.cli.instance import instance_of
from unit_economics.definitions import code_location
from unit_economics.demo.standin import TOKEN
from unit_economics.demo.tour import Tour, variables
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics.deployment import Deployment
from unit_economics.environment import deployment
from unit_economics.local import embedded

LAST = date(2026, 6, 30)
DATABASES = (embedded.OURS, embedded.DAGSTERS)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def days_until(count: int, last: date = LAST) -> DayRange:
    """The `count` days that end with `last`."""
    return DayRange(last - timedelta(days=count - 1), last)


@dataclass(frozen=True)
class ShopWorld:
    """A year of the shop, not yet computed; `reset` makes it so again."""

    tour: Tour
    postgres: embedded.EmbeddedPostgres
    vantage: str

    def deployment(self) -> Deployment:
        """The deployment, as the command line would make it."""
        mart = self.postgres.url(embedded.OURS)
        base = {"UNIT_ECONOMICS_DATABASE_URL": mart, **os.environ}
        return deployment(variables(base, self.tour.catalogue, mart, self.vantage), self.tour.catalogue)

    def reset(self) -> None:
        """Forget what was computed and what Dagster remembers; the shop stays."""
        with psycopg.connect(self.postgres.url(embedded.OURS), autocommit=True) as connection:
            connection.execute("drop schema if exists unit_economics cascade")
        self.postgres.drop([embedded.DAGSTERS])
        self.postgres.create(DATABASES)

    @contextmanager
    def instance(self) -> Generator[dg.DagsterInstance]:
        """Dagster's storage in PostgreSQL, opened as the command line opens it."""
        storage = self.postgres.url(embedded.DAGSTERS).replace("postgresql://", "postgresql+psycopg2://")
        with instance_of({"DAGSTER_PG_URL": storage}) as instance:
            yield instance


def count_rows(url: str) -> dict[str, int]:
    """The rows of every table of the mart."""
    with psycopg.connect(url) as connection:
        listed = "select table_name from information_schema.tables where table_schema = 'unit_economics'"
        names = connection.execute(f"{listed} and table_type = 'BASE TABLE'").fetchall()
        return {name: _count(connection, name) for (name,) in names}


def _count(connection: psycopg.Connection[tuple[object, ...]], table: str) -> int:
    query = sql.SQL("select count(*) from unit_economics.{}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(str(row[0])) if row else 0


def assets_of(of: Deployment) -> Sequence[dg.AssetsDefinition]:
    """All four assets."""
    return [asset for asset in code_location(of).assets or () if isinstance(asset, dg.AssetsDefinition)]


def materialize(assets: Sequence[dg.AssetsDefinition], instance: dg.DagsterInstance, days: DayRange) -> None:
    """One run of these days; a benchmark of a failed run would be worth nothing."""
    result = dg.materialize(assets, instance=instance, tags=range_tags(days), run_config=QUIET, raise_on_error=False)
    if not result.success:
        failed = [event.message for event in result.all_events if event.is_failure]
        raise RuntimeError(f"the run of {days} failed: {failed}")


@contextmanager
def shop_world(count: int = 365) -> Generator[ShopWorld]:
    """The world with a shop of `count` days; gone at the end."""
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    books = Books(TOKEN)
    books.add_metric("Orders")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        embedded.running(Path(folder) / "postgres", DATABASES) as postgres,
        serving(books) as vantage,
    ):
        tour = Tour(Path(folder), days_until(count))
        tour.fill(postgres.url(embedded.OURS))
        yield ShopWorld(tour, postgres, vantage)
