"""What the columns of a part are: its header or its schema, read before a single row is.

Here: header and schema of a part, and the check of a CSV's frame (compression, fields a row).
Not here: which version the columns mean (versions.py), the rows themselves (query.py).
"""
# pyarrow ships no types
# pyright: reportUnknownParameterType=false

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from pyarrow import types

from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.versions import NEEDED, OPTIONAL
from unit_economics.object_storage import Storage
from unit_economics.refusals import Refusal

Kind = Literal["text", "exact", "float", "moment", "utc_moment", "map", "entries", "struct"]

_HEADER_AT_MOST = 1 << 18
_TIMES = ("ChargePeriodStart", "ChargePeriodEnd")
_COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


@dataclass(frozen=True)
class Layout:
    """The columns of a part in their order, with what DuckDB will find in each. Parts with one layout are read as one.

    types: how the Parquet columns are stored; DuckDB would force one file's decimals on the next.
    has_rows: False where a CSV ends with its header, or before it.
    tag_columns: the tags that have a column of their own, as in a prepared delivery.
    """

    is_parquet: bool
    is_gzip: bool
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    types: tuple[str, ...] = ()
    has_rows: bool = True
    tag_columns: tuple[str, ...] = ()

    def kind(self, column: str) -> Kind | None:
        """What is in the column; None where there is no such column."""
        return self.kinds[self.columns.index(column)] if column in self.columns else None


def layout_of(storage: Storage, part: Part) -> Layout:
    """The layout of a part; refused where its header or footer can't be meant."""
    where = f"{storage.shown}, file {part.name}"
    try:
        layout = _parquet_layout(storage, part, where) if part.is_parquet else _csv_layout(storage, part, where)
    except pa.ArrowException as error:
        raise damaged(part, where) from error
    except OSError as error:
        raise (damaged(part, where) if storage.is_local or part.is_gzip else storage.unreachable()) from error
    _refuse_duplicates(layout.columns, where)
    return layout


def damaged(part: Part, where: str) -> Refusal:
    """What is said of a file that is not what its name says it is, or only half of it."""
    kind = "Parquet" if part.is_parquet else "CSV.gz" if part.is_gzip else "CSV"
    return Refusal(
        f"it is damaged, cut off or no {kind}", where=where, remedy="Deliver the file again, whole, then repeat"
    )


def _parquet_layout(storage: Storage, part: Part, where: str) -> Layout:
    with storage.files.open_input_file(part.file.path) as file:
        schema = pyarrow.parquet.read_schema(file)
    read = {*NEEDED, *OPTIONAL}
    for field in schema:
        if field.name in read and _kind(field.type) not in _accepted(field.name):
            raise Refusal(
                f"a column of type {field.type} can't hold it",
                where=f"{where}, field {field.name}",
                remedy="Export the column with the type that FOCUS gives it",
            )
    return Layout(
        is_parquet=True,
        is_gzip=False,
        columns=tuple(schema.names),
        kinds=tuple(_kind(field.type) or "text" for field in schema),
        types=tuple(str(field.type) for field in schema),
        tag_columns=part.tag_columns,
    )


def _accepted(column: str) -> Sequence[Kind]:
    if column in _COSTS:
        return ("text", "exact", "float")
    if column in _TIMES:
        return ("text", "moment", "utc_moment")
    return ("text", "map", "entries", "struct") if column == "Tags" else ("text", "exact")


def _kind(kind: pa.DataType) -> Kind | None:
    if types.is_dictionary(kind):
        return _kind(kind.value_type)
    tests: dict[Kind, bool] = {
        "text": types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind),
        "float": types.is_floating(kind),
        "exact": types.is_integer(kind) or types.is_decimal128(kind),
        "utc_moment": types.is_timestamp(kind) and kind.tz is not None,
        "moment": types.is_timestamp(kind) or types.is_date(kind),
        "map": types.is_map(kind),
        "entries": types.is_list(kind) and _is_entry(kind.value_type),
        "struct": types.is_struct(kind),
    }
    return next((name for name, is_it in tests.items() if is_it), None)


def _is_entry(kind: pa.DataType) -> bool:
    return types.is_struct(kind) and {field.name for field in kind} == {"key", "value"}


def _csv_layout(storage: Storage, part: Part, where: str) -> Layout:
    with storage.open(part.file.path, compression=part.compression) as stream:
        start = stream.read(_HEADER_AT_MOST)
    header, ended = _header(start, where)
    return Layout(
        is_parquet=False,
        is_gzip=part.is_gzip,
        columns=header,
        kinds=("text",) * len(header),
        has_rows=bool(header) and not ended,
    )


def _header(start: bytes, where: str) -> tuple[tuple[str, ...], bool]:
    """The names in the first row, and whether the file ends with it; no names where there is nothing at all."""
    text = start.decode("utf-8-sig", errors="replace")
    first_line = text.partition("\n")[0]
    if "\0" in first_line or "\ufffd" in first_line:
        raise Refusal(
            "the header is not UTF-8 text", where=f"{where}, row 1", remedy="Export the file as UTF-8 CSV, or CSV.gz"
        )
    if not text.strip():
        return (), True
    lines = io.StringIO(text, newline="")
    try:
        names = next(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise Refusal(
            "the header is not CSV", where=f"{where}, row 1", remedy="Separate by commas, quote by double quotes"
        ) from error
    _refuse_other_delimiter(names, where)
    return tuple(names), not lines.read().strip() and len(start) < _HEADER_AT_MOST


def _refuse_other_delimiter(names: Sequence[str], where: str) -> None:
    whole = ",".join(names)
    for delimiter, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if whole.count(delimiter) > whole.count(","):
            raise Refusal(
                f"its columns are separated by {called}, not by commas",
                where=f"{where}, row 1",
                remedy="Export it with commas, as FOCUS files are",
            )


def _refuse_duplicates(columns: Sequence[str], where: str) -> None:
    exact = [name for name, times in Counter(columns).items() if times > 1]
    lower = Counter(name.lower() for name in columns)
    read = [name for name in (*NEEDED, *OPTIONAL) if lower[name.lower()] > 1]
    if exact or read:
        raise Refusal(
            f"the column {(exact or read)[0]} is there more than once",
            where=f"{where}, header",
            remedy="Deliver the file with each column once",
        )


class _Quotes(io.RawIOBase):
    """A stream that counts the quotes in what is read of it."""

    def __init__(self, stream: pa.NativeFile) -> None:
        super().__init__()
        self._stream = stream
        self.number = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """What the stream reads."""
        data = self._stream.read(size)
        self.number += data.count(b'"')
        return data


def refuse_broken_frame(storage: Storage, part: Part, layout: Layout) -> None:
    """Raise what pyarrow finds wrong with the frame of a CSV, which DuckDB passes over.

    DuckDB 2.0 neither compares the checksum of a gzip file nor minds one empty field too many, behind which
    an unquoted comma can hide that moved all columns after it; and of many files it leaves out a last row whose quote
    is never closed, without a word.
    """
    names = [f"c{n}" for n in range(len(layout.columns))]
    with storage.open(part.file.path, compression=part.compression) as stream:
        quotes = _Quotes(stream)
        batches = pyarrow.csv.open_csv(
            quotes,
            read_options=pyarrow.csv.ReadOptions(block_size=1 << 22, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=names[:1], column_types={"c0": pa.binary()}, strings_can_be_null=False
            ),
        )
        for _ in batches:
            pass
    if quotes.number % 2:
        raise pa.ArrowInvalid("a quote is never closed")
