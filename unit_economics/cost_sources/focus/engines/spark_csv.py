"""CSV parts as a relation of Spark: parsed on the workers, by the very reader that one machine uses.

Here: handing each part to a worker. Not here: typing the columns (spark_columns.py), Parquet (spark.py).
Spark's own CSV reader can't tell a quoted NULL from an empty value, passes over broken UTF-8 and counts columns
leniently. A worker needs this package, as it does for any function in Python; for Parquet it needs none.
"""

# pyarrow ships no types
# pyright: reportUnknownParameterType=false

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from unit_economics.cost_sources.focus import query
from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.layout import Layout, refuse_broken_frame
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.cost_sources.focus.scan import connection
from unit_economics.cost_sources.focus.tags import column_sql
from unit_economics.object_storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Read = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def rows(
    session: "SparkSession",
    storage: Storage,
    layout: Layout,
    parts: Sequence[Part],
    columns: Sequence[str],
    asked: Asked,
) -> "DataFrame":
    """These columns of the parts as texts, with `filename`: one part a task, as no CSV can be cut safely."""
    numbers = session.range(len(parts), numPartitions=len(parts))
    schema = ", ".join(f"`{column}` string" for column in ["filename", *columns])
    return numbers.mapInArrow(_reader(storage, layout, parts, columns, asked), schema)


def _reader(storage: Storage, layout: Layout, parts: Sequence[Part], columns: Sequence[str], asked: Asked) -> Read:
    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from _rows_of(storage, layout, parts[number], columns, asked)

    return read


def _rows_of(
    storage: Storage, layout: Layout, part: Part, columns: Sequence[str], asked: Asked
) -> Iterator[pa.RecordBatch]:
    named = ", ".join(f'{column_sql(layout, column)} as "{column}"' for column in columns)
    relation = query.read(layout, [storage.url(part.file.path)], asked)
    try:
        refuse_broken_frame(storage, part, layout)
        with connection(storage) as session:
            yield from session.sql(f"select filename, {named} from {relation}").to_arrow_reader()
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise RuntimeError(part.file.path) from error  # its name is what the driver needs
