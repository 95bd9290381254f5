"""What a column may hold: amounts, times and tags as CSV and as every Parquet type that real exports use."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unit_economics.cost_sources.focus.versions import is_other_dataset, version_of
from unit_economics.refusals import Refusal
from unit_economics_tests.focus_bills import CHARGE, DAY, billed, charge, read_bill, write_bill

START, END = datetime(2024, 9, 10, 10, tzinfo=UTC), datetime(2024, 9, 10, 11, tzinfo=UTC)


def write_parquet(folder: Path, name: str = "bill.parquet", **columns: pa.Array) -> Path:
    rows = max((len(column) for column in columns.values()), default=1)
    whole = {field: columns.get(field, pa.array([value] * rows)) for field, value in CHARGE.items()}
    pq.write_table(pa.table(whole), folder / name)
    return folder / name


def cost(path: Path) -> str:
    return f"{billed(read_bill(path)):f}"


@pytest.mark.parametrize(
    ("stated", "counted"),
    [
        ("1e-7", "0.000000100000"),
        ("-1E+2", "-100.000000000000"),
        (" 1.5 ", "1.500000000000"),
        ("0.0000000000005", "0.000000000001"),
        ("-0.0000000000005", "-0.000000000001"),
        ("49.81290708710624", "49.812907087106"),
        ("9999999999999999.999999999999", "9999999999999999.999999999999"),
    ],
)
def test_a_cost_is_the_exact_decimal_rounded_half_up_at_the_twelfth_place(
    tmp_path: Path, stated: str, counted: str
) -> None:
    write_bill(tmp_path, charge(BilledCost=stated))
    assert cost(tmp_path) == counted


def test_amounts_add_up_as_decimals_and_not_as_floats(tmp_path: Path) -> None:
    write_bill(tmp_path, *[charge(BilledCost=amount) for amount in ["0.1"] * 10])
    assert billed(read_bill(tmp_path)) == 1
    assert sum([0.1] * 10) != 1


@pytest.mark.parametrize(
    "column",
    [
        pa.array([12345.67]),
        pa.array([Decimal("12345.67")], pa.decimal128(20, 2)),
        pa.array([Decimal("12345.67")], pa.decimal128(38, 18)),
        pa.array(["12345.67"]),
        pa.array(["12345.67"], pa.large_string()),
        pa.array(["12345.67"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_a_parquet_cost_may_be_float_decimal_or_text(tmp_path: Path, column: pa.Array) -> None:
    write_parquet(tmp_path, BilledCost=column)
    assert billed(read_bill(tmp_path)) == Decimal("12345.67")


def test_a_float_counts_as_its_shortest_decimal(tmp_path: Path) -> None:
    write_parquet(tmp_path, BilledCost=pa.array([123456789.12]))
    assert cost(tmp_path) == "123456789.120000000000"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e24, None])
def test_a_parquet_cost_that_is_no_amount_is_refused_by_its_row(tmp_path: Path, value: float | None) -> None:
    write_parquet(tmp_path, BilledCost=pa.array([1.0, value, 1.0]))
    with pytest.raises(Refusal, match=r"bill\.parquet, row 2, field BilledCost"):
        read_bill(tmp_path)


def test_files_that_store_a_column_differently_are_each_read_as_stored(tmp_path: Path) -> None:
    write_parquet(tmp_path, "a.parquet", BilledCost=pa.array([Decimal("0.1")], pa.decimal128(5, 1)))
    write_parquet(tmp_path, "b.parquet", BilledCost=pa.array([Decimal("0.000123")], pa.decimal128(20, 6)))
    write_parquet(tmp_path, "c.parquet", BilledCost=pa.array([0.5]))
    write_bill(tmp_path, charge(BilledCost="1"), name="d.csv")
    write_bill(tmp_path, charge(BilledCost="2"), name="e.csv.gz")
    assert billed(read_bill(tmp_path)) == Decimal("3.600123")


@pytest.mark.parametrize(
    "kind",
    [
        pa.timestamp("ms"),
        pa.timestamp("us"),
        pa.timestamp("ns"),
        pa.timestamp("us", "UTC"),
        pa.timestamp("ns", "UTC"),
        pa.timestamp("s"),
        pa.timestamp("us", "America/New_York"),
        pa.string(),
    ],
    ids=str,
)
def test_a_time_without_a_zone_is_utc_however_it_is_stored(tmp_path: Path, kind: pa.DataType) -> None:
    moments: Sequence[object] = [START, END]
    if pa.types.is_string(kind):
        moments = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in (START, END)]
    start, end = (pa.array([moment], kind) for moment in moments)
    write_parquet(tmp_path, ChargePeriodStart=start, ChargePeriodEnd=end)
    assert set(read_bill(tmp_path, zone="Asia/Tokyo").charges["business_date"]) == {DAY}
    assert read_bill(tmp_path, date(2024, 9, 11), zone="Asia/Tokyo").charges.empty


def test_days_may_be_stored_as_dates(tmp_path: Path) -> None:
    start, end = pa.array([date(2024, 9, 10)]), pa.array([date(2024, 9, 11)])
    write_parquet(tmp_path, ChargePeriodStart=start, ChargePeriodEnd=end)
    assert set(read_bill(tmp_path, zone="America/New_York").charges["business_date"]) == {DAY}


def test_a_missing_time_is_refused_and_not_filtered_away(tmp_path: Path) -> None:
    start = pa.array([START, None], pa.timestamp("us"))
    write_parquet(tmp_path, ChargePeriodStart=start)
    with pytest.raises(Refusal, match="row 2, field ChargePeriodStart: is empty"):
        read_bill(tmp_path)


@pytest.mark.parametrize("field", ["BilledCost", "ChargePeriodStart", "ProviderName"])
def test_a_column_of_another_type_is_refused_by_its_field(tmp_path: Path, field: str) -> None:
    write_parquet(tmp_path, **{field: pa.array([True])})
    with pytest.raises(Refusal, match=f"field {field}: a column of type bool"):
        read_bill(tmp_path)


TAGS = {"app": "checkout", "": "empty key", "a.b/c~d": "odd", 'q"\\': "quoted", "none": "", "é😀": "ü"}


@pytest.mark.parametrize(
    "column",
    [
        pa.array([list(TAGS.items())], pa.map_(pa.string(), pa.string())),
        pa.array([[{"key": k, "value": v} for k, v in TAGS.items()]]),
        pa.array([json.dumps(TAGS)]),
        pa.array([json.dumps(TAGS, ensure_ascii=False)]),
    ],
    ids=["map", "entries", "json", "json in utf-8"],
)
def test_tags_are_kept_for_the_asked_keys_only_as_canonical_json(tmp_path: Path, column: pa.Array) -> None:
    write_parquet(tmp_path, Tags=column)
    keys = ["é😀", "none", "app", "missing", "a.b/c~d", 'q"\\', "app "]
    (tags,) = read_bill(tmp_path, tag_keys=keys).charges["tags"]
    assert tags == '{"a.b/c~d":"odd","app":"checkout","q\\"\\\\":"quoted","é😀":"ü"}'


def test_tags_in_a_struct_are_read_by_field(tmp_path: Path) -> None:
    write_parquet(tmp_path, Tags=pa.array([{"app": "checkout", "team": None}]))
    assert list(read_bill(tmp_path, tag_keys=["app", "team"]).charges["tags"]) == ['{"app":"checkout"}']


def test_tag_values_that_are_no_text_are_kept_as_json_says_them(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(Tags='{"a":5,"b":true,"c":null}'))
    assert list(read_bill(tmp_path, tag_keys=["a", "b", "c"]).charges["tags"]) == ['{"a":"5","b":"true"}']


def test_a_file_without_tags_has_none(tmp_path: Path) -> None:
    write_bill(tmp_path, {name: value for name, value in CHARGE.items() if name not in ("Tags", "RegionId")})
    charges = read_bill(tmp_path, tag_keys=["app"]).charges
    assert list(charges["tags"]) == ["{}"]
    assert list(charges["region_id"]) == [None]


def test_a_cost_is_empty_only_where_no_row_states_it(tmp_path: Path) -> None:
    rows = [charge(ListCost="", ContractedCost=""), charge(ListCost="", ContractedCost="NULL")]
    write_bill(
        tmp_path, *rows, charge(ListCost="4", ContractedCost="", RegionId="x"), charge(ListCost="", RegionId="x")
    )
    charges = read_bill(tmp_path).charges
    assert list(charges["list_cost"]) == [None, Decimal(4)]
    assert list(charges["contracted_cost"]) == [None, Decimal(2)]


def test_a_null_word_counts_only_where_it_stands_unquoted(tmp_path: Path) -> None:
    path = write_bill(tmp_path, charge(RegionId="NULL"), charge(RegionId='"NULL"'))
    path.write_text(path.read_text().replace('"""NULL"""', '"NULL"'))
    assert list(read_bill(tmp_path).charges["region_id"]) == [None, "NULL"]
    assert list(read_bill(tmp_path, null_words=["", "-"]).charges["region_id"]) == ["NULL"]


def test_currencies_are_never_added_together(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), charge(BillingCurrency="EUR"))
    delivery = read_bill(tmp_path)
    assert list(delivery.charges["billing_currency"]) == ["EUR", "USD"]
    assert list(delivery.source_totals["billed_cost"]) == [Decimal("1.5"), Decimal("1.5")]


@pytest.mark.parametrize(
    ("more", "version"),
    [([], "1.0"), (["SkuMeter"], "1.1"), (["SkuMeter", "InvoiceId"], "1.2"), (["InvoiceId", "AllocatedTags"], "1.3")],
)
def test_the_version_is_told_by_the_newest_column(more: list[str], version: str) -> None:
    assert version_of([*CHARGE, *more], where="bill.csv") == version


def test_every_version_is_told_by_its_official_columns(shared_data: Path) -> None:
    import csv

    with (shared_data / "focus_columns.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for version in ("1.0", "1.1", "1.2", "1.3"):
        columns = [row["column"] for row in rows if row[f"in_{version}"] == "1"]
        assert version_of(columns, where="bill.csv") == version
    with pytest.raises(Refusal, match=r"FOCUS 1\.4"):
        version_of([row["column"] for row in rows if row["in_1.4"] == "1"], where="bill.csv")


def test_contract_commitments_are_the_other_dataset() -> None:
    assert is_other_dataset(["ContractCommitmentId", "ContractCommitmentType"])
    assert not is_other_dataset([*CHARGE, "ContractCommitmentId", "ContractCommitmentType"])
