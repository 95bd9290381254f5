"""`make bench`: every benchmark in one run, and one table. It prints; it never fails."""

from unit_economics_tests.benchmarks import (
    backfill,
    dashboard,
    memory,
    nowcast,
    own_part,
    prepared,
    scan,
    startup,
    unchanged_day,
    writing,
)
from unit_economics_tests.benchmarks.shop_world import shop_world
from unit_economics_tests.benchmarks.targets import show


def main() -> None:
    """Measure and print."""
    with shop_world() as world:
        rows = [*backfill.measure(world), *own_part.measure(world)]
    rows += [*unchanged_day.measure(), *writing.measure(), *startup.measure(), *memory.measure()]
    rows += [*scan.measure(), *prepared.measure(), *dashboard.measure(), *nowcast.measure()]
    show(rows)


if __name__ == "__main__":
    main()
