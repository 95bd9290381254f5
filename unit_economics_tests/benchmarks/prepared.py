"""A day of a prepared delivery against its month: bytes read, and CPU.

Here: a bill of three million rows, prepared once, then read turn by turn. Bytes are those of all reads of this process,
as Linux counts them, cached or not. Not here: the bill (big_bill.py), reading it as it came (scan.py).
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.prepared.preparing import Preparation
from unit_economics.entries.adapters import Kept
from unit_economics.outside import Outside
from unit_economics_tests.benchmarks import big_bill
from unit_economics_tests.benchmarks.targets import Row, Spent, middle, spent

ROWS, TURNS = 3_000_000, 3
LESS_BYTES, LESS_TIME = 10, 6
DAY, MONTH = DayRange(date(2026, 3, 17), date(2026, 3, 17)), DayRange(big_bill.FIRST, big_bill.LAST)
KEPT = Kept(("team",))


@dataclass(frozen=True)
class Reading:
    """What one kind of reading takes: each turn's time, and the bytes."""

    times: list[Spent]
    bytes: list[int]

    def add(self, work: Callable[[], object]) -> None:
        """One turn more."""
        before = _bytes_read()
        self.times.append(spent(work))
        self.bytes.append(_bytes_read() - before)

    @property
    def cpu(self) -> float:
        """CPU seconds of the middle turn."""
        return middle(self.times).cpu

    @property
    def megabytes(self) -> float:
        """Of the middle turn."""
        return median(self.bytes) / 1e6

    def __str__(self) -> str:
        return f"{self.megabytes:.1f} MB, {self.cpu:.2f} CPU s"


def measure() -> list[Row]:
    """One day, the month, and the month as it came."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        bill, folder = Path(name) / "bill", Path(name) / "prepared"
        big_bill.write(bill, ROWS)
        prepared = spent(lambda: Preparation(FocusFiles(path=str(bill)), KEPT, folder).run(Outside({}), lambda _: None))
        asked = {"day": (folder, DAY), "month": (folder, MONTH), "as it came": (bill, MONTH)}
        readings = {what: Reading([], []) for what in asked}
        for _ in range(TURNS):
            for what, (path, days) in asked.items():
                readings[what].add(lambda path=path, days=days: read(path, days))
    return [_row(prepared, **{what.replace(" ", "_"): reading for what, reading in readings.items()})]


def read(path: Path, days: DayRange) -> int:
    """The number of charges of these days."""
    calendar = BusinessCalendar(ZoneInfo("UTC"), timedelta())
    return len(FocusFiles(path=str(path)).read(days, calendar=calendar, kept=KEPT, outside=Outside({})).charges)


def _row(prepared: Spent, day: Reading, month: Reading, as_it_came: Reading) -> Row:
    return Row(
        f"re-reading one day of thirty from a prepared delivery: at most 1/{LESS_BYTES} of the bytes and"
        f" 1/{LESS_TIME} of the time of the month ({ROWS / 1e6:.0f} million rows)",
        f"1/{month.megabytes / day.megabytes:.1f} of the bytes, 1/{month.cpu / day.cpu:.1f} of the time: a day {day};"
        f" the month {month}, as it came {as_it_came}; prepared in {prepared}",
        day.megabytes * LESS_BYTES <= month.megabytes and day.cpu * LESS_TIME <= month.cpu,
    )


def _bytes_read() -> int:
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["rchar"])
