"""The rows of all files as one stream of texts for DuckDB, each row with its file and number, in bounded memory.

Here: which reader reads which file, the batches, the time it may take. Not here: the readers (csv_rows.py,
json_rows.py, parquet_rows.py), what is asked (question.py).
"""
# pyarrow ships no types
# pyright: reportUnknownParameterType=false, reportAttributeAccessIssue=false

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from unit_economics.object_storage import Storage
from unit_economics.refusals import Refusal
from unit_economics.unit_sources.files.csv_rows import Row, csv_rows
from unit_economics.unit_sources.files.json_rows import json_rows
from unit_economics.unit_sources.files.parquet_rows import parquet_columns
from unit_economics.unit_sources.files.parts import Part

_ROWS_AT_ONCE = 1 << 14
_LETTERS_AT_ONCE = 1 << 23
_LARGEST_EXPONENT = 60
_SCIENTIFIC = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?(?P<exponent>[0-9]{1,3})")


@dataclass
class Feed:
    """Files that are read once; a refusal is kept, for DuckDB passes on nothing but a text."""

    storage: Storage
    parts: Sequence[Part]
    columns: Sequence[str]
    null_words: Sequence[str]
    number: int | None
    timeout: timedelta
    refusal: Refusal | None = None
    _until: float = field(init=False)

    @property
    def schema(self) -> pa.Schema:
        """File, row, and the columns as texts."""
        texts = [(f"c{n}", pa.string()) for n in range(len(self.columns))]
        return pa.schema([("file", pa.int32()), ("row", pa.int64()), *texts])

    def reader(self) -> pa.RecordBatchReader:
        """The stream."""
        self._until = time.monotonic() + self.timeout.total_seconds()
        return pa.RecordBatchReader.from_batches(self.schema, self._kept())

    def _kept(self) -> Iterator[pa.RecordBatch]:
        try:
            for number, part in enumerate(self.parts):
                yield from self._batches(number, part)
        except Refusal as refusal:
            self.refusal = refusal
            raise

    def _batches(self, file: int, part: Part) -> Iterator[pa.RecordBatch]:
        try:
            for rows, columns in self._read(part):
                self._refuse_late(part)
                plain = [_plain(column) if n == self.number else column for n, column in enumerate(columns)]
                files = pa.array([file] * len(rows), pa.int32())
                yield pa.RecordBatch.from_arrays([files, rows, *plain], schema=self.schema)
        except pa.ArrowException as error:
            raise part.damaged() from error
        except OSError as error:
            is_local = self.storage.is_local or part.is_gzip
            raise (part.damaged() if is_local else self.storage.unreachable()) from error

    def _read(self, part: Part) -> Iterator[tuple[pa.Array, list[pa.Array]]]:
        if part.form == "CSV":
            yield from _batched(csv_rows(self.storage, part, self.columns, self.null_words), len(self.columns))
        elif part.form == "JSON Lines":
            yield from _batched(json_rows(self.storage, part, self.columns), len(self.columns))
        else:
            first = 1
            for columns in parquet_columns(self.storage, part, self.columns):
                rows = pa.array(range(first, first + len(columns[0])), pa.int64())
                first += len(rows)
                yield rows, columns

    def _refuse_late(self, part: Part) -> None:
        if time.monotonic() > self._until:
            what = f"the files are not read within {self.timeout.total_seconds():g} s"
            raise part.refusal(what, remedy="Ask for fewer files by a glob, or raise `reading_timeout`")


def _batched(rows: Iterator[Row], width: int) -> Iterator[tuple[pa.Array, list[pa.Array]]]:
    """The rows, some at a time, and fewer where they are long."""
    numbers: list[int] = []
    texts: list[list[str | None]] = [[] for _ in range(width)]
    letters = 0
    for number, values in rows:
        numbers.append(number)
        for column, value in zip(texts, values, strict=True):
            column.append(value)
            letters += len(value) if value else 0
        if len(numbers) == _ROWS_AT_ONCE or letters > _LETTERS_AT_ONCE:
            yield pa.array(numbers, pa.int64()), [pa.array(column, pa.string()) for column in texts]
            numbers, texts, letters = [], [[] for _ in range(width)], 0
    if numbers:
        yield pa.array(numbers, pa.int64()), [pa.array(column, pa.string()) for column in texts]


def _plain(column: pa.Array) -> pa.Array:
    """Numbers without an exponent: 1e-7 is 0.0000001."""
    if not pc.any(pc.match_substring(column, "e", ignore_case=True)).as_py():
        return column
    return pa.array([_spelt_out(text) for text in column.to_pylist()], pa.string())


def _spelt_out(text: str | None) -> str | None:
    """The same number; what is none, or beyond all bounds, stays as it is and is refused."""
    found = _SCIENTIFIC.fullmatch(text or "")
    is_bounded = found is not None and int(found["exponent"]) <= _LARGEST_EXPONENT
    return f"{Decimal(found[0]):f}" if found and is_bounded else text
