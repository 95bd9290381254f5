"""The scan on a real Spark cluster gives what DuckDB gives, to the last decimal; what it can't, it refuses.

Here: whole bills. Not here: single columns (test_spark_columns.py), what is compiled for other engines (test_table.py).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from unit_economics.allocation.allocated import direct_costs
from unit_economics.catalogue import CostScope
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.engines import Engine, spark_session
from unit_economics.cost_sources.focus.engines import spark as spark_scan
from unit_economics.cost_sources.focus.engines.translation import Dialect, translated
from unit_economics.entries.adapters import Delivery
from unit_economics.entries.allocation import Allocation
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics_tests import test_focus_real_bills as real
from unit_economics_tests.focus_bills import assert_same_sums, billed, charge, read_bill, write_bill
from unit_economics_tests.prepared_bills import prepare
from unit_economics_tests.spark_cluster import Cluster
from unit_economics_tests.test_focus_days import amounts, lengths, moments
from unit_economics_tests.test_rules import allocations, charges


def on_both(spark: Cluster, path: Path, *days: date, **asked: Any) -> Delivery:
    """What Spark hands over, which is what DuckDB hands over."""
    delivery = read_bill(path, *days, engine=spark.engine, **asked)
    assert_same(read_bill(path, *days, **asked), delivery)
    return delivery


def assert_same(one: Delivery, other: Delivery) -> None:
    assert_same_sums(one, other)
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
    delivery = on_both(spark, case / "input" / form, *real.NOVEMBER, tag_keys=["department"], long_charges=long_charges)
    real.assert_answers(delivery, case / f"expected_{suffix}.csv")
    real.assert_categories(delivery, case / f"expected_by_category_{suffix}.csv")


def test_the_finops_foundations_sample_has_the_same_answers(spark: Cluster, shared_data: Path) -> None:
    case = shared_data / real.D2
    delivery = on_both(spark, case / "input" / "focus_*.csv", *real.SEPTEMBER, tag_keys=["environment"])
    real.assert_answers(delivery, case / "expected_utc.csv")
    real.assert_categories(delivery, case / "expected_by_category_utc.csv")


def test_three_providers_and_two_versions_have_the_same_answers(
    spark: Cluster, shared_data: Path, tmp_path: Path
) -> None:
    for version, suffix in (("1_2", "v12"), ("1_3", "v13")):
        folder = tmp_path / version
        folder.mkdir()
        delivery = on_both(spark, real.providers(version)(shared_data, folder), *real.MAY)
        real.assert_answers(delivery, shared_data / real.D3 / f"expected_utc_{suffix}.csv")
        real.assert_categories(delivery, shared_data / real.D3 / f"expected_by_category_utc_{suffix}.csv")
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
    found = on_both(spark, path, *MONTHS, zone=zone, long_charges=long_charges, allocations=scopes, tag_keys=["team"])
    whole = sum(Decimal(row["BilledCost"]) for row in bill)
    assert billed(found) == whole
    for name, rules in scopes.items():
        parts = direct_costs(name, CostScope(allocation=rules, basis="billed"), found.charges)
        assert sum(part.amount or 0 for part in parts.values()) == whole


def test_the_longest_amounts_are_spread_to_the_last_decimal(spark: Cluster, tmp_path: Path) -> None:
    stated = ["999999999999999999999999.999999999999", "-999999999999999999999999.999999999999", "-0.000000000001", "0"]
    spans = [f"2024-{end}T00:00:00Z" for end in ("10-01", "09-02", "12-31")]
    month = {"ChargePeriodStart": "2024-09-01T00:00:00Z", "ServiceName": ""}
    write_parquet(tmp_path, [charge(**month, ChargePeriodEnd=end, BilledCost=cost) for end in spans for cost in stated])
    found = on_both(spark, tmp_path, date(2024, 8, 30), date(2025, 1, 2), long_charges="spread")
    assert billed(found) == 3 * Decimal("-0.000000000001")


BIG = Decimal("90071992547409.930000000001")


def test_sums_in_floating_point_would_be_caught(
    spark: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bill(tmp_path, *(charge(BilledCost=str(BIG)) for _ in range(3)))
    assert billed(on_both(spark, tmp_path)) == 3 * BIG

    def floating(sql: str, dialect: Dialect) -> str:
        double = "cast(sum(cast(billed_cost as double)) as decimal(38, 12))"
        return translated(sql.replace("sum(billed_cost)", double), dialect)

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


BAD = [
    ({"BilledCost": "1_000"}, "row 3, field BilledCost: '1_000' is no finite"),
    ({"ChargePeriodStart": "9/10/2024"}, "row 3, field ChargePeriodStart: '9/10/2024'"),
    ({"ChargePeriodStart": "2024-09"}, "row 3, field ChargePeriodStart: '2024-09'"),
    ({"RegionId": "a\0b"}, "row 3, field RegionId"),
    ({"BillingCurrency": "XAU"}, "row 3, field BillingCurrency: 'XAU'"),
]


def test_a_row_at_fault_is_refused_in_the_same_words(spark: Cluster, tmp_path: Path) -> None:
    for n, (changes, said) in enumerate(BAD):
        write_bill(tmp_path / str(n), charge(), charge(**changes), name="50%41 [off].csv")
        told = refusal_of(tmp_path / str(n), engine=spark.engine)
        assert told == refusal_of(tmp_path / str(n))
        assert said in told


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


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ({"kind": "spark"}, "Spark needs one"),
        ({"kind": "duckdb", "master": "local[2]"}, "DuckDB runs in the process itself"),
        ({"kind": "flink"}, "'duckdb' or 'spark'"),
    ],
)
def test_an_engine_that_cannot_be_meant_is_refused(engine: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Engine.model_validate(engine)


def test_the_engine_is_no_part_of_the_definition() -> None:
    files = {"kind": "focus", "path": "./bill"}
    there = FocusFiles.model_validate({**files, "engine": {"kind": "spark", "master": "yarn"}})
    assert repr(there) == repr(FocusFiles.model_validate(files))
    assert there.engine.master == "yarn"


READ = """
from unit_economics_tests.focus_bills import read_bill
from unit_economics.refusals import UsageRefusal
try:
    read_bill("bill.csv", engine={"kind": "spark", "master": "local[1]"})
except UsageRefusal as refusal:
    print(refusal)
"""


def test_a_machine_without_java_is_told_what_to_install(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    nowhere = {**os.environ, "JAVA_HOME": str(tmp_path / "none"), "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", READ], cwd=tmp_path, env=nowhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "engine: spark: Spark can't be started. Spark 4 needs Java 17 or newer: on Debian, apt-get" in done.stdout


def test_a_master_that_does_not_answer_is_said_at_once(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    with pytest.raises(Unreachable, match="no Spark master answers"):
        read_bill(tmp_path, engine={"kind": "spark", "master": "spark://127.0.0.1:1"})


def test_a_process_is_at_one_cluster_only(spark: Cluster, tmp_path: Path) -> None:
    on_both(spark, write_bill(tmp_path, charge()))
    with pytest.raises(UsageRefusal, match="this process is at spark://"):
        read_bill(tmp_path, engine={**spark.engine, "master": "local[1]"})


def test_a_prepared_delivery_is_read_alike(spark: Cluster, tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge(), charge(Tags='{"it\'s":"x"}'), charge(Tags=""))
    prepare(tmp_path / "bill", tmp_path / "prepared", tag_keys=["app", "it's"])
    delivery = on_both(spark, tmp_path / "prepared", tag_keys=["app", "it's"])
    assert set(delivery.charges["tags"]) == {"{}", '{"app":"checkout"}', '{"it\'s":"x"}'}


def test_a_row_at_fault_in_parquet_is_found_by_its_file(spark: Cluster, tmp_path: Path) -> None:
    (tmp_path / "50%41 [off]").mkdir()
    write_parquet(tmp_path, [charge()])
    write_parquet(tmp_path / "50%41 [off]", [charge(), charge(EffectiveCost="")])
    told = refusal_of(tmp_path, engine=spark.engine)
    assert told == refusal_of(tmp_path)
    assert "50%41 [off]/bill.parquet, row 2, field EffectiveCost: is empty" in told


def test_folders_named_like_partitions_and_odd_names_are_only_names(spark: Cluster, tmp_path: Path) -> None:
    for folder in ("a=1/x %41[é]{b,c}", "b=2/c=3/y", "*"):
        (tmp_path / folder).mkdir(parents=True)
        write_parquet(tmp_path / folder, [charge(ServiceName=folder)])
    assert len(on_both(spark, tmp_path).charges) == 3


def test_what_looks_like_a_variable_of_spark_is_a_text(
    spark: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "${env:HOME}"
    write_bill(tmp_path, charge(ServiceName=odd, Tags=json.dumps({odd: "x"})))
    rules = Allocation.model_validate({"rules": [{"to": "one", "where": {"service_name": odd}}]})
    on_both(spark, tmp_path, tag_keys=[odd], allocations={"s": rules})
    monkeypatch.delitem(spark_session.SETTINGS, "spark.sql.variable.substitute")
    with pytest.raises(AssertionError):
        on_both(spark, tmp_path, tag_keys=[odd], allocations={"s": rules})


@pytest.mark.parametrize("key", ["spark.hadoop.fs.s3a.secret.key", "spark.authenticate.secret", "x.PASSWORD"])
def test_an_option_that_would_hold_a_secret_is_refused_by_name(key: str) -> None:
    with pytest.raises(ValidationError, match="would put a secret into the catalogue") as refused:
        Engine.model_validate({"kind": "spark", "master": "local[2]", "options": {key: "geheim"}})
    assert "geheim" not in str(refused.value.errors(include_input=False, include_url=False))
