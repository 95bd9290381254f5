"""The twelve days of the stack: orders, bill and catalogue, one day planted bad and one day's bill not there yet.

Here: making them. Not here: running anything, or expectations beyond the numbers that were put in.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg

from unit_economics_tests.focus_bills import charge, write_bill

ASSETS = ("cloud_costs", "daily_orders", "cost_per_order", "vantage_business_metric")
NUMBER = 12
CATALOGUE = """
business_day: {{timezone: UTC, closes_after: PT0S, first_day: {first}}}
cost_sources:
  bill: {{kind: focus, path: ./focus}}
metrics:
  cost_per_order:
    unit: Order
    units:
      {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}}
    owner: finops@example.com
    publish: {{vantage: {{business_metric: ORDERS_METRIC_ID}}}}
automation: {{gap_check_seconds: 5, retry_pause: PT0S, fresh_by: "00:00"}}
alerts: {{urls: [ALERTS_URL]}}
"""


@dataclass(frozen=True)
class Days:
    """They end yesterday, so all of them are over and no sensor finds a further one."""

    first: date

    @property
    def every(self) -> list[str]:
        return [str(self.first + timedelta(days=n)) for n in range(NUMBER)]

    @property
    def bad(self) -> str:
        """Its view of the orders says -1."""
        return self.every[4]

    @property
    def late(self) -> str:
        """Its charges are delivered last."""
        return self.every[7]

    @property
    def yesterday(self) -> str:
        return self.every[-1]

    @property
    def good(self) -> list[str]:
        return [day for day in self.every if day != self.bad]

    def orders(self, day: str) -> int:
        n = self.every.index(day)
        return 900 + 37 * (n % 5) + 4 * n

    def cost(self, day: str) -> int:
        return 20 + 3 * (self.every.index(day) % 4)


def ending_yesterday() -> Days:
    """The twelve days before today."""
    return Days(datetime.now(UTC).date() - timedelta(days=NUMBER))


def fill_orders(url: str, days: Days) -> None:
    """Write public.total_orders, a view as a shop has it."""
    counted = [(day, -1 if day == days.bad else days.orders(day)) for day in days.every]
    with psycopg.connect(url) as connection:
        connection.execute("create table public.counted (date date primary key, total_orders bigint)")
        connection.execute("create view public.total_orders as select date, total_orders from public.counted")
        connection.cursor().executemany("insert into public.counted values (%s, %s)", counted)


def deliver_bill(folder: Path, days: Days, *, without: str = "") -> None:
    """Put a bill of all days but one into place, whole or not at all."""
    rows = [row for day in days.every if day != without for row in _charges(day, days.cost(day))]
    made = write_bill(folder / "being-written", *rows)
    (folder / "focus").mkdir(exist_ok=True)
    made.replace(folder / "focus" / made.name)


def _charges(day: str, cost: int) -> list[dict[str, str]]:
    """Three charges whose effective cost sums to `cost`."""
    parts = (("Compute", cost - 6), ("Storage", 4), ("Network", 2))
    return [
        charge(
            ChargePeriodStart=f"{day}T1{n}:00:00Z",
            ChargePeriodEnd=f"{day}T1{n + 1}:00:00Z",
            ServiceName=service,
            EffectiveCost=str(amount),
            BilledCost=str(amount),
        )
        for n, (service, amount) in enumerate(parts)
    ]
