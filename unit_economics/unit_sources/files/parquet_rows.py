"""The rows of a Parquet file as texts: numbers by their shortest decimal, times with their zone.

Here: types that can be counted, and how they are spelt. Not here: what the texts mean (question.py).
"""
# pyarrow ships no types
# pyright: reportUnknownParameterType=false, reportAttributeAccessIssue=false

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from unit_economics.object_storage import Storage
from unit_economics.unit_sources.files.csv_rows import missing
from unit_economics.unit_sources.files.parts import Part

_ROWS_AT_ONCE = 1 << 15


def parquet_columns(storage: Storage, part: Part, wanted: Sequence[str]) -> Iterator[list[pa.Array]]:
    """The wanted columns as texts, some rows at a time."""
    with storage.files.open_input_file(part.file.path) as source, pq.ParquetFile(source) as file:
        schema = file.schema_arrow
        times = Counter(schema.names)
        for name in wanted:
            if times[name] > 1:
                raise part.refusal(f"the column {name} is there more than once", remedy="Deliver it with each once")
            if name not in times:
                raise missing(part, name, schema.names)
            if not _is_plain(_plain(schema.field(name).type)):
                what = f"a column of type {schema.field(name).type} holds no single value"
                raise part.refusal(what, field=name, remedy="Export it as text, number, time or truth value")
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=list(wanted)):
            yield [_texts(batch.column(name), part, name) for name in wanted]


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if types.is_dictionary(kind) else kind


def _is_plain(kind: pa.DataType) -> bool:
    tests = (
        types.is_string,
        types.is_large_string,
        types.is_binary,
        types.is_large_binary,
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_boolean,
        types.is_timestamp,
        types.is_date,
        types.is_null,
    )
    return any(test(kind) for test in tests)


def _texts(column: pa.Array, part: Part, name: str) -> pa.Array:
    kind = _plain(column.type)
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_timestamp(kind):
        column = _times(column, kind)
    elif types.is_date64(kind):
        column = pc.cast(column, pa.date32())
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowInvalid as error:
        raise part.refusal("it is not UTF-8 text", field=name, remedy="Write the column as UTF-8 text") from error


def _times(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Nanoseconds and what has a zone are told in UTC and in microseconds, towards the past."""
    zone = "UTC" if kind.tz else None
    if kind.unit == "ns":
        column = pc.floor_temporal(column, 1, unit="microsecond")
    return pc.cast(column, pa.timestamp("us", zone))
