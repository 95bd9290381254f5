"""What Spark makes of a column is what DuckDB makes of it, however it is stored or written; or else it is refused.

Here: times, amounts and tags. Not here: whole bills (test_spark.py).
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from unit_economics.cost_sources.focus import query
from unit_economics.cost_sources.focus.engines import Engine, spark_columns, spark_session
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.refusals import Refusal
from unit_economics_tests.focus_bills import CHARGE, DAY, charge, csv_text, read_bill, write_bill
from unit_economics_tests.spark_cluster import Cluster
from unit_economics_tests.test_spark import on_both, refusal_of

START, END = datetime(2024, 9, 10, 10, tzinfo=UTC), datetime(2024, 9, 10, 11, tzinfo=UTC)
PLAIN = datetime(2024, 9, 10, 10)  # noqa: DTZ001
ENTRY = pa.struct([("key", pa.string()), ("value", pa.string())])

STORED: dict[str, dict[str, pa.Array]] = {
    "text": {},
    "float": {"BilledCost": pa.array([0.1, 1 / 3, 2.0**-44, 1e22, 49.81290708710624, -0.0])},
    "float32": {"BilledCost": pa.array([0.1, 1e-7, 3.4e20], pa.float32())},
    "decimal(38, 20)": {"BilledCost": pa.array([Decimal("1.00000000000050000000")], pa.decimal128(38, 20))},
    "decimal(38, 0)": {"BilledCost": pa.array([10**23], pa.decimal128(38, 0))},
    "whole": {"BilledCost": pa.array([-7]), "ListCost": pa.array([2**63], pa.uint64()), "SubAccountId": pa.array([12])},
    "empty": {"ListCost": pa.nulls(1), "RegionId": pa.nulls(1, pa.string()), "Tags": pa.nulls(1)},
    "dictionary": {
        "RegionId": pa.array(["a", "b", None]).dictionary_encode(),
        "Tags": pa.array(['{"app":"d"}'] * 3).dictionary_encode(),
    },
    "large": {"RegionId": pa.array(["a"], pa.large_string())},
    "date": {"ChargePeriodStart": pa.array([DAY]), "ChargePeriodEnd": pa.array([date(2024, 9, 12)])},
    **{
        f"{unit} {zone}": {
            "ChargePeriodStart": pa.array([START if zone else PLAIN], pa.timestamp(unit, zone)),
            "ChargePeriodEnd": pa.array([END if zone else PLAIN], pa.timestamp(unit, zone)),
        }
        for unit in ("s", "ms", "us", "ns")
        for zone in (None, "UTC", "Europe/Berlin")
    },
    "parts of a microsecond": {
        "ChargePeriodStart": pa.array([1725926400000000000 - n for n in (0, 499, 500, 501)], pa.timestamp("ns", "UTC")),
    },
    "map": {"Tags": pa.array([[("app", "m"), ("it's", "x")], [("app", "")], None], pa.map_(pa.string(), pa.string()))},
    "entries": {"Tags": pa.array([[{"key": "app", "value": "e"}], [], None], pa.list_(ENTRY))},
    "struct": {"Tags": pa.array([{"app": "s", "it's": None}, {"app": "", "it's": "q"}])},
}


def test_a_column_is_read_as_it_is_stored(spark: Cluster, tmp_path: Path) -> None:
    for name, columns in STORED.items():
        rows = max((len(column) for column in columns.values()), default=1)
        whole = {**CHARGE, "ServiceName": name, "Tags": '{"app":"t"}'}
        table = pa.table({field: columns.get(field, pa.array([text] * rows)) for field, text in whole.items()})
        pq.write_table(table, tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet")
    old = pa.table({**{k: [v] for k, v in CHARGE.items()}, "ChargePeriodStart": [PLAIN], "ServiceName": ["int96"]})
    pq.write_table(old, tmp_path / "int96.parquet", use_deprecated_int96_timestamps=True)
    delivery = on_both(spark, tmp_path, DAY, tag_keys=["app", "it's"])
    assert set(delivery.charges["service_name"]) == {*STORED, "int96"}


JSON = [
    '{"app":"x"}',
    '{"app":" x ","it\'s":"y"}',
    '{"app":1.50}',
    '{"app":true,"it\'s":null}',
    '{"app":{"b":1, "c":["d"]}}',
    '{"app":"\\u00e9\\n\\""}',
    '{"App":"x"}',
    '{"app":"first","app":"second"}',
    '{"app":"x"} and more',
    '{"app":"x"},{"app":"y"}',
    "{'app':'x'}",
    '{"app":"x"',
    '["app"]',
    "null",
    "not json",
    "",
    '{"":"e"}',
]
CSV_TEXTS = ['a "quoted" one', "two\nlines", "a,b", "NULL", "", " ", "é", "\\", "'"]


def test_texts_and_tags_of_csv_files_are_read_alike(spark: Cluster, tmp_path: Path) -> None:
    tags = [charge(Tags=text, ServiceName=f"tags {n}") for n, text in enumerate(JSON)]
    texts = [charge(RegionId=text, ServiceName=f"text {n}") for n, text in enumerate(CSV_TEXTS)]
    write_bill(tmp_path, *tags, *texts, name="bill.csv.gz")
    quoted = csv_text([charge(RegionId="NULL ")]).replace("NULL ", '"NULL"')
    (tmp_path / "quoted.csv").write_bytes(b"\xef\xbb\xbf" + quoted.replace("\n", "\r\n").encode())
    delivery = on_both(spark, tmp_path, tag_keys=["app", "it's", ""])
    assert "NULL" in set(delivery.charges["region_id"])
    assert len(delivery.charges) == len(tags) + len(texts) + 1


@pytest.mark.parametrize("tags", ['{"app":"x",}', '{"app":NaN}'])
def test_tags_that_spark_reads_otherwise_are_refused(spark: Cluster, tmp_path: Path, tags: str) -> None:
    pq.write_table(pa.Table.from_pylist([charge(Tags=tags)]), tmp_path / "bill.parquet")
    assert json.loads(read_bill(tmp_path, tag_keys=["app"]).charges["tags"][0])
    assert "Spark reads otherwise" in refusal_of(tmp_path, tag_keys=["app"], engine=spark.engine)


@pytest.fixture(scope="module")
def session(spark: Cluster) -> SparkSession:
    return spark_session.session_of(Engine.model_validate(spark.engine))


TEXT = Layout(is_parquet=True, is_gzip=False, columns=("BilledCost", "ChargePeriodStart"), kinds=("text", "text"))
TYPES = {"BilledCost": "string", "ChargePeriodStart": "string"}


def by_duckdb(texts: list[str], expression: str) -> list[str | None]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute(
            f'select cast({expression} as varchar) from (select unnest(?::varchar[]) as "BilledCost")', [texts]
        ).fetchall()
    return [row[0] for row in found]


def by_spark(session: SparkSession, texts: list[str], expression: str) -> list[str | None]:
    session.createDataFrame(list(enumerate(texts)), "nth int, BilledCost string").createOrReplaceTempView("texts")
    found = session.sql(f"select cast({expression} as string) from texts order by nth").collect()
    return [row[0] for row in found]


digits = st.text("0123456789", max_size=26)
numbers = st.builds(
    lambda *parts: "".join(parts),
    st.sampled_from(["", " ", "\t"]),
    st.sampled_from(["", "-", "+", "--"]),
    digits,
    st.sampled_from(["", ".", ",", "_"]),
    digits,
    st.sampled_from(["", "e3", "E-7", "e+20", "e", "d", "f", "٣", "\n", " "]),
)
ODD = [
    "-999999999999999999999999.999999999999",
    "inf",
    "NaN",
    "0x1",
    "1e24",
    "999999999999999999999999.9999999999994",
    "999999999999999999999999.9999999999995",
]


@settings(max_examples=5)
@given(texts=st.lists(numbers, min_size=400, max_size=400))
def test_an_amount_is_the_same_exact_decimal_or_none(session: SparkSession, texts: list[str]) -> None:
    theirs = by_spark(session, [*texts, *ODD], spark_columns._money("BilledCost", TYPES))
    assert theirs == by_duckdb([*texts, *ODD], query._money(TEXT, "BilledCost"))


days = st.sampled_from(
    ["2024-09-10", "2024-9-1", "2024-02-30", "2024-09", "2024", "2024/09/10", "20240910", "9/2/2023"]
)
clocks = st.sampled_from(
    ["", "T10:00", " 10:00", "T10:00:00", " 1:2:3", "T10:00:00.1234567", "T24:00:00", "T10", "T10:00:60"]
)
offsets = st.sampled_from(["", "Z", " UTC", "UTC", "+02", "+0200", "-07:30", " +02:00", "+19:00", "z", " EST", "+2"])
times = st.builds(
    lambda *parts: "".join(parts), st.sampled_from(["", " "]), days, clocks, offsets, st.sampled_from(["", " "])
)
WRITTEN = [
    "2024-09-10T10:00Z",
    "2024-09-10 10:00+02:00",
    "2024-09-10T10:00:00.5Z",
    "2024-09-10",
    "2024-09-10T00:00:00-07:00",
]


@settings(max_examples=3)
@given(texts=st.lists(times, min_size=400, max_size=400))
def test_a_time_is_the_same_moment_or_at_fault(session: SparkSession, texts: list[str]) -> None:
    moment = spark_columns._moment("ChargePeriodStart", TYPES).replace("ChargePeriodStart", "BilledCost")
    theirs = by_spark(session, [*WRITTEN, *texts], moment)
    ours = by_duckdb(
        [*WRITTEN, *texts], query._moment(TEXT, "ChargePeriodStart").replace("ChargePeriodStart", "BilledCost")
    )
    assert None not in theirs[: len(WRITTEN)]
    assert [mine if read else None for mine, read in zip(ours, theirs, strict=True)] == theirs


def test_sparks_own_casts_would_be_caught(session: SparkSession) -> None:
    texts = ["2024-09", "T10:00", "2024-09-10T10:00Z"]
    assert by_spark(session, texts, "try_cast(BilledCost as timestamp)") != by_duckdb(
        texts, query._moment(TEXT, "ChargePeriodStart").replace("ChargePeriodStart", "BilledCost")
    )
    assert by_spark(session, ["٣"], "try_cast(BilledCost as decimal(38, 12))") == ["3.000000000000"]
    assert by_spark(session, ["x"], "cast(pow(2d, -44d) as string)") != [str(2.0**-44).replace("e", "E")]


def test_a_time_that_only_duckdb_reads_is_refused(spark: Cluster, tmp_path: Path) -> None:
    write_bill(tmp_path, charge(ChargePeriodStart="2024/09/10 10:00:00"))
    assert len(read_bill(tmp_path).charges) == 1
    with pytest.raises(Refusal, match="Spark reads otherwise"):
        read_bill(tmp_path, engine=spark.engine)
