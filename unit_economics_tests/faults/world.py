"""A small business whose facts the tests set: orders, charges, a clock, and a destination that can be looked into.

Here: sources and a sink that depend on no other module of the suite, and the deployment made of them.
Not here: faults (each test plants its own), or what the mart should hold then (oracle.py).
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import dagster as dg
import pandas as pd
import psycopg

from unit_economics.assets import build_assets
from unit_economics.automation import range_tags
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.deployment import DATABASE_URL, Deployment
from unit_economics.entries.adapters import CostSource, Count, Delivery, Difference, Kept, Publication, Sink, UnitSource
from unit_economics.entries.metric import Metric
from unit_economics.entries.platform import Automation, BusinessDay
from unit_economics.outside import Outside
from unit_economics.schemas import CHARGES, UNITS

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
METRIC, UNITS_ASSET, COSTS, SINK_ASSET = "cost_per_order", "daily_orders", "cloud_costs", "shelf_business_metric"
Fact = Callable[[date], Any]


def orders_of(generation: int) -> Fact:
    """Orders that every later generation restates."""
    return lambda day: Decimal(100 + day.toordinal() % 17 + 1000 * generation)


def cost_of(generation: int) -> Fact:
    """A cost in cents that every later generation restates."""
    return lambda day: Decimal(700 + day.toordinal() % 31 + 10 * generation) / 100


@dataclass
class Shelf:
    """A destination in memory."""

    days: dict[date, Decimal] = field(default_factory=dict)

    def held(self) -> dict[date, Decimal]:
        return dict(self.days)

    def put(self, day: date, quantity: Decimal) -> None:
        self.days[day] = quantity


@dataclass
class Shop:
    """The facts outside. A fact of None is a day that is not there; an exception is raised instead of an answer."""

    orders: Fact = field(default_factory=lambda: orders_of(0))
    cost: Fact = field(default_factory=lambda: cost_of(0))
    now: datetime = NOON
    destination: "Shelf | ShelfTable" = field(default_factory=Shelf)
    orders_fault: BaseException | None = None
    cost_fault: BaseException | None = None
    sink_fault: BaseException | None = None
    while_publishing: Callable[[], object] = lambda: None


def catalogue(shop: Shop, *, publish: bool = True, **parts: Any) -> Catalogue:  # fields of Catalogue
    """One metric of one cost source, published on the shelf unless told otherwise."""
    orders, bill, shelf = _adapters(shop)
    metric = Metric(unit="Order", units=orders(kind="facts"), publish={"shelf": shelf()} if publish else {})
    defaults: dict[str, Any] = {"business_day": BusinessDay(first_day=date(2025, 1, 1)), "version": "faults"}
    defaults["automation"] = Automation(max_tries=5, retry_pause=timedelta())
    return Catalogue(cost_sources={"bill": bill(kind="facts")}, metrics={METRIC: metric}, **{**defaults, **parts})


def deployment(
    shop: Shop, url: str, variables: Mapping[str, str] = {}, **parts: Any
) -> Deployment:  # fields of Catalogue
    """The shop on the mart at `url`."""
    outside = Outside({DATABASE_URL: url, **variables}, now=lambda: shop.now)
    return Deployment(catalogue(shop, **parts), outside, code_version="faults")


def materialize(
    of: Deployment,
    days: DayRange,
    *names: str,
    instance: dg.DagsterInstance | None = None,
) -> dg.ExecuteInProcessResult:
    """Run these assets (all where none is named) for the days, as Dagster would run them in one process."""
    assets = [asset for asset in build_assets(of) if not names or asset.key.to_user_string() in names]
    with ExitStack() as stack:
        kept = instance or stack.enter_context(dg.DagsterInstance.ephemeral())
        return dg.materialize(assets, instance=kept, tags=range_tags(days), raise_on_error=False)


class ShelfTable:
    """A destination that outlives a killed process: a table of its own, every call a commit of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "create table if not exists public.shelf (day date primary key, quantity numeric not null)"
            )

    def held(self) -> dict[date, Decimal]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return dict(connection.execute("select day, quantity from public.shelf").fetchall())

    def put(self, day: date, quantity: Decimal) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "insert into public.shelf values (%s, %s) on conflict (day) do update set quantity = excluded.quantity",
                [day, quantity],
            )


def _adapters(shop: Shop) -> tuple[type[UnitSource], type[CostSource], type[Sink]]:
    class Orders(UnitSource):
        kind: Literal["facts"] = "facts"

        def count(
            self,
            days: DayRange,
            *,
            calendar: BusinessCalendar,  # noqa: ARG002  # the signature of a source
            unit: str,
            outside: Outside,  # noqa: ARG002
        ) -> Count:
            _raise(shop.orders_fault)
            facts = {day: shop.orders(day) for day in days}
            rows = [(day, "all", fact, unit) for day, fact in facts.items() if fact is not None]
            absent = {day: "no such day" for day, fact in facts.items() if fact is None}
            return Count(pd.DataFrame(rows, columns=list(UNITS.columns), dtype=object), absent)

    class Bill(CostSource):
        kind: Literal["facts"] = "facts"

        def read(
            self,
            days: DayRange,
            *,
            calendar: BusinessCalendar,  # noqa: ARG002  # the signature of a source
            kept: Kept,  # noqa: ARG002
            outside: Outside,  # noqa: ARG002
        ) -> Delivery:
            _raise(shop.cost_fault)
            facts = {day: shop.cost(day) for day in days}
            absent = {day: "no such day" for day, fact in facts.items() if fact is None}
            return _delivery({day: fact for day, fact in facts.items() if fact is not None}, absent)

    class OnShelf(Sink):
        @property
        def destination(self) -> str:
            return "shelf"

        def publish(
            self,
            wanted: Mapping[date, Decimal],
            *,
            outside: Outside,  # noqa: ARG002  # the signature of a sink
            dry_run: bool = False,  # noqa: ARG002
        ) -> Publication:
            _raise(shop.sink_fault)
            held = shop.destination.held()
            differences = [Difference(d, held.get(d), q) for d, q in sorted(wanted.items()) if held.get(d) != q]
            shop.while_publishing()
            for difference in differences:
                shop.destination.put(difference.day, difference.wanted)
            return Publication(differences, int(bool(differences)), {day: wanted[day] for day in wanted})

    return Orders, Bill, OnShelf


def _delivery(facts: Mapping[date, Decimal], absent: Mapping[date, str]) -> Delivery:
    rows = [
        (day, "AWS", "1", service, "us-1", "Usage", "{}", "USD", "{}", False, *(share * cost for _ in range(4)), 3)
        for day, cost in facts.items()
        for service, share in (("compute", Decimal("0.75")), ("storage", Decimal("0.25")))
    ]
    charges = pd.DataFrame(rows, columns=list(CHARGES.columns), dtype=object).astype({"charge_rows": "int64"})
    totals = pd.DataFrame(
        [(day, "USD", 6, cost, cost, cost, cost) for day, cost in facts.items()],
        columns=[
            "business_date",
            "billing_currency",
            "charge_rows",
            "billed_cost",
            "effective_cost",
            "list_cost",
            "contracted_cost",
        ],
        dtype=object,
    )
    return Delivery(charges, totals, absent, "facts")


def _raise(fault: BaseException | None) -> None:
    if fault is not None:
        raise fault
