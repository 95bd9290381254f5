"""The big bill of the benchmarks: the same every time, and one answer by the two ways that are measured."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from unit_economics import schemas
from unit_economics_tests.benchmarks import big_bill, scan, scan_by_hand
from unit_economics_tests.focus_bills import read_bill

ROWS, HUNDRED_MILLION, GIGABYTE = 20_000, 100_000_000, 1_000
KINDS = ("json", "map")


def written(folder: Path, tags: str) -> Path:
    big_bill.write(folder, ROWS, tags=tags)
    return folder


@pytest.mark.parametrize("tags", KINDS)
def test_the_same_rows_come_every_time(tmp_path: Path, tags: str) -> None:
    one, other = (written(tmp_path / name, tags) for name in ("one", "other"))
    with duckdb.connect() as connection:
        differing = connection.execute(f"from '{one}/*.parquet' except from '{other}/*.parquet'").fetchall()
        found = connection.execute(f"select count(*), count(distinct ResourceId) from '{one}/*.parquet'").fetchone()
        columns = connection.execute(f"describe from '{one}/*.parquet'").fetchall()
    assert differing == []
    assert len(columns) == 41
    assert found is not None
    assert found[0] == ROWS
    assert found[1] > ROWS // 2


@pytest.mark.parametrize("tags", KINDS)
def test_the_query_by_hand_and_the_platform_sum_and_sort_every_charge_alike(tmp_path: Path, tags: str) -> None:
    """Days, costs and rules; both hand over Decimals, so to the last digit."""
    bill = written(tmp_path / "bill", tags)
    delivered = read_bill(bill, big_bill.FIRST, big_bill.LAST, tag_keys=["team"], allocations={"shop": scan.RULES})
    with duckdb.connect() as connection:
        by_hand = [row for row in scan_by_hand.summed(connection, bill, tags) if row[8] is not None]
    columns = ["business_date", "service_name", "region_id", *schemas.COSTS, "charge_rows"]
    ours = zip(*(delivered.charges[column] for column in columns), strict=True)
    assert Counter(ours) == Counter((row[0], row[3], row[4], *row[10:]) for row in by_hand)
    rules = Counter(taken.split('"')[3] for taken in delivered.charges["taken_by"])
    assert rules == Counter(row[8] for row in by_hand)
    assert len(rules) >= len(scan.RULES.rules)


@pytest.mark.soak
def test_a_hundred_million_rows_are_scanned_within_a_gigabyte(tmp_path: Path) -> None:
    """Making the bill takes 5 minutes of computing and 6.5 GB of disk, scanning it one."""
    bill = tmp_path / "bill"
    command = [
        sys.executable,
        "-m",
        "unit_economics_tests.benchmarks.big_bill",
        str(HUNDRED_MILLION),
        "json",
        str(bill),
    ]
    subprocess.run(command, check=True)
    try:
        (took,) = scan.taken(bill, "read", turns=1)
        assert took.peak <= GIGABYTE
    finally:
        for part in bill.iterdir():
            part.unlink()
