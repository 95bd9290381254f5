"""Nowcasts in the mart, morning after morning: learnt from stored versions, beside the figure, and held to account."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from unit_economics.proof.nowcast import nowcast_proof
from unit_economics.proof.proof import Proved
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

FIRST = date(2026, 3, 1)
CATALOGUE = """
restatement_window: P4D
cost_sources:
  bill: {kind: focus, path: ./focus, complete_after: P2D}
cost_scopes:
  all: {}
  service: {by: {column: service_name}}
  team:
    allocation:
      rules: [{to: compute, where: {service_name: EC2}}]
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
nowcast: {prior: [0.5, 0.8], prior_spread: 0.4}
"""
COSTS = {1: {"EC2": 60, "S3": 5}, 2: {"EC2": 90, "S3": 9}, 3: {"EC2": 100, "S3": 10}}
"""By age: what is there of a day of 110."""


class Mornings:
    """A shop that looks at its bill every morning at six; what the database stamped is set to that moment."""

    def __init__(self, shop: World) -> None:
        self.shop = shop
        self.costs: Mapping[int, Mapping[str, float]] = COSTS
        shop.sql("create table public.orders (date date, orders int)")

    def run(self, *, to: int, since: int = 1) -> None:
        """The mornings after the first days `since` to `to`."""
        for n in range(since, to + 1):
            self.shop.sql("insert into public.orders values (%s, 100)", FIRST + timedelta(days=n - 1))
            self.bill(n)
            self.look(n)

    def bill(self, n: int) -> None:
        """The bill as it is after n days."""
        days = [(FIRST + timedelta(days=m), min(n - m, 3) + m % 2 / 1000) for m in range(n)]
        rows = [
            charge(
                ChargePeriodStart=f"{day}T10:00:00Z",
                ChargePeriodEnd=f"{day}T11:00:00Z",
                ServiceName=service,
                EffectiveCost=str(cost + (day.day % 3 if int(age) < 3 else 0)),
            )
            for day, age in days
            for service, cost in self.costs[int(age)].items()
        ]
        write_bill(self.shop.folder / "focus", *rows)

    def look(self, n: int) -> None:
        """Six in the morning after n days: the last four days are read."""
        last = FIRST + timedelta(days=n - 1)
        self.shop.now = datetime.combine(last + timedelta(days=1), time(6), UTC)
        assert self.shop.run(str(max(FIRST, last - timedelta(days=3))), str(last)).success
        self.stamp()

    def stamp(self) -> None:
        """Whatever has the time of the test itself gets that of the morning."""
        for table, column in (("attempt", "committed_at"), ("ledger", "recorded_at"), ("ledger", "superseded_at")):
            self.shop.sql(
                f"update unit_economics.{table} set {column} = %s where {column} > %s", self.shop.now, self.shop.now
            )

    def prove(self) -> Proved:
        """The nowcasts of this morning."""
        of = self.shop.deployment()
        proof = nowcast_proof(of)
        assert proof is not None
        return proof.prove(of.run("proof"))

    def rows(self, view: str, columns: str = "*", where: str = "true") -> list[Any]:
        return self.shop.sql(f"select {columns} from unit_economics.{view} where {where} order by 1, 2, 3")


@pytest.fixture
def mornings(world: Callable[..., World]) -> Mornings:
    return Mornings(world(CATALOGUE))


def test_first(mornings: Mornings) -> None:
    mornings.run(to=3)
    print(mornings.prove())
    print(mornings.rows("unit_cost_nowcasts"))
    print(mornings.rows("completion_curve"))
    mornings.run(since=4, to=12)
    print(mornings.prove())
    for row in mornings.rows("unit_cost_nowcasts"): print(row)
    for row in mornings.rows("completion_curve"): print(row)
    for row in mornings.rows("nowcast_errors"): print(row)
    for row in mornings.rows("nowcast_error_by_age"): print(row)
