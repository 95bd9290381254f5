"""Sixty days of a shop: its orders, its bill, its catalogue, and what they come to.

Here: making them, by arithmetic that shares no code with the platform. Not here: running anything.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg

from unit_economics_tests.focus_bills import charge, write_bill

ASSETS = ("cloud_costs", "daily_orders", "cost_per_order")
GATE = 7
CATALOGUE = """
business_day: {{timezone: UTC, closes_after: PT0S, first_day: {first}}}
restatement_window: P1D
cost_sources:
  bill: {{kind: focus, path: ./focus}}
metrics:
  cost_per_order:
    unit: Order
    units:
      {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}}
automation: {{days_per_run: {days_per_run}, gap_check_seconds: 3600}}
"""


def days_until_yesterday(number: int) -> list[date]:
    """All of them over: no sensor finds a further one."""
    today = datetime.now(UTC).date()
    return [today - timedelta(days=n) for n in range(number, 0, -1)]


def orders(day: date) -> int:
    return 900 + day.toordinal() % 37


def cost(day: date) -> Decimal:
    return 20 + Decimal(day.toordinal() % 11) / 4


def settle(folder: Path, url: str, days: Sequence[date], *, days_per_run: int) -> None:
    """Put catalogue, bill and orders into place."""
    fill_orders(url, days)
    write_bill(folder / "focus", *(row for day in days for row in _charges(day)))
    catalogue = CATALOGUE.format(first=days[0], days_per_run=days_per_run)
    (folder / "unit_economics.yaml").write_text(catalogue)


def fill_orders(url: str, days: Sequence[date]) -> None:
    """Make public.total_orders, a view that a test can hold up while it is read: GATE is the lock that it waits for."""
    with psycopg.connect(url) as connection:
        connection.execute("create table public.counted (date date primary key, total_orders bigint)")
        counted = [(day, orders(day)) for day in days]
        connection.cursor().executemany("insert into public.counted values (%s, %s)", counted)
        connection.execute(
            "create function public.pass_the_gate() returns boolean language plpgsql as"
            f" 'begin perform pg_advisory_xact_lock_shared({GATE}); return true; end'"
        )
        view = "create view public.total_orders as select date, total_orders from public.counted"
        connection.execute(f"{view} where public.pass_the_gate()")


def _charges(day: date) -> list[dict[str, str]]:
    """Two charges, the day's cost in all."""
    return [
        charge(
            ChargePeriodStart=f"{day}T1{n}:00:00Z",
            ChargePeriodEnd=f"{day}T1{n + 1}:00:00Z",
            ServiceName=service,
            EffectiveCost=str(amount),
            BilledCost=str(amount),
        )
        for n, (service, amount) in enumerate((("Compute", cost(day) - 6), ("Storage", Decimal(6))))
    ]
