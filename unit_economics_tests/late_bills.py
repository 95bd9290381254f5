"""Made-up histories of a bill that fills over some days, as a reader sees it each morning; the same seed, the same one.

Here: the histories, with a week's rhythm, growth, services that fill at their own pace, mornings on which the whole
delivery is late, a service that is never there on the first morning, and now and then an invoice that comes after all
else. Not here: what is made of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from unit_economics.insight.completion import Cell, Curves, Snapshot

COMPLETE_AT = 4
FIRST = date(2026, 1, 1)
DAYS = 63
WEEKEND = 0.7


@dataclass(frozen=True)
class Service:
    """One service: what it costs a day, how much of that is there on the first mornings, how restless both are.

    comes_second: nothing of it is there on the first morning.
    """

    cell: Cell
    cost: float
    shares: Sequence[float]
    restless: float
    comes_second: bool


@dataclass(frozen=True)
class History:
    """Every day at every age, the last days included: what they come to is known here and to no reader."""

    snapshots: Mapping[tuple[date, int], Snapshot]
    last: date

    def known(self) -> Curves:
        """What a reader has on the morning after the last day."""
        seen = {(day, age): one for (day, age), one in self.snapshots.items() if age <= self.age(day)}
        return Curves(seen, COMPLETE_AT)

    def age(self, day: date) -> int:
        """How old a day is on that morning."""
        return (self.last - day).days + 1

    def costs(self, day: date, age: int) -> Mapping[Cell, Decimal]:
        """What each service costs, as seen at an age."""
        return {cell: cost for cell, cost in self.snapshots[day, age].costs.items() if cost is not None}


def history(seed: int) -> History:
    """One history of nine weeks."""
    chance = Random(seed)
    services = list(_services(chance))
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    growth = chance.uniform(-0.001, 0.006)
    seen: dict[tuple[date, int], Snapshot] = {}
    for n, day in enumerate(days):
        size = (1 + growth) ** n * (WEEKEND if day.weekday() >= 5 else 1)
        lateness = [chance.gauss(0, 0.06), chance.gauss(0, 0.03), chance.gauss(0, 0.01)]
        filled = {one.cell: _filled(one, size, lateness, chance) for one in services}
        for age in range(1, COMPLETE_AT + 1):
            costs = {cell: Decimal(f"{amounts[age - 1]:.4f}") for cell, amounts in filled.items()}
            seen[day, age] = Snapshot(costs)
    return History(seen, days[-1])


def _services(chance: Random) -> Iterator[Service]:
    for n in range(chance.randint(3, 8)):
        first = chance.uniform(0.35, 0.85)
        second = first + (1 - first) * chance.uniform(0.5, 0.9)
        third = second + (1 - second) * chance.uniform(0.5, 0.9)
        cell = Cell(chance.choice(("AWS", "GCP")), f"service {n}", "USD")
        size, restless = 10 ** chance.uniform(1, 3), chance.uniform(0.03, 0.12)
        yield Service(cell, size, (first, second, third), restless, n > 0 and chance.random() < 0.15)


def _filled(service: Service, size: float, lateness: Sequence[float], chance: Random) -> list[float]:
    """What is there on each morning and at the end."""
    cost = service.cost * size * chance.lognormvariate(0, 0.1)
    shares = [
        min(1.0, max(0.05, share + late + chance.gauss(0, service.restless * (1 - share))))
        for share, late in zip(service.shares, lateness, strict=True)
    ]
    late_invoice = cost * chance.uniform(0.05, 0.2) if chance.random() < 0.03 else 0.0
    there = [cost * max(shares[: n + 1]) for n in range(len(shares))]
    return [0.0 if service.comes_second else there[0], *there[1:], cost + late_invoice]
