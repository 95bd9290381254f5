"""The scan on a real Spark cluster gives what DuckDB gives, to the last decimal; what it can't, it refuses.

Here: whole bills. Not here: single columns (test_spark_columns.py), what is compiled for other engines (test_table.py).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.adapters import Delivery
from unit_economics.allocated import direct_costs
from unit_economics.allocation_entry import Allocation
from unit_economics.catalogue import CostScope
from unit_economics.cost_sources.focus.engines import spark as spark_scan
from unit_economics.cost_sources.focus.engines import spark_session
from unit_economics.cost_sources.focus.engines.translation import Dialect, translated
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics_tests import test_focus_real_bills as real
from unit_economics_tests.focus_bills import DAY, billed, charge, read_bill, write_bill
from unit_economics_tests.spark_cluster import Cluster
from unit_economics_tests.test_focus_days import amounts, lengths, moments, period
from unit_economics_tests.test_rules import allocations, charges


def on_both(spark: Cluster, path: Path, *days: date, **asked: Any) -> Delivery:
    """What Spark hands over, which is what DuckDB hands over."""
    delivery = read_bill(path, *days, engine=spark.engine, **asked)
    assert_same(read_bill(path, *days, **asked), delivery)
    return delivery


def assert_same(one: Delivery, other: Delivery) -> None:
    pd.testing.assert_frame_equal(one.charges, other.charges)
    pd.testing.assert_frame_equal(one.source_totals, other.source_totals)
    assert (one.absent, one.fingerprint) == (other.absent, other.fingerprint)


def test_the_cluster_is_a_master_with_two_workers(spark: Cluster, tmp_path: Path) -> None:
    on_both(spark, write_bill(tmp_path, charge()))
    told = httpx.get(f"{spark.page}/json/").json()
    assert told["aliveworkers"] == 2
    assert [application["cores"] for application in told["activeapps"]] == [2]


@pytest.mark.parametrize(
    ("form", "long_charges", "suffix"),
    [("focus_parquet", "start", "utc"), ("focus_parquet", "spread", "utc_spread"), ("focus_csv", "start", "utc")],
)
def test_a_real_aws_month_has_the_same_answers(
    spark: Cluster, shared_data: Path, form: str, long_charges: str, suffix: str
) -> None:
    case = shared_data / real.D1
    delivery = on_both(
        spark, case / "input" / form, *real.NOVEMBER, tag_keys=["department"], long_charges=long_charges
    )
    real.assert_answers(delivery, case / f"expected_{suffix}.csv")
    real.assert_categories(delivery, case / f"expected_by_category_{suffix}.csv")


def test_the_finops_foundations_sample_has_the_same_answers(spark: Cluster, shared_data: Path) -> None:
    case = shared_data / real.D2
    delivery = on_both(spark, case / "input" / "focus_*.csv", *real.SEPTEMBER, tag_keys=["environment", "org", " org"])
    real.assert_answers(read_bill(case / "input" / "focus_*.csv", *real.SEPTEMBER, tag_keys=["environment"]), case / "expected_utc.csv")
    assert sum(delivery.charges["charge_rows"]) == 445


def test_versions_that_lie_together_have_the_same_answers(spark: Cluster, shared_data: Path, tmp_path: Path) -> None:
    for version in ("1_2", "1_3"):
        real.providers(version)(shared_data, tmp_path)
    assert sum(on_both(spark, tmp_path, *real.MAY).charges["charge_rows"]) == 3000


MONTHS = (date(2023, 12, 30), date(2025, 3, 20))
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca")
rows = st.builds(
    lambda columns, start, length, billed, effective, n: {
        **columns,
        "ChargePeriodStart": start.isoformat(),
        "ChargePeriodEnd": (start + length).isoformat(),
        "BilledCost": f"{billed:f}",
        "EffectiveCost": f"{effective:f}",
        "ListCost": "",
        "RegionId": f"r{n}",
    },
    charges,
    moments,
    lengths,
    amounts,
    amounts,
    st.integers(0, 3),
)


def write_parquet(folder: Path, bill: list[Mapping[str, str]]) -> Path:
    whole = [charge(**row) for row in bill]
    pq.write_table(pa.Table.from_pylist(whole), folder / "bill.parquet")
    return folder


@settings(max_examples=12)
@given(
    bill=st.lists(rows, min_size=25, max_size=40),
    written=st.lists(allocations, min_size=25, max_size=25),
    zone=st.sampled_from(ZONES),
    long_charges=st.sampled_from(["start", "spread"]),
)
def test_300_random_rule_sets_and_bills_add_up_to_the_bill_on_both_engines(
    spark: Cluster,
    tmp_path_factory: pytest.TempPathFactory,
    bill: list[Mapping[str, str]],
    written: list[dict[str, Any]],
    zone: str,
    long_charges: str,
) -> None:
    path = write_parquet(tmp_path_factory.mktemp("bill"), bill)
    scopes = {f"scope_{n}": Allocation.model_validate(rules) for n, rules in enumerate(written)}
    found = on_both(
        spark, path, *MONTHS, zone=zone, long_charges=long_charges, allocations=scopes, tag_keys=["team"]
    )
    whole = sum(Decimal(row["BilledCost"]) for row in bill)
    assert billed(found) == whole
    for name, rules in scopes.items():
        parts = direct_costs(name, CostScope(allocation=rules, basis="billed"), found.charges)
        assert sum(part.amount or 0 for part in parts.values()) == whole


BIG = Decimal("90071992547409.930000000001")


def test_sums_in_floating_point_would_be_caught(
    spark: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bill(tmp_path, *(charge(BilledCost=str(BIG)) for _ in range(3)))
    assert billed(on_both(spark, tmp_path)) == 3 * BIG

    def floating(sql: str, dialect: Dialect) -> str:
        return translated(sql.replace("sum(billed_cost)", "cast(sum(cast(billed_cost as double)) as decimal(38, 12))"), dialect)

    monkeypatch.setattr(spark_scan, "translated", floating)
    with pytest.raises(AssertionError, match="billed_cost"):
        on_both(spark, tmp_path)


def test_a_session_that_does_not_think_in_utc_would_be_caught(
    spark: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {"ChargePeriodStart": "2024-09-10T23:30:00Z", "ChargePeriodEnd": "2024-09-10T23:45:00Z"}
    write_bill(tmp_path, charge(**late))
    assert not on_both(spark, tmp_path).charges.empty
    monkeypatch.setitem(spark_session.SETTINGS, "spark.sql.session.timeZone", "Europe/Berlin")
    with pytest.raises(AssertionError):
        on_both(spark, tmp_path)


BAD = {
    "a cost that is no number": ({"BilledCost": "1_000"}, "row 3, field BilledCost: '1_000' is no finite"),
    "a time in another order": ({"ChargePeriodStart": "9/10/2024"}, "row 3, field ChargePeriodStart: '9/10/2024'"),
    "a time that only Spark reads": ({"ChargePeriodStart": "2024-09"}, "row 3, field ChargePeriodStart: '2024-09'"),
    "a NUL": ({"RegionId": "a\0b"}, "row 3, field RegionId"),
}


def test_a_row_at_fault_is_refused_in_the_same_words(spark: Cluster, tmp_path: Path) -> None:
    for n, (changes, said) in enumerate(BAD.values()):
        folder = tmp_path / str(n)
        folder.mkdir()
        write_parquet(folder, [charge(), charge(**changes)])
        told = [refusal_of(folder), refusal_of(folder, engine=spark.engine)]
        assert told[0] == told[1]
        assert said.replace("row 3", "row 2") in told[1]


def refusal_of(path: Path, **asked: Any) -> str:
    with pytest.raises(Refusal) as refused:
        read_bill(path, **asked)
    return str(refused.value)


def test_a_broken_part_among_good_ones_is_named_as_duckdb_names_it(spark: Cluster, tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), name="good one.csv.gz")
    broken = write_bill(tmp_path, *(charge(BilledCost=f"0.{n}") for n in range(3000)), name="bad [1].csv.gz")
    broken.write_bytes(broken.read_bytes()[:-100])
    assert refusal_of(tmp_path) == refusal_of(tmp_path, engine=spark.engine)
    assert "bad [1].csv.gz" in refusal_of(tmp_path)


def test_a_parquet_part_that_breaks_while_it_is_read_is_named(spark: Cluster, tmp_path: Path) -> None:
    write_parquet(tmp_path, [charge(BilledCost=f"0.{n}", ServiceName=f"s{n}") for n in range(3000)])
    data = bytearray((tmp_path / "bill.parquet").read_bytes())
    data[4:2000] = b"\xff" * 1996
    (tmp_path / "bill.parquet").write_bytes(data)
    assert refusal_of(tmp_path) == refusal_of(tmp_path, engine=spark.engine)


def test_a_sum_beyond_38_digits_is_refused_in_the_same_words(spark: Cluster, tmp_path: Path) -> None:
    write_parquet(tmp_path, [charge(BilledCost="9.9e23") for _ in range(1100)])
    assert refusal_of(tmp_path) == refusal_of(tmp_path, engine=spark.engine)


def test_a_master_that_does_not_answer_is_said_at_once(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    with pytest.raises(Unreachable, match="no Spark master answers"):
        read_bill(tmp_path, engine={"kind": "spark", "master": "spark://127.0.0.1:1"})


def test_a_process_is_at_one_cluster_only(spark: Cluster, tmp_path: Path) -> None:
    on_both(spark, write_bill(tmp_path, charge()))
    with pytest.raises(UsageRefusal, match="this process is at spark://"):
        read_bill(tmp_path, engine={**spark.engine, "master": "local[1]"})


def test_folders_named_like_partitions_and_odd_names_are_only_names(spark: Cluster, tmp_path: Path) -> None:
    for folder in ("a=1/x %41[é]{b,c}", "b=2/c=3/y", "*"):
        (tmp_path / folder).mkdir(parents=True)
        write_parquet(tmp_path / folder, [charge(ServiceName=folder)])
    assert len(on_both(spark, tmp_path).charges) == 3
