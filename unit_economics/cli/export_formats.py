"""Rows of unit costs as CSV, JSON and Parquet, every decimal exact.

Here: pure encoding. Not here: where the rows come from and go to (export.py).
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from unit_economics.cli.table import decimal_text

Rows = Sequence[tuple[Any, ...]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DIGITS_128, _DIGITS_256 = 38, 76


def as_csv(names: Sequence[str], rows: Rows) -> bytes:
    """RFC 4180 in UTF-8; empty for what is not there."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def as_json(names: Sequence[str], rows: Rows) -> bytes:
    """A list of objects; decimals are text, for a JSON number would be read as a binary fraction."""
    listed = [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in rows]
    return (json.dumps(listed, indent=1, ensure_ascii=False) + "\n").encode()


def as_parquet(names: Sequence[str], rows: Rows) -> bytes:
    """One row group with typed columns; each decimal column is as wide as its values need."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    fields = [pa.field(name, _type_of(name, column)) for name, column in zip(names, columns, strict=True)]
    table = pa.table([list(column) for column in columns], schema=pa.schema(fields))
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    plain = _plain(value)
    return "" if plain is None else str(plain)


def _plain(value: object) -> str | int | None:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value if isinstance(value, int) or value is None else str(value)


def _type_of(name: str, column: Iterable[Any]) -> object:
    if name in ("cost", "quantity", "unit_cost"):
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
