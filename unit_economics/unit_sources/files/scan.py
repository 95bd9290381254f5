"""Running the one query over all rows in DuckDB, in bounded memory, and the words for what is wrong with a row.

Here: the connection, the answer, the refusal. Not here: the SQL (question.py), reading the files (feed.py).
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from unit_economics.exact import EXACT
from unit_economics.refusals import Refusal
from unit_economics.unit_sources.files.feed import Feed
from unit_economics.unit_sources.files.question import Asked, question

MEMORY = "512MB"
_LONGEST = 60


@dataclass(frozen=True)
class Found:
    """The rows of one day, numbered from 1, with one combination of values; number 0 is what does not count."""

    number: int
    is_whole: bool
    rows: int
    uncounted: int
    quantity: Decimal | None
    raw: Sequence[str | None]


def scanned(feed: Feed, asked: Asked) -> tuple[list[Found], int]:
    """What was found, and the number of the last day that any row belongs to; refused for a row that can't count."""
    try:
        with _connection() as session:
            session.register("batches", feed.reader())
            answer = session.execute(question(asked), asked.values).fetchall()
    except duckdb.OutOfRangeException as error:
        raise Refusal("a sum is beyond 38 digits", where=feed.storage.shown, remedy="Correct the rows") from error
    except duckdb.OutOfMemoryException as error:
        what = f"counting it takes more than {MEMORY} of memory and of the temporary folder's disk"
        raise Refusal(what, where=feed.storage.shown, remedy="Ask for fewer days, or free some disk") from error
    except duckdb.Error as error:
        if feed.refusal is None:
            raise
        raise feed.refusal from error
    faults = [row[7] for row in answer if row[7] is not None]
    if faults:
        raise _refused(min(faults, key=lambda fault: (fault["file"], fault["row"])), feed, asked)
    found = [_found(row, asked) for row in answer if row[0] > 0]
    return found, max((row[6] for row in answer), default=0)


def _found(row: tuple[Any, ...], asked: Asked) -> Found:
    number, is_whole, rows, uncounted, whole, fraction, _, _, *raw = row
    quantity = (
        None if whole is None else EXACT.add(Decimal(whole), Decimal(fraction)) if asked.is_summed else Decimal(whole)
    )
    return Found(number, is_whole, rows, uncounted, quantity, raw)


def _refused(fault: Mapping[str, Any], feed: Feed, asked: Asked) -> Refusal:
    part, stated = feed.parts[fault["file"]], fault["stated"]
    field = feed.columns[fault["field"]]
    shown = f"{str(stated)[:_LONGEST]!r}"
    if stated is None:
        return part.refusal("is empty", row=fault["row"], field=field)
    if fault["field"] != 0:
        what = f"{shown} is no exact number below 10^24 (write 1234.5: no thousands separators)"
        return part.refusal(what, row=fault["row"], field=field)
    if asked.is_daily:
        return part.refusal(f"{shown} is no day like 2026-03-01", row=fault["row"], field=field)
    remedy = "Correct the row" if asked.local_zone else "Correct it, or where it has no time zone, add `local_zone`"
    what = f"{shown} is no time{'' if asked.local_zone else ' with a zone'} like 2026-03-01T10:00:00Z"
    return part.refusal(what, row=fault["row"], field=field, remedy=remedy)


@contextmanager
def _connection() -> Generator[duckdb.DuckDBPyConnection]:
    """A database in memory that can spill to a folder of its own, fetches no extensions and thinks in UTC."""
    with TemporaryDirectory() as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": folder,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(config=config) as session:
            session.execute("set TimeZone = 'UTC'")
            session.execute("set enable_progress_bar = false")
            session.execute("set preserve_insertion_order = false")
            yield session
