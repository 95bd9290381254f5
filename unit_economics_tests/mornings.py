"""A small shop whose bill fills over three mornings, read morning after morning, for the tests of what that teaches.

Here: its days, and moving what the database stamped to the morning that it stands for. Not here: assertions.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from unit_economics.business_days import ONE_DAY
from unit_economics.proof.nowcast import nowcast_proof
from unit_economics.proof.proof import Proved
from unit_economics_tests.focus_bills import charge_on, write_bill
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
"""By age what is there of a day, which is complete at three; on the way one or two are added, as days differ."""


class Mornings:
    """A shop that looks at its bill every morning at six; what the database stamped is set to that moment."""

    def __init__(self, shop: World) -> None:
        self.shop = shop
        self.costs: Mapping[int, Mapping[str, float]] = COSTS
        shop.sql("create table public.orders (date date, orders int)")

    def pass_by(self, *, to: int, since: int = 1, good: bool = True) -> None:
        """The mornings after the first days `since` to `to`, each with its look at the bill; `good`: all of it is."""
        for n in range(since, to + 1):
            self.shop.sql("insert into public.orders values (%s, 100)", self.day(n))
            self.bill(n)
            self.look(n, good=good)

    def day(self, n: int) -> date:
        """The nth day."""
        return FIRST + (n - 1) * ONE_DAY

    def bill(self, n: int) -> None:
        """The bill as it is after n days."""
        rows = [
            charge_on(
                self.day(m),
                ServiceName=service,
                EffectiveCost=str(cost + (self.day(m).day % 3 if n - m < 2 else 0)),
            )
            for m in range(1, n + 1)
            for service, cost in self.costs[min(n - m + 1, 3)].items()
        ]
        write_bill(self.shop.folder / "focus", *rows)

    def look(self, n: int, days: int = 4, *, good: bool = True) -> None:
        """Six in the morning after n days: the last days are read."""
        last = self.day(n)
        self.shop.now = datetime.combine(last + ONE_DAY, time(6), UTC)
        done = self.shop.run(str(max(FIRST, last - (days - 1) * ONE_DAY)), str(last))
        assert done.success or not good
        self.stamp()

    def stamp(self) -> None:
        """Whatever has the time of the test itself gets that of the morning."""
        for table, column in (("attempt", "committed_at"), ("ledger", "recorded_at"), ("ledger", "superseded_at")):
            text = f"update unit_economics.{table} set {column} = %s where {column} > %s"
            self.shop.sql(text, self.shop.now, self.shop.now)

    def prove(self) -> Proved:
        """The nowcasts of this morning."""
        of = self.shop.deployment()
        proof = nowcast_proof(of)
        assert proof is not None
        return proof.prove(of.run("proof"))

    def rows(self, columns: str, view: str, where: str = "true") -> list[Any]:
        """What a view shows."""
        return self.shop.sql(f"select {columns} from unit_economics.{view} where {where} order by 1, 2, 3")

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return self.shop.sql(f"select count(*) from unit_economics.{table}")[0][0]
