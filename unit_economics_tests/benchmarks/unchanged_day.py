"""A day in which nothing changed against one that did: CPU, and rows written.

Here: one day of a wide bill, all four steps, with and without Dagster around them. The day changes when its bill is
delivered again with other costs and it has one order more. Not here: ranges of days (backfill.py).
"""

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psycopg

from unit_economics.business_days import DayRange
from unit_economics.graph import CLOUD_COSTS
from unit_economics.local import embedded
from unit_economics_tests.benchmarks.shop_world import LAST, assets_of, count_rows, days_until, materialize
from unit_economics_tests.benchmarks.targets import Row, Spent, middle, spent
from unit_economics_tests.benchmarks.wide_bill import write_bill
from unit_economics_tests.benchmarks.wide_world import empty_vantage, take, take_all, wide_deployment, write_shop

DAYS, TURNS = 35, 7
TARGET = 5
_NUMBERS = itertools.count(1)


def measure() -> list[Row]:
    """The steps alone, and as a run of Dagster's."""
    day = DayRange(LAST, LAST)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, embedded.running(Path(name) / "postgres") as postgres:
        folder, url = Path(name), postgres.url(embedded.OURS)
        write_shop(folder, url, days_until(DAYS))
        with empty_vantage() as vantage, dg.DagsterInstance.ephemeral() as instance:
            of = wide_deployment(folder, url, vantage)
            assets = assets_of(of)
            take_all(of, days_until(DAYS))
            costs = _compared(folder, url, lambda: take(of, CLOUD_COSTS, day))
            steps = _compared(folder, url, lambda: take_all(of, day))
            runs = _compared(folder, url, lambda: materialize(assets, instance, day))
    return [
        _row("step that reads the bill", *costs),
        _row("four steps' own work", *steps),
        _row("same with Dagster around it, its storage in memory", *runs),
    ]


def _compared(folder: Path, url: str, work: Callable[[], None]) -> tuple[list[Spent], list[Spent], int]:
    """Days that changed, days that did not, and the rows that the latter wrote, turn by turn."""
    changed: list[Spent] = []
    same: list[Spent] = []
    written = 0
    for _ in range(TURNS):
        _change(folder, url, next(_NUMBERS))
        changed.append(spent(work))
        before = _rows(url)
        same.append(spent(work))
        written += _rows(url) - before
    return changed, same, written


def _change(folder: Path, url: str, restated: int) -> None:
    write_bill(folder / "focus", days_until(DAYS), restated)
    with psycopg.connect(url) as connection:
        connection.execute("update public.total_orders set orders = orders + 1 where date = %s", [LAST])


def _rows(url: str) -> int:
    """The rows of the mart, but for the attempts: each leaves its number, whatever it finds."""
    return sum(count for table, count in count_rows(url).items() if table != "attempt")


def _row(what: str, changed: list[Spent], same: list[Spent], written: int) -> Row:
    one, other = middle(changed), middle(same)
    return Row(
        f"a day nothing changed in takes at most 1/{TARGET} of the CPU of one that changed, and writes no row"
        f" (attempts excepted): the {what}",
        f"1/{one.cpu / other.cpu:.1f}: {other.cpu:.3f} against {one.cpu:.3f} CPU s; {written} rows",
        one.cpu >= TARGET * other.cpu and not written,
    )
