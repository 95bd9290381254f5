"""A year as one run against a run a day, with Dagster's storage in PostgreSQL and a stand-in Vantage.

Here: all four assets, run in this process. A launched run would pay for a process as well, so this understates.
Not here: our part without Dagster (own_part.py).
"""

from collections.abc import Sequence
from datetime import timedelta

from unit_economics.business_days import DayRange
from unit_economics_tests.benchmarks.shop_world import LAST, ShopWorld, assets_of, days_until, materialize
from unit_economics_tests.benchmarks.targets import Row, Spent, middle, spent

YEAR, SAMPLE, TURNS = 365, 12, 2
TARGET = 8


def measure(world: ShopWorld) -> list[Row]:
    """One run of the year and a sample of one-day runs, turn by turn, each on an empty mart and an empty log."""
    whole: list[Spent] = []
    daily: list[Spent] = []
    for _ in range(TURNS):
        whole += _runs(world, [days_until(YEAR)])
        daily += _runs(world, [days_until(1, LAST - timedelta(days=back)) for back in reversed(range(SAMPLE))])
    year, day = middle(whole), middle(daily)
    times, cpu = YEAR * day.wall / year.wall, YEAR * day.cpu / year.cpu
    return [
        Row(
            f"{YEAR} days as one run take at most 1/{TARGET} of {YEAR} one-day runs",
            f"1/{times:.0f} of the time, 1/{cpu:.0f} of the CPU: {year} against {YEAR} x {day},"
            f" scaled from {len(daily)} one-day runs",
            times >= TARGET,
        )
    ]


def _runs(world: ShopWorld, asked: Sequence[DayRange]) -> list[Spent]:
    """What each of these runs takes on an empty mart and an empty log."""
    world.reset()
    of = world.deployment()
    assets = assets_of(of)
    with of.warehouse.connection(), world.instance() as instance:
        return [spent(lambda days=days: materialize(assets, instance, days)) for days in asked]
