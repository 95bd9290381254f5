"""The running stack as fixtures, one of each for the whole session, and what happened in it so far.

    stack        `unit-economics up` on a mart that holds yesterday only; the alert channel is down
    launched     all days are being backfilled over GraphQL
    late_bill    the late day's charges were delivered, and nobody launched anything
    ticks_then   the channel turned an alert away, came up, and took it
    backfilled   the backfill has ended and the sensors have nothing left to do
    alerted      another minute's worth of sensor ticks has passed

Here: starting, and waiting for what the platform does by itself. Not here: what a test asserts of it.
"""

import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
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
A_MINUTE_OF_TICKS = {"missing_days": 10, "freshness": 10, "announce": 2}
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
            listening_on = ["--port", str(port), "--dashboard-port", str(ports.any_free())]
            up = exit_stack.enter_context(processes.running(folder, "up", *listening_on))
        up.await_output("Ctrl-C stops everything")
        yield Stack(folder, url, days, Dagster(f"http://127.0.0.1:{port}"), books, channel, up)


def _prepare(folder: Path, url: str, days: Days, variables: dict[str, str]) -> None:
    """Orders, bill and catalogue; yesterday is in the mart, so that the gap sensor leaves the days before alone."""
    fill_orders(url, days)
    deliver_bill(folder, days, without=days.late)
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(folder, url, CATALOGUE.format(first=days.first), instance, variables)
        result = world.run(days.yesterday, days.yesterday)
    assert result.success, [event.message for event in result.all_events if event.is_failure]


@pytest.fixture(scope="session")
def launched(stack: Stack) -> str:
    """The id of the one backfill that was launched, its run over; Dagster looks at it again half a minute later."""
    backfill = stack.dagster.launch_backfill(ASSETS, stack.days.every)
    await_(lambda: "SUCCESS" in [run["status"] for run in stack.dagster.backfill(backfill)["runs"]], "its run", 180)
    return backfill


@pytest.fixture(scope="session")
def late_bill(stack: Stack, launched: str) -> str:
    """The late day: its charges are delivered now, nobody launches anything, and it is done."""
    assert stack.days.late not in stack.stored("cloud_costs")
    deliver_bill(stack.folder, stack.days)
    query = "select count(*) from unit_economics.cost_per_order where business_date = %s and cost is not null"
    await_(lambda: stack.sql(query, stack.days.late) == [(1,)], "the late day's cost", 120)
    return stack.days.late


@pytest.fixture(scope="session")
def ticks_then(stack: Stack, late_bill: str) -> dict[str, int]:
    """The number of each sensor's ticks when the channel took its first alert, up since it had turned one away.

    The minute's pause after the refusal is cut short.
    """
    await_(lambda: stack.channel.turned_away > 0, "a try while the channel is down", 90)
    stack.channel.is_up = True
    stack.sql("update unit_economics.outbox set next_try_at = clock_timestamp() where sent_at is null")
    await_(lambda: bool(stack.channel.delivered), "the alert", 90)
    return {sensor: len(stack.dagster.ticks(sensor)) for sensor in A_MINUTE_OF_TICKS}


@pytest.fixture(scope="session")
def backfilled(stack: Stack, launched: str, ticks_then: dict[str, int]) -> str:
    """The id of the backfill, which has ended, with no run of any sensor left to do."""
    await_(lambda: stack.dagster.backfill(launched)["status"] in ENDED, "the backfill's end", 180)
    await_(lambda: _is_idle(stack.dagster), "the gap sensor's rest", 180)
    return launched


@pytest.fixture(scope="session")
def alerted(stack: Stack, backfilled: str, ticks_then: dict[str, int]) -> Channel:
    """The channel, a minute's worth of sensor ticks after it took its first alert."""
    for sensor, more in A_MINUTE_OF_TICKS.items():
        await_(partial(_has_ticked, stack.dagster, sensor, ticks_then[sensor] + more), f"ticks of {sensor}", 180)
    return stack.channel


def _has_ticked(dagster: Dagster, sensor: str, number: int) -> bool:
    return len(dagster.ticks(sensor)) >= number


def _is_idle(dagster: Dagster) -> bool:
    rests = dagster.ticks("missing_days")[0]["status"] == "SKIPPED"
    return rests and all(run["status"] in {"SUCCESS", "FAILURE"} for run in dagster.runs())


def _midnight() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
