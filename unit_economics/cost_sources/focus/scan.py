"""Running the scan in DuckDB, in bounded memory, and finding the row that is to blame where it fails.

Here: the connection, the one query, and the diagnosis. Not here: the SQL itself (query.py).
The fast path looks at no row by itself; only a scan that failed is looked at again, part by part.
"""

import csv
import io
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from unit_economics.cost_sources.focus import query
from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.layout import Layout, damaged, refuse_broken_frame
from unit_economics.cost_sources.focus.limits import Limits
from unit_economics.cost_sources.focus.progress import told
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.object_storage import DuckDBFiles, Storage
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
    "BillingPeriodStart": "is no date and time",
    "Tags": "holds a NUL character, or more than 1 MB",
}
_NOT_A_COST = "is no finite decimal number below 10^24 (write 1234.5: no thousands separators)"
REPAIR = "Correct the row at its source and deliver the file again"


@dataclass(frozen=True)
class Scan:
    """One reading of parts: where they lie, what each looks like, and what is asked of them."""

    storage: Storage
    layouts: Mapping[Part, Layout]
    asked: Asked
    limits: Limits = field(default_factory=Limits)
    say: Callable[[str], None] = lambda _: None

    def rows(self) -> list[Row]:
        """What `query.totals` selects; refused, with file, row and field, where a row can't be counted."""
        self.limits.refuse_small_disk(sum(part.file.size for part in self.layouts))
        with connection(self.storage, self.limits.memory, self.limits.folder) as session:
            self.check_frames()
            session.execute("set preserve_insertion_order = false")
            # Otherwise DuckDB 2.0 adds the days up from the charges' own sums, which they are there to prove.
            session.execute("set disabled_optimizers = 'grouping_sets'")
            try:
                with told(session, f"scanning {self.storage.shown}", self.say):
                    found = list(_rows(session.execute(self.sql())))
            except duckdb.OutOfMemoryException as error:
                raise self._too_large() from error
            except duckdb.OutOfRangeException as error:
                raise self._refusal("the sum of a day is beyond 38 digits", REPAIR) from error
            except duckdb.Error as error:
                unknown = self._refusal(
                    "it could not be read", "Try again; when it stays, report it with the log of the run"
                )
                raise self.diagnosis() or unknown from error
        self._refuse_faulty(found)
        return found

    def sql(self) -> str:
        """The one query over all parts."""
        return query.totals(self._charges(), self.asked, file="null")

    def _charges(self, *, closely: bool = False) -> str:
        """The rows of all parts, those of one layout as one relation."""
        groups: dict[Layout, list[str]] = {}
        for part, layout in self.layouts.items():
            groups.setdefault(layout, []).append(self.storage.url(part.file.path))
        return " union all ".join(
            query.charges(layout, urls, self.asked, closely=closely) for layout, urls in groups.items()
        )

    def check_frames(self) -> None:
        """Raise `Refusal` for the first CSV part whose frame is broken."""
        for part, layout in self.layouts.items():
            if layout.is_parquet:
                continue
            try:
                refuse_broken_frame(self.storage, part, layout)
            except (pa.ArrowException, OSError) as error:
                raise self._broken(part, layout) from error

    def _refuse_faulty(self, found: Sequence[Row]) -> None:
        """Only now is it asked which file it is: to keep it of every row would slow all other scans down."""
        if not any(row[0] for row in found):
            return
        with connection(self.storage) as session:
            ((file,),) = session.execute(query.file_at_fault(self._charges(closely=True))).fetchall()
        part = next((part for part in self.layouts if str(file).endswith(part.file.path)), None)
        changed = self._refusal("changed while it was read", "Try again when the delivery is finished")
        raise (self.fault_in(part) if part else None) or changed

    def fault_in(self, part: Part) -> Refusal | None:
        """What is wrong with the first row of the part that can't be counted; None where every row can."""
        with connection(self.storage) as session:
            session.execute("set threads = 1")
            sql = query.first_fault(self.layouts[part], self.storage.url(part.file.path), self.asked)
            row = session.execute(sql).fetchone()
        if row is None:
            return None
        number, field, value = row
        wrong = _WRONG.get(field, _NOT_A_COST if field.endswith("Cost") else "holds a NUL character")
        what = f"{str(value)[:60]!r} {wrong}" if value is not None or field == "Tags" else "is empty"
        return Refusal(what, where=f"{self._where(part)}, row {number}, field {field}", remedy=REPAIR)

    def diagnosis(self) -> Refusal | None:
        """The first part that can't be read by itself; None where each of them can."""
        parts = list(self.layouts)
        while len(parts) > 1:
            half = parts[: len(parts) // 2]
            parts = half if not self._can_read(half) else parts[len(half) :]
        return None if self._can_read(parts) else self._broken(parts[0], self.layouts[parts[0]])

    def _can_read(self, parts: Sequence[Part]) -> bool:
        some = replace(self, layouts={part: self.layouts[part] for part in parts})
        with connection(self.storage) as session:
            try:
                session.execute(some.sql()).fetchall()
            except duckdb.Error:
                return False
        return True

    def _broken(self, part: Part, layout: Layout) -> Refusal:
        """Where the frame of a part breaks: the row of a CSV, or the part as a whole."""
        fault = None if layout.is_parquet else _first_broken_row(self.storage, part, len(layout.columns))
        if fault is None:
            return damaged(part, self._where(part))
        number, what = fault
        return Refusal(what, where=f"{self._where(part)}, row {number}", remedy=REPAIR)

    def _where(self, part: Part) -> str:
        return f"{self.storage.shown}, file {part.name}"

    def _too_large(self) -> Refusal:
        return self._refusal(
            f"summing it takes more than {self.limits.memory} of memory, or the folder {self.limits.folder} is full",
            "Give `scan` of the bill more memory or a larger folder, ask for fewer days, or keep fewer tags",
        )

    def _refusal(self, what: str, remedy: str) -> Refusal:
        return Refusal(what, where=self.storage.shown, remedy=remedy)


def _rows(answer: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    """The rows, some at a time, each name held once: DuckDB makes a new text of every cell."""
    names: dict[str, str] = {}
    while some := answer.fetchmany(_ROWS_AT_ONCE):
        for row in some:
            yield tuple(names.setdefault(cell, cell) if isinstance(cell, str) else cell for cell in row)


@contextmanager
def connection(
    storage: Storage, memory: str = MEMORY, spill: Path | None = None
) -> Generator[duckdb.DuckDBPyConnection]:
    """A database in memory that can spill to a folder of its own, fetches no extensions and thinks in UTC."""
    with TemporaryDirectory(dir=spill) as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "temp_directory": folder,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(config=config) as session:
            session.execute("set TimeZone = 'UTC'")
            session.execute("set enable_progress_bar = false")
            if storage.is_local:
                # Each of them opens some sixteen files ahead, and there are four a core; a disk gains nothing by it.
                session.execute("set async_threads = 0")
            else:
                session.register_filesystem(DuckDBFiles(storage.files))
            yield session


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
