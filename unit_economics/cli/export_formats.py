"""Rows of unit costs and margins as JSON and Parquet, every decimal exact.

Here: pure encoding. Not here: CSV (csv_text.py), where the rows come from and go to (export.py).
"""

import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from unit_economics.csv_text import plain
from unit_economics.schemas import MARGIN_AMOUNTS
from unit_economics.warehouse.overview import NOWCASTS

Rows = Sequence[tuple[Any, ...]]
_DIGITS_128, _DIGITS_256 = 38, 76


def as_json(names: Sequence[str], rows: Rows) -> bytes:
    """A list of objects; decimals are text, for a JSON number would be read as a binary fraction."""
    listed = [{name: plain(value) for name, value in zip(names, row, strict=True)} for row in rows]
    return (json.dumps(listed, indent=1, ensure_ascii=False) + "\n").encode()


def as_parquet(names: Sequence[str], rows: Rows) -> bytes:
    """One row group with typed columns; each decimal column is as wide as its values need."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    fields = [pa.field(name, _type_of(name, column)) for name, column in zip(names, columns, strict=True)]
    table = pa.table([list(column) for column in columns], schema=pa.schema(fields))
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def _type_of(name: str, column: Iterable[Any]) -> object:
    if name in ("cost", "quantity", "unit_cost", *NOWCASTS, *MARGIN_AMOUNTS):
        return _decimal_type([value for value in column if value is not None])
    known = {
        "business_date": pa.date32(),
        "complete_through": pa.date32(),
        "charge_rows": pa.int64(),
        "version": pa.int32(),
        "recorded_at": pa.timestamp("us", tz="UTC"),
    }
    return known.get(name, pa.string())


def _decimal_type(values: Sequence[Decimal]) -> object:
    """128 bits where every value fits without rounding, as every reader understands them; else 256."""
    scale = max([12, *(-int(value.as_tuple().exponent) for value in values)])
    whole = max([1, *(value.adjusted() + 1 for value in values)])
    if whole + scale <= _DIGITS_128:
        return pa.decimal128(_DIGITS_128, scale)
    return pa.decimal256(_DIGITS_256, scale)
