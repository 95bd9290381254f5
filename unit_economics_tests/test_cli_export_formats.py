"""Exported rows keep every digit, and hold nothing that a spreadsheet would run."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from unit_economics.cli.export_formats import as_json, as_parquet
from unit_economics.csv_text import as_csv

NAMES = ["metric", "business_date", "cost", "quantity", "unit_cost", "charge_rows", "reason", "recorded_at"]
EXACT = Decimal("0.01234567890123456789012345678")
ROW = (
    *("cost_per_order", date(2026, 1, 31), Decimal("-1.500000000000"), Decimal(3), EXACT, 7, None),
    datetime(2026, 2, 1, 6, tzinfo=UTC),
)


def cells(content: bytes) -> list[str]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))[1]


def test_csv_holds_decimals_as_they_are() -> None:
    assert cells(as_csv(NAMES, [ROW]))[2:5] == ["-1.500000000000", "3", str(EXACT)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_disarms_a_text_that_a_spreadsheet_would_run(start: str) -> None:
    assert cells(as_csv(["reason"], [(f"{start}cmd()",)])) == [f"'{start}cmd()"]


def test_csv_leaves_a_negative_number_alone() -> None:
    assert cells(as_csv(["cost"], [(Decimal(-3),)])) == ["-3"]


def test_json_holds_decimals_as_text() -> None:
    [row] = json.loads(as_json(NAMES, [ROW]))
    assert (row["unit_cost"], row["charge_rows"], row["reason"]) == (str(EXACT), 7, None)


@pytest.mark.parametrize("largest", [Decimal(0), Decimal(10) ** 20])
def test_parquet_holds_decimals_exactly_in_a_decimal_type(largest: Decimal) -> None:
    rows = [ROW, (*ROW[:4], largest, *ROW[5:])]
    table = pq.read_table(io.BytesIO(as_parquet(NAMES, rows)))
    assert [row["unit_cost"] for row in table.to_pylist()] == [EXACT, largest]
    assert str(table.schema.field("unit_cost").type).startswith("decimal")


@pytest.mark.parametrize("encode", [as_csv, as_json, as_parquet])
def test_nothing_to_export_is_a_valid_file(encode: object) -> None:
    assert callable(encode)
    assert encode(NAMES, [])
