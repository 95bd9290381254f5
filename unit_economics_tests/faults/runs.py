"""A whole run of the graph in a child that can be killed: all four assets for a range of days.

Here: what runs in the forked child. Not here: killing it (nursery.py), judging what is left (oracle.py).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg

from unit_economics.business_days import DayRange
from unit_economics.entries.platform import BusinessDay
from unit_economics_tests.faults.nursery import Life
from unit_economics_tests.faults.world import ShelfTable, Shop, cost_of, deployment, materialize, orders_of

DAYS = DayRange(date(2026, 3, 15), date(2026, 3, 19))


def run(url: str, generation: int, instance: dg.DagsterInstance | None = None) -> dg.ExecuteInProcessResult:
    """Materialise all assets for all days, from facts of this generation."""
    facts = {"orders": orders_of(generation), "cost": cost_of(generation)}
    shop = Shop(**facts, destination=ShelfTable(url))
    return materialize(
        deployment(shop, url, business_day=BusinessDay(first_day=date(2026, 3, 1))), DAYS, instance=instance
    )


def expected(generation: int) -> dict[str, dict[date, tuple[Any, ...]]]:
    """What the mart holds after a clean run: cost and quantity, by arithmetic that shares no code with the platform."""
    orders, cost = orders_of(generation), cost_of(generation)
    ratio = {day: (cost(day), orders(day), cost(day) / orders(day)) for day in DAYS}
    return {"units": {day: (orders(day),) for day in DAYS}, "unit costs": ratio}


def _running(life: Life, of: Mapping[str, Any]) -> None:
    life.ready()
    assert run(of["url"], of["generation"]).success


WORKS = {"run": _running}
