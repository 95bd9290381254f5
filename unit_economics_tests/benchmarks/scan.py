"""The scan of a big bill against the best by hand: CPU time and memory, each in a process of its own.

Here: `python -m unit_economics_tests.benchmarks.scan WHAT FOLDER` is that process; `measure` compares what they say.
Not here: the bill (big_bill.py), the other ways (scan_by_hand.py), the table that the docs cite (write_scan.py).
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from unit_economics.allocation.allocated import direct_costs
from unit_economics.allocation.double_entry import Direct, Quantities, allocate
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles, delivery
from unit_economics.entries.adapters import Kept
from unit_economics.entries.allocation import Allocation
from unit_economics.entries.cost_scope import CostScope
from unit_economics.object_storage import storage_of
from unit_economics.outside import Outside
from unit_economics_tests.benchmarks import big_bill, scan_by_hand
from unit_economics_tests.benchmarks.targets import Row, own_peak

SMALL, LARGE = 3_000_000, 30_000_000
BY_HAND, DECODED, GROWTH_TIME, GROWTH_MEMORY, RESIDENT = 1.2, 2.5, 11, 1.3, 400
PANDAS_AT_MOST = 10 << 30
RULES = Allocation.model_validate(
    {
        "rules": [
            {"to": "checkout", "where": {"tags": {"team": ["team-0", "team-1"]}}},
            {"to": "search", "where": {"tags": {"team": "team-2"}, "service_name": {"prefix": "Service 1"}}},
            {"to": "stock", "where": {"tags": {"app": {"prefix": "app-1"}}, "service_name": "Service 7"}},
            {"to": "platform", "where": {"service_name": ["Service 3", "Service 4", "Service 5"]}},
            {"to": "rest", "where": {"region_id": {"prefix": "region-"}, "tags": {"team": {"present": True}}}},
        ],
        "shared": [{"cost_of": "platform", "among": ["checkout", "search", "stock"], "by": "direct_cost"}],
    }
)
"""Five rules and a proportional split, as scan_by_hand.py says them in SQL."""


@dataclass(frozen=True)
class Taken:
    """What one process took: CPU seconds, and megabytes at its peak."""

    cpu: float
    peak: float

    def __str__(self) -> str:
        return f"{self.cpu:.1f} CPU s, {self.peak:.0f} MB"


def read(folder: Path) -> int:
    """The platform's way: the charges by their rules, and shared cost divided."""
    days, calendar = DayRange(big_bill.FIRST, big_bill.LAST), BusinessCalendar(ZoneInfo("UTC"), timedelta())
    kept = Kept(("team",), {"shop": RULES})
    charges = FocusFiles(path=str(folder)).read(days, calendar=calendar, kept=kept, outside=Outside({})).charges
    direct = direct_costs("shop", CostScope(allocation=RULES), charges)
    entries = [
        Direct(day, currency, rule, RULES.target_of.get(rule, rule), summed.amount, summed.charge_rows)
        for (day, currency, rule), summed in direct.items()
    ]
    return len(charges) + len(allocate(RULES, entries, Quantities({}, {})).lines)


def identify(folder: Path) -> int:
    """Only what tells one delivery from another: the hash of every file, which `read` makes too."""
    storage = storage_of(str(folder), Outside({}))
    return len(delivery.without_copies(storage, delivery.parts_of(storage))[1])


WAYS: dict[str, Callable[[Path], int]] = {
    "read": read,
    "identify": identify,
    "decode": scan_by_hand.decode,
    "best query": scan_by_hand.best_query,
    "best query, map": lambda folder: scan_by_hand.best_query(folder, "map"),
    "pandas": scan_by_hand.pandas,
}


def taken(folder: Path, *ways: str, turns: int = 2) -> list[Taken]:
    """The least of some turns, each way in turn: neighbours only ever add, and they come and go."""
    each = [[_one(what, folder) for what in ways] for _ in range(turns)]
    return [Taken(min(one.cpu for one in of), min(one.peak for one in of)) for of in zip(*each, strict=True)]


def measure() -> list[Row]:
    """Three and thirty million rows with tags as JSON, three with tags as maps."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        return measured(Path(name))


def measured(folder: Path) -> list[Row]:
    """The same, with the bills in this folder: those that are there are taken."""
    small, large, maps = (folder / name for name in ("json-3m", "json-30m", "map-3m"))
    big_bill.write(small, SMALL)
    big_bill.write(large, LARGE)
    big_bill.write(maps, SMALL, tags="map")
    (few,) = taken(small, "read")
    many, query, decoded, hashing = taken(large, "read", "best query", "decode", "identify")
    asked = "30 million rows, JSON tags, five rules, a split"
    return [
        _against(f"{asked}, against the best query by hand", BY_HAND, many, query, hashing),
        _against(f"{asked}, against decoding its columns", DECODED, many, decoded, hashing),
        _against(
            "3 million rows, tags as maps, against the best query by hand",
            BY_HAND,
            *taken(maps, "read", "best query, map", "identify"),
        ),
        _resident(many),
        _growth(few, many),
        _pandas(large),
    ]


def _against(what: str, target: float, ours: Taken, other: Taken, hashing: Taken) -> Row:
    return Row(
        f"{what}: CPU at most {target} times",
        f"{ours.cpu / other.cpu:.2f} times: {ours} against {other}; {hashing.cpu:.1f} CPU s are the files' hashes,"
        f" {(ours.cpu - hashing.cpu) / other.cpu:.2f} times without",
        ours.cpu <= target * other.cpu,
    )


def _resident(many: Taken) -> Row:
    return Row(f"30 million rows: at most {RESIDENT} MB resident", f"{many.peak:.0f} MB", many.peak <= RESIDENT)


def _growth(few: Taken, many: Taken) -> Row:
    time_, memory = many.cpu / few.cpu, many.peak / few.peak
    return Row(
        f"from 3 to 30 million rows: at most {GROWTH_TIME} times the time, {GROWTH_MEMORY} times the memory",
        f"{time_:.1f} times the time, {memory:.2f} times the memory: {few} and {many}",
        time_ <= GROWTH_TIME and memory <= GROWTH_MEMORY,
    )


def _pandas(large: Path) -> Row:
    """Stopped at its limit: the machine has other work."""
    began = time.monotonic()
    done = subprocess.run([*_SELF, "pandas", str(large)], capture_output=True, text=True, check=False)
    stopped = "MemoryError" in done.stderr
    said = "stopped there" if stopped else f"finished with {done.stdout.strip()}"
    return Row(
        f"30 million rows: pandas, as a user would write it, passes {PANDAS_AT_MOST >> 30} GB",
        f"{said}, after {time.monotonic() - began:.0f} s",
        stopped,
    )


_SELF = [sys.executable, "-W", "ignore", "-m", "unit_economics_tests.benchmarks.scan"]


def _one(what: str, folder: Path) -> Taken:
    said = subprocess.run([*_SELF, what, str(folder)], check=True, stdout=subprocess.PIPE, text=True)
    cpu, peak = said.stdout.split()
    return Taken(float(cpu), float(peak))


def _main(what: str, folder: str) -> None:
    if what == "pandas":
        resource.setrlimit(resource.RLIMIT_AS, (PANDAS_AT_MOST, PANDAS_AT_MOST))
    began = time.process_time()
    WAYS[what](Path(folder))
    print(time.process_time() - began, own_peak())


if __name__ == "__main__":
    _main(*sys.argv[1:])
