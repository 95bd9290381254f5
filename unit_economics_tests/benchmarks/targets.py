"""A promise, what was measured of it, and the table of all of them.

Here: that shape, and timing two things turn by turn. Not here: what is timed.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One promise: in words, as it was measured, and whether it was kept."""

    target: str
    measured: str
    is_met: bool


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall, and CPU seconds of this process."""

    wall: float
    cpu: float

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} CPU s)"


def spent(work: Callable[[], object]) -> Spent:
    """What one call takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def middle(of: Sequence[Spent]) -> Spent:
    """The medians."""
    return Spent(median(one.wall for one in of), median(one.cpu for one in of))


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    table = Table("target", "measured", "", show_lines=True)
    for row in rows:
        table.add_row(row.target, row.measured, "met" if row.is_met else "NOT MET")
    Console(width=150).print(table)
