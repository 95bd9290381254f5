"""Running the scan in DuckDB, in bounded memory, and finding the row that is to blame where it fails.

Here: the connection, the one query, and the diagnosis. Not here: the SQL itself (query.py).
The fast path looks at no row by itself; only a scan that failed is looked at again, part by part.
"""

import csv
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from unit_economics.cost_sources.focus import query
from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.layout import Layout, damaged, refuse_broken_frame
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.cost_sources.focus.storage import DuckDBFiles, Storage
from unit_economics.refusals import Refusal

MEMORY = "512MB"
_LINE_AT_MOST = 1 << 22
_ROWS_AT_ONCE = 2048
Row = tuple[object, ...]

_WRONG = {
    "ChargePeriodStart": "is no date and time",
    "ChargePeriodEnd": "is no date and time, or lies before ChargePeriodStart",
    "ChargeCategory": "is no charge category of FOCUS",
    "BillingCurrency": "is no currency of ISO 4217",
    "Tags": "holds a NUL character, or more than 1 MB",
}
_NOT_A_COST = "is no finite decimal number below 10^24 (write 1234.5: no thousands separators)"
_REPAIR = "Correct the row at its source and deliver the file again"


@dataclass(frozen=True)
class Scan:
    """One reading of parts: where they lie, what each looks like, and what is asked of them."""

    storage: Storage
    layouts: Mapping[Part, Layout]
    asked: Asked

    def rows(self) -> list[Row]:
        """What `query.totals` selects; refused, with file, row and field, where a row can't be counted."""
        with _connection(self.storage) as connection:
            self._check_frames()
            try:
                found = list(_rows(connection.execute(self.sql())))
            except duckdb.OutOfMemoryException as error:
                raise self._refusal(
                    f"summing it takes more than {MEMORY} of memory", "Ask for fewer days, or keep fewer tags"
                ) from error
            except duckdb.OutOfRangeException as error:
                raise self._refusal("the sum of a day is beyond 38 digits", _REPAIR) from error
            except duckdb.Error as error:
                raise self._diagnosis() from error
        self._refuse_faulty(found)
        return [row for row in found if not row[0]]

    def sql(self) -> str:
        """The one query over all parts, those of one layout as one relation."""
        groups: dict[Layout, list[str]] = {}
        for part, layout in self.layouts.items():
            groups.setdefault(layout, []).append(self.storage.url(part.file.path))
        charges = [query.charges(layout, urls, self.asked) for layout, urls in groups.items()]
        return query.totals(" union all ".join(charges), self.asked)

    def _check_frames(self) -> None:
        for part, layout in self.layouts.items():
            if layout.is_parquet:
                continue
            try:
                refuse_broken_frame(self.storage, part, layout)
            except (pa.ArrowException, OSError) as error:
                raise self._broken(part, layout) from error

    def _refuse_faulty(self, found: Sequence[Row]) -> None:
        faulty = next((str(row[-1]) for row in found if row[0] and row[-1]), None)
        if faulty is not None:
            part = next(part for part in self.layouts if faulty.endswith(part.file.path))
            raise self._fault_in(part, self.layouts[part])

    def _fault_in(self, part: Part, layout: Layout) -> Refusal:
        with _connection(self.storage) as connection:
            connection.execute("set threads = 1")
            sql = query.first_fault(layout, self.storage.url(part.file.path), self.asked)
            row = connection.execute(sql).fetchone()
        if row is None:
            return self._refusal("changed while it was read", "Try again when the delivery is finished")
        number, field, value = row
        wrong = _WRONG.get(field, _NOT_A_COST if field.endswith("Cost") else "holds a NUL character")
        what = f"{str(value)[:60]!r} {wrong}" if value is not None or field == "Tags" else "is empty"
        return Refusal(what, where=f"{self._where(part)}, row {number}, field {field}", remedy=_REPAIR)

    def _diagnosis(self) -> Refusal:
        """The first part that can't be read by itself."""
        for part, layout in self.layouts.items():
            with _connection(self.storage) as connection:
                try:
                    connection.execute(Scan(self.storage, {part: layout}, self.asked).sql()).fetchall()
                except duckdb.Error:
                    return self._broken(part, layout)
        return self._refusal("it could not be read", "Try again; when it stays, report it with the log of the run")

    def _broken(self, part: Part, layout: Layout) -> Refusal:
        """Where the frame of a part breaks: the row of a CSV, or the part as a whole."""
        fault = None if layout.is_parquet else _first_broken_row(self.storage, part, len(layout.columns))
        if fault is None:
            return damaged(part, self._where(part))
        number, what = fault
        return Refusal(what, where=f"{self._where(part)}, row {number}", remedy=_REPAIR)

    def _where(self, part: Part) -> str:
        return f"{self.storage.shown}, file {part.name}"

    def _refusal(self, what: str, remedy: str) -> Refusal:
        return Refusal(what, where=self.storage.shown, remedy=remedy)


def _rows(answer: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    """The rows, some at a time, each name held once: DuckDB makes a new text of every cell."""
    names: dict[str, str] = {}
    while some := answer.fetchmany(_ROWS_AT_ONCE):
        for row in some:
            yield tuple(names.setdefault(cell, cell) if isinstance(cell, str) else cell for cell in row)


@contextmanager
def _connection(storage: Storage) -> Generator[duckdb.DuckDBPyConnection]:
    """A database in memory that can spill to a folder of its own, fetches no extensions and thinks in UTC."""
    with TemporaryDirectory() as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": folder,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(config=config) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set enable_progress_bar = false")
            if not storage.is_local:
                connection.register_filesystem(DuckDBFiles(storage.files))
            yield connection


def _first_broken_row(storage: Storage, part: Part, width: int) -> tuple[int, str] | None:
    """The first row that is no CSV of this width, counted from the header as row 1, and what is wrong with it."""
    number = 1
    try:
        with storage.open(part.file.path, compression=part.compression) as stream:
            text = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig", newline="")
            for number, fields in enumerate(csv.reader(_lines(text), strict=True), 1):
                if fields and len(fields) != width:
                    return number, f"it has {len(fields)} fields, the header has {width}"
    except UnicodeDecodeError:
        return number + 1, "it is not UTF-8 text"
    except csv.Error:
        return number + 1, "its quotes don't match, or it is longer than 128 kB"
    except (OSError, pa.ArrowException):
        return None
    return None


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines, none of them endless: a bomb is often one line."""
    while line := text.readline(_LINE_AT_MOST):
        if len(line) == _LINE_AT_MOST:
            raise csv.Error
        yield line
