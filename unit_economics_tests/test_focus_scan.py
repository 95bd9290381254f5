"""The one query over a bill: what it reads, what it proves by itself, and that tags mean what they always meant."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.cost_sources.focus import scan
from unit_economics.refusals import Refusal
from unit_economics_tests.focus_bills import CHARGE, DAY, billed, charge, read_bill, write_bill

DAYS = 5


def plan_of_the_scan(folder: Path, monkeypatch: pytest.MonkeyPatch, *, without: str = "") -> str:
    """How DuckDB goes about it, in the scan's own session; without one of the session's settings."""
    plans: list[str] = []

    class Session:
        def __init__(self, session: duckdb.DuckDBPyConnection) -> None:
            self.session = session

        def __getattr__(self, name: str) -> object:
            return getattr(self.session, name)

        def execute(self, sql: str) -> object:
            if sql.startswith("select") and not plans:
                plans.append(str(self.session.execute(f"explain {sql}").fetchall()))
            return None if without and without in sql else self.session.execute(sql)

    class Connected:
        def __init__(self, *how: object) -> None:
            self.connection = connection(*how)

        def __enter__(self) -> Session:
            return Session(self.connection.__enter__())

        def __exit__(self, *why: object) -> None:
            self.connection.__exit__(*why)

    connection = scan.connection
    with monkeypatch.context() as patch:
        patch.setattr(scan, "connection", Connected)
        read_bill(folder)
    return plans[0]


def test_the_days_are_added_up_from_the_rows_and_not_from_the_sums_they_prove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = write_bill(tmp_path, charge())
    assert "CTE" not in plan_of_the_scan(bill, monkeypatch)
    assert "CTE" in plan_of_the_scan(bill, monkeypatch, without="disabled_optimizers")


@pytest.fixture
def days(tmp_path: Path) -> Path:
    """A file with a row group for each of DAYS days, the second of them overwritten with zeros."""
    path = tmp_path / "bill.parquet"
    starts = [DAY + timedelta(days=nth) for nth in range(DAYS)]
    columns: dict[str, object] = {name: [value] * DAYS for name, value in CHARGE.items()}
    for field in ("ChargePeriodStart", "ChargePeriodEnd"):
        columns[field] = pa.array(starts, pa.date32()).cast(pa.timestamp("us"))
    pq.write_table(pa.table(columns), path, row_group_size=1, compression="none", use_dictionary=False)
    group = pq.ParquetFile(path).metadata.row_group(1)
    chunks = [group.column(n) for n in range(group.num_columns)]
    data = bytearray(path.read_bytes())
    for chunk in chunks:
        data[chunk.data_page_offset : chunk.data_page_offset + chunk.total_compressed_size] = bytes(
            chunk.total_compressed_size
        )
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("long_charges", ["start", "spread"])
def test_row_groups_of_other_days_are_not_read(days: Path, long_charges: str) -> None:
    for nth in (0, 2, 3, 4):
        day = DAY + timedelta(days=nth)
        assert billed(read_bill(days, day, long_charges=long_charges)) == Decimal("1.5")
    with pytest.raises(Refusal, match="damaged, cut off or no Parquet"):
        read_bill(days, DAY + timedelta(days=1), long_charges=long_charges)


TEXTS = st.one_of(
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["app", "team", "a/b", "a~b", ""]), st.text(max_size=5)).map(str),
    st.lists(st.sampled_from(['{"app":', '"x"', "}", ",", '"app":1', "[", "]", "null", "\\u0041", " ", '"'])).map(
        "".join
    ),
)


@given(st.lists(TEXTS, min_size=1, max_size=30))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_one_parse_finds_in_every_text_what_parsing_only_valid_json_finds(texts: list[str]) -> None:
    held = [text for text in texts if "\0" not in text]
    twice = "case when json_valid(tags) then json_extract_string(tags, ['/app']) end"
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {twice}, try(json_extract_string(tags, ['/app'])) from (select unnest(?::varchar[]) as tags)",
            [held],
        ).fetchall()
    assert [once for _, once in found] == [checked for checked, _ in found]


def test_a_text_at_fault_is_found_in_the_file_it_stands_in(tmp_path: Path) -> None:
    for nth in range(3):
        write_bill(tmp_path, charge(ChargeDescription=str(nth)), name=f"{nth}.csv")
    write_bill(tmp_path, charge(), charge(ChargeCategory="usage"), name="2.csv")
    with pytest.raises(Refusal, match=r"file 2\.csv, row 3, field ChargeCategory: 'usage'"):
        read_bill(tmp_path, date(2024, 9, 10))
