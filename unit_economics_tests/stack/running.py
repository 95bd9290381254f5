"""The running stack as fixtures, one of each for the whole session, and what happened in it so far.

    stack          `unit-economics up` on an empty mart but for yesterday; the alert channel is down
    backfilled     all days were backfilled over GraphQL
    late_bill      the late day's charges were delivered, and nobody launched anything
    alerted        the channel came up, and a minute's worth of sensor ticks has passed

Here: starting, and waiting for what the platform does by itself. Not here: what a test asserts of it.
"""

import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics.local import embedded, ports
from unit_economics_tests import processes
from unit_economics_tests.processes import await_
from unit_economics_tests.stack.channel import Channel, listening
from unit_economics_tests.stack.days import ASSETS, CATALOGUE, Days, deliver_bill, ending_yesterday, fill_orders
from unit_economics_tests.stack.graphql import Dagster
from unit_economics_tests.world import World

TOKEN = "token-of-the-stand-in"
ENDED = {"COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"}


@dataclass(frozen=True)
class Stack:
    """All that a test may look at."""

    folder: Path
    url: str
    days: Days
    dagster: Dagster
    books: Books
    channel: Channel
    up: processes.Running

    def sql(self, query: str, *values: object) -> list[Any]:
        """Rows of a query on mart and orders."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def stored(self, asset: str) -> list[str]:
        """The days that the ledger calls done."""
        query = "select business_date from unit_economics.ledger where asset = %s and superseded_at is null order by 1"
        return [str(day) for (day,) in self.sql(query, asset)]

    def published(self) -> dict[str, int]:
        """What the stand-in Vantage shows."""
        (metric,) = self.books.metrics.values()
        return {str(moment.date()): int(amount) for moment, _, amount in metric.rows}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The platform at work: yesterday is done, the days before it were never asked for."""
    if datetime.now(UTC) + timedelta(minutes=10) > _midnight():
        pytest.skip("a further business day would be over before the stack has told its story")
    folder = tmp_path_factory.mktemp("stack")
    try:
        with _running(folder) as stack:
            yield stack
    finally:
        leftover = processes.alive(processes.servers_in(folder))
        for process in leftover:
            process.kill()
        shutil.rmtree(folder / "postgres", ignore_errors=True)
    assert not leftover, "processes of the stack outlived it"


@contextmanager
def _running(folder: Path) -> Generator[Stack]:
    days, books = ending_yesterday(), Books(TOKEN)
    with ExitStack() as exit_stack:
        channel = exit_stack.enter_context(listening())
        vantage = exit_stack.enter_context(serving(books))
        postgres = exit_stack.enter_context(embedded.running(folder / "postgres"))
        url = postgres.url(embedded.OURS)
        variables = {
            "UNIT_ECONOMICS_CATALOGUE": str(folder / "unit_economics.yaml"),
            "UNIT_ECONOMICS_DATABASE_URL": url,
            "DAGSTER_PG_URL": postgres.url(embedded.DAGSTERS),
            "ORDERS_DATABASE_URL": url,
            "VANTAGE_API_URL": vantage,
            "VANTAGE_API_TOKEN": TOKEN,
            "ORDERS_METRIC_ID": books.add_metric("Orders"),
            "ALERTS_URL": channel.url,
        }
        _prepare(folder, url, days, variables)
        port = ports.any_free()
        with pytest.MonkeyPatch.context() as environment:
            for name, value in variables.items():
                environment.setenv(name, value)
            up = exit_stack.enter_context(processes.running(folder, "up", "--port", str(port)))
        up.await_output("Ctrl-C stops everything")
        yield Stack(folder, url, days, Dagster(f"http://127.0.0.1:{port}"), books, channel, up)


def _prepare(folder: Path, url: str, days: Days, variables: dict[str, str]) -> None:
    """Orders, bill and catalogue; yesterday is in the mart, so that the gap sensor leaves the days before alone."""
    fill_orders(url, days)
    deliver_bill(folder, days, without=days.late)
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(folder, url, CATALOGUE.format(first=days.first), instance, variables)
        assert world.run(days.yesterday, days.yesterday).success


@pytest.fixture(scope="session")
def backfilled(stack: Stack) -> str:
    """The id of the one backfill that was launched, ended."""
    backfill = stack.dagster.launch_backfill(ASSETS, stack.days.every)
    await_(lambda: stack.dagster.backfill(backfill)["status"] in ENDED, "the backfill's end", 240)
    return backfill


@pytest.fixture(scope="session")
def late_bill(stack: Stack, backfilled: str) -> str:
    """The late day, with its charges delivered and done."""
    assert stack.days.late not in stack.stored("cloud_costs")
    deliver_bill(stack.folder, stack.days)
    query = "select count(*) from unit_economics.cost_per_order where business_date = %s and cost is not null"
    await_(lambda: stack.sql(query, stack.days.late) == [(1,)], "the late day's cost", 120)
    return stack.days.late


@pytest.fixture(scope="session")
def alerted(stack: Stack, late_bill: str) -> list[tuple[str, str]]:
    """What was delivered once the channel was up: the minute's pause after a failed try is cut short."""
    await_(lambda: stack.channel.turned_away > 0, "a try while the channel is down", 90)
    stack.channel.is_up = True
    stack.sql("update unit_economics.outbox set next_try_at = clock_timestamp() where sent_at is null")
    await_(lambda: bool(stack.channel.delivered), "the alert", 90)
    before = {sensor: len(stack.dagster.ticks(sensor)) for sensor in ("missing_days", "freshness", "announce")}
    for sensor, number in {"missing_days": 12, "freshness": 12, "announce": 2}.items():
        await_(lambda s=sensor, n=number: len(stack.dagster.ticks(s)) >= before[s] + n, f"ticks of {sensor}", 180)  # type: ignore[misc]
    return list(stack.channel.delivered)


def _midnight() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
