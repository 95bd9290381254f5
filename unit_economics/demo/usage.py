"""What the demo's shop counts beside orders: calls of its API, in files, and the data it stores, in a SQLite database.

Here: pure rows, and the two functions that write them. Not here: orders (orders.py), the bill.
"""

import csv
import gzip
import io
import random
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from unit_economics.whole_files import write_whole

CALLS, STORAGE = "api_calls", "storage.sqlite"
_CALLS_PER_ORDER = {"checkout": 31, "search": 84}
_FIRST_GB, _GROWTH = 9600, 3


@dataclass(frozen=True)
class Usage:
    """One day: calls by app, and the GB that were stored on it."""

    calls: Mapping[str, int]
    stored_gb: int


def usage_of(orders: Mapping[date, int], seed: int) -> dict[date, Usage]:
    """The usage of each day with its number of orders; equal for equal arguments."""
    found: dict[date, Usage] = {}
    for n, (day, number) in enumerate(sorted(orders.items())):
        chance = random.Random(f"usage {seed} {day}")  # noqa: S311  # a made-up shop, no secret
        calls = {app: round(number * each * chance.uniform(0.97, 1.03)) for app, each in _CALLS_PER_ORDER.items()}
        found[day] = Usage(calls, _FIRST_GB + _GROWTH * n + chance.randrange(40))
    return found


def write_usage(folder: Path, usage: Mapping[date, Usage]) -> None:
    """Replace both: folder/api_calls with a CSV.gz a month, and folder/storage.sqlite."""
    months: dict[str, list[tuple[date, str, int]]] = {}
    for day, used in usage.items():
        months.setdefault(f"{day:%Y-%m}", []).extend((day, app, calls) for app, calls in used.calls.items())
    (folder / CALLS).mkdir(parents=True, exist_ok=True)
    files = {folder / CALLS / f"{month}.csv.gz": _packed(rows) for month, rows in months.items()}
    stored = _storage((day, used.stored_gb) for day, used in usage.items())
    write_whole({**files, folder / STORAGE: stored})


def _packed(rows: Iterable[tuple[date, str, int]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("day", "app", "calls"), *rows])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _storage(rows: Iterable[tuple[date, int]]) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table stored (day text primary key, gb integer not null)")
        connection.executemany("insert into stored values (?, ?)", ((str(day), gb) for day, gb in rows))
        connection.commit()
        return connection.serialize()
