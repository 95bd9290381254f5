"""Our own part of a year: query, store, publish, without Dagster; against a script that does a day at a time.

Here: both ways against the same PostgreSQL and the same Vantage, which takes 50 ms to answer either. The script is the
usual one of a cron job: a query and a PUT a day, nothing checked, stored or read back. Not here: Dagster (backfill.py).
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import httpx
import psycopg

from unit_economics.asset_names import sink_asset, units_asset
from unit_economics.demo.standin import METRIC, TOKEN
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_desk import Answer, Asked, Desk
from unit_economics.graph import CLOUD_COSTS
from unit_economics_tests.benchmarks.shop_world import ShopWorld, days_until
from unit_economics_tests.benchmarks.targets import Row, Spent, middle, spent
from unit_economics_tests.benchmarks.wide_world import take
from unit_economics_tests.vantage_faults import over_http

YEAR, SAMPLE, TURNS, LATENCY = 365, 20, 5, 0.05
TARGET = 100
NAME = "cost_per_order"


@contextmanager
def slow_vantage() -> Generator[str]:
    """A stand-in Vantage with one business metric that takes its time for every answer."""
    books = Books(TOKEN)
    books.add_metric("Orders")
    desk = Desk(books)

    def answer(asked: Asked) -> Answer:
        time.sleep(LATENCY)
        return desk.answer(asked)

    with over_http(answer) as address:
        yield address


def measure(world: ShopWorld) -> list[Row]:
    """Both ways, turn by turn, each on an empty mart and an empty Vantage."""
    turns = [(_ours(world), _script_of(world)) for _ in range(TURNS)]
    year, day = middle([ours for (ours, _), _ in turns]), middle([script for _, script in turns])
    cost = middle([cost for (_, cost), _ in turns])
    times = YEAR / SAMPLE * day.wall / year.wall
    return [
        Row(
            f"{YEAR} days queried, stored and published, without Dagster, at least {TARGET} times faster than by a"
            " script's query and PUT a day (50 ms an answer)",
            f"{times:.0f} times: {year} against {YEAR} x {day.wall / SAMPLE:.3f} s, scaled from {TURNS} x {SAMPLE}"
            f" days; cloud bill and division, which the script does not do, take another {cost}",
            times >= TARGET,
        )
    ]


def _ours(world: ShopWorld) -> tuple[Spent, Spent]:
    """Counting and publishing the year; and reading its bill and dividing."""
    world.reset()
    days = days_until(YEAR)
    with slow_vantage() as vantage:
        of = replace(world, vantage=vantage).deployment()
        of.warehouse.connection()  # the migrations are not the year's
        count = spent(lambda: take(of, units_asset(NAME), days))
        bill = spent(lambda: take(of, CLOUD_COSTS, days))
        divide = spent(lambda: take(of, NAME, days))
        publish = spent(lambda: take(of, sink_asset(NAME, "vantage"), days))
    return count + publish, bill + divide


def _script_of(world: ShopWorld) -> Spent:
    """The script's days; the start of a process for each is not counted."""
    url = world.deployment().outside.secret("ORDERS_DATABASE_URL")
    with slow_vantage() as vantage, httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        address = f"{vantage}/business_metrics/{METRIC}"
        return spent(lambda: [_script_day(url, client, address, day) for day in days_until(SAMPLE)])


def _script_day(url: str, client: httpx.Client, address: str, day: date) -> None:
    with psycopg.connect(url) as connection:
        row = connection.execute("select total_orders from public.total_orders where date = %s", [day]).fetchone()
    value = {"date": f"{day}T00:00:00Z", "amount": row[0] if row else 0}
    client.put(address, json={"values": [value]}).raise_for_status()
