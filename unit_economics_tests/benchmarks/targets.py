"""A promise, what was measured of it, and the table of all of them.

Here: that shape, and what one thing takes of time and memory. Not here: what that thing is.
"""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
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


def own_peak() -> float:
    """Megabytes. Linux keeps the parent's peak in `ru_maxrss` across exec, so its own book is asked first."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    own = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return (own or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] / 1024


def table(rows: Sequence[Row]) -> Table:
    """All promises under each other."""
    made = Table("target", "measured", "", show_lines=True)
    for row in rows:
        made.add_row(row.target, row.measured, "met" if row.is_met else "NOT MET")
    return made


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    Console(width=150).print(table(rows))
