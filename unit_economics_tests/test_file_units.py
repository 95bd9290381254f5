"""Units in files: the same rows as CSV, JSON Lines and Parquet are counted alike, to the last digit."""

import csv
import gzip
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.schemas import SLICED_UNITS, UNITS
from unit_economics.unit_sources.files import FileUnits
from unit_economics.unit_sources.files.feed import _spelt_out
from unit_economics_tests.focus_bills import charge, write_bill

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
FIRST, SECOND = date(2025, 3, 3), date(2025, 3, 4)
BOTH, ONE = DayRange(FIRST, SECOND), DayRange(FIRST, FIRST)
NOW = datetime(2025, 4, 1, tzinfo=UTC)
KEY = "an-old-key-of-32-characters-long"
DAILY: dict[str, Any] = {"day": "day", "quantity": "orders"}
EVENTS: dict[str, Any] = {"timestamp": "at"}
AT, LATER = "2025-03-03T10:00:00Z", "2025-03-04T10:00:00Z"

Row = Mapping[str, Any]


def csv_bytes(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def json_bytes(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet_bytes(rows: Sequence[Row]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    return sink.getvalue().to_pybytes()


FORMS = {
    "events.csv": csv_bytes,
    "events.csv.gz": lambda rows: gzip.compress(csv_bytes(rows)),
    "events.jsonl": json_bytes,
    "events.jsonl.gz": lambda rows: gzip.compress(json_bytes(rows)),
    "events.ndjson": json_bytes,
    "events.parquet": parquet_bytes,
}


class Place:
    """A folder with files of one form."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        (folder / "files").mkdir()

    def write(self, *rows: Row, name: str | None = None) -> Path:
        path = self.folder / "files" / (name or self.name)
        path.write_bytes(FORMS[self.name](rows))
        return path

    def source(self, entry: Row, **more: object) -> tuple[FileUnits, Outside]:
        source = FileUnits.model_validate({"kind": "files", "path": "files", **entry, **more})
        return source, Outside({"NAMES_KEY": KEY}, folder=self.folder, now=lambda: NOW)

    def count(self, entry: Row, days: DayRange = BOTH, calendar: BusinessCalendar = UTC_DAYS, **more: object) -> Count:
        source, outside = self.source(entry, **more)
        counted = source.count(days, calendar=calendar, unit="Order", outside=outside)
        (SLICED_UNITS if source.dimensions else UNITS).validate(counted.units, lazy=True)
        return counted


@pytest.fixture(params=FORMS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.param)


@pytest.fixture
def csvs(tmp_path: Path) -> Place:
    return Place(tmp_path, "events.csv")


@pytest.fixture
def parquets(tmp_path: Path) -> Place:
    return Place(tmp_path, "events.parquet")


def quantities(counted: Count) -> dict[date, Decimal]:
    return dict(zip(counted.units["business_date"], counted.units["quantity"], strict=True))


def sliced(counted: Count) -> dict[str, Decimal]:
    return dict(zip(counted.units["dimensions"], counted.units["quantity"], strict=True))


def test_files_with_a_row_a_day_are_counted_as_decimals_and_a_day_without_a_row_is_missing(place: Place) -> None:
    place.write({"day": "2025-03-03", "orders": "7.25"}, {"day": "2025-03-05", "orders": "9"})
    counted = place.count(DAILY)
    assert quantities(counted) == {FIRST: Decimal("7.25")}
    assert counted.absent == {SECOND: "files has no row for this day"}
    assert quantities(place.count(DAILY, absent_day="zero")) == {FIRST: Decimal("7.25"), SECOND: Decimal(0)}


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        (["7", "8"], "there are 2 rows for 2025-03-03"),
        (["-1"], "column orders is -1"),
        ([None], "column orders is empty"),
    ],
)
def test_a_day_that_is_no_count_is_refused_alone(place: Place, orders: list[str | None], said: str) -> None:
    rows = [{"day": "2025-03-03", "orders": number} for number in orders]
    place.write(*rows, {"day": "2025-03-04", "orders": "8"})
    counted = place.count(DAILY)
    assert quantities(counted) == {SECOND: Decimal(8)}
    assert said in counted.refused[FIRST]


def test_events_are_counted_by_business_day_in_half_open_windows(place: Place) -> None:
    moments = [
        "2025-03-03T00:00:00Z",
        "2025-03-03 23:59:59.999999999+00:00",
        "2025-03-05T00:00:00+01:00",
        "2025-03-05T00:00Z",
        None,
    ]
    place.write(*({"at": moment} for moment in moments))
    assert quantities(place.count(EVENTS)) == {FIRST: Decimal(2), SECOND: Decimal(1)}


def test_the_days_are_those_of_the_business_and_change_with_its_clocks(place: Place) -> None:
    berlin = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta(hours=2))
    moments = ["2025-03-29T22:59:59Z", "2025-03-29T23:00:00Z", "2025-03-30T21:59:59Z", "2025-03-30T22:00:00Z"]
    place.write(*({"at": moment} for moment in moments))
    counted = place.count(EVENTS, DayRange(date(2025, 3, 29), date(2025, 3, 31)), berlin)
    assert list(quantities(counted).values()) == [1, 2, 1]


def test_a_time_without_a_zone_is_read_where_it_hangs_and_one_with_a_zone_as_it_says(place: Place) -> None:
    place.write({"at": "2025-03-04 00:30:00"}, {"at": "2025-03-04T00:30:00Z"})
    assert quantities(place.count(EVENTS, local_zone="Europe/Berlin")) == {FIRST: Decimal(1), SECOND: Decimal(1)}
    with pytest.raises(Refusal, match=r"field at: '2025-03-04 00:30:00' is no time with a zone.*add `local_zone`"):
        place.count(EVENTS)


def test_a_date_is_the_business_day_itself(place: Place) -> None:
    place.write({"at": "2025-03-03"}, {"at": "2025-03-03"})
    tokyo = BusinessCalendar(ZoneInfo("Asia/Tokyo"), timedelta(hours=2))
    assert quantities(place.count(EVENTS, calendar=tokyo)) == {FIRST: Decimal(2)}


def test_a_day_that_the_files_have_grown_past_is_zero(place: Place) -> None:
    rows = [("2025-03-05T10:00:00Z", "new"), ("2027-01-01T00:00:00Z", "done")]
    place.write(*({"at": at, "status": status} for at, status in rows))
    counted = place.count(EVENTS, DayRange(FIRST, date(2025, 3, 6)), where={"status": "done"})
    assert quantities(counted) == {FIRST: Decimal(0), SECOND: Decimal(0)}
    assert list(counted.absent) == [date(2025, 3, 5), date(2025, 3, 6)]


def test_only_rows_that_satisfy_every_filter_are_counted(place: Place) -> None:
    rows = [
        ("done", 3, True),
        ("paid", 3, True),
        ("done", 4, True),
        ("done", 3, False),
        ("new", 3, True),
        (None, 3, True),
    ]
    place.write(*({"at": AT, "status": status, "shop": shop, "real": real} for status, shop, real in rows))
    wanted = {"status": ["done", "paid"], "shop": 3, "real": True}
    assert quantities(place.count(EVENTS, ONE, where=wanted)) == {FIRST: Decimal(2)}
    assert place.count(EVENTS, ONE, where={"status": "' or true --"}).units.empty


def test_a_sum_is_exact_and_an_empty_quantity_is_refused_by_its_day(place: Place) -> None:
    tenths = [{"at": AT, "hours": "0.1"} for _ in range(10)]
    place.write(*tenths, {"at": AT, "hours": "1e-7"}, {"at": LATER, "hours": "123456789012345678901234.000000001"})
    exact = {FIRST: Decimal("1.0000001"), SECOND: Decimal("123456789012345678901234.000000001")}
    assert quantities(place.count(EVENTS, quantity="hours")) == exact
    place.write({"at": AT, "hours": None}, {"at": LATER, "hours": "2"})
    counted = place.count(EVENTS, quantity="hours")
    assert "column hours is empty in 1 rows of 2025-03-03, so they can't be counted" in counted.refused[FIRST]
    assert quantities(counted) == {SECOND: Decimal(2)}


def test_a_row_that_no_filter_takes_may_lack_its_quantity_and_its_time(place: Place) -> None:
    rows = [(AT, "GB", "2"), (AT, "Hours", None), ("soon", "Hours", "many")]
    place.write(*({"at": at, "unit": unit, "hours": hours} for at, unit, hours in rows))
    assert quantities(place.count(EVENTS, ONE, quantity="hours", where={"unit": "GB"})) == {FIRST: Decimal(2)}


def test_different_keys_count_once_a_day_and_over_several_days_once_in_all(place: Place) -> None:
    keys = [(AT, "1"), (AT, "1"), (AT, "2"), (LATER, "2"), (LATER, "3")]
    place.write(*({"at": at, "id": key} for at, key in keys))
    entry = EVENTS | {"count_distinct": "id"}
    assert quantities(place.count(entry)) == {FIRST: Decimal(2), SECOND: Decimal(2)}
    source, outside = place.source(entry)
    assert source.count_over(BOTH, calendar=UTC_DAYS, outside=outside) == Decimal(3)
    nothing = DayRange(date(2024, 1, 1), date(2024, 1, 2))
    assert source.count_over(nothing, calendar=UTC_DAYS, outside=outside) == Decimal(0)
    place.write({"at": AT, "id": ""}, {"at": LATER, "id": "1"})
    assert "id is empty in 1 rows" in place.count(entry).refused[FIRST]
    with pytest.raises(Refusal, match="id is empty in 1 rows of 2025-03-03 to 2025-03-04"):
        source.count_over(BOTH, calendar=UTC_DAYS, outside=outside)


def test_rows_can_not_be_counted_over_several_days(csvs: Place) -> None:
    source, outside = csvs.source(EVENTS)
    with pytest.raises(UsageRefusal, match="can't count what is different"):
        source.count_over(BOTH, calendar=UTC_DAYS, outside=outside)


def test_a_value_that_no_mart_can_hold_refuses_its_day(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps({"at": AT, "country": "D\0E"}) + "\n" + json.dumps({"at": LATER, "country": "DE"}))
    entry = {"kind": "files", "path": str(path), **EVENTS, "dimensions": {"country": "country"}}
    outside = Outside({}, now=lambda: NOW)
    counted = FileUnits.model_validate(entry).count(BOTH, calendar=UTC_DAYS, unit="Order", outside=outside)
    assert quantities(counted) == {SECOND: Decimal(1)}
    assert "on 2025-03-03 holds what is no text" in counted.refused[FIRST]


def test_each_segment_of_a_day_has_its_row(place: Place) -> None:
    place.write(*({"at": AT, "country": country} for country in ("DE", "FR", None)))
    units = place.count(EVENTS, ONE, segment="country").units
    assert dict(zip(units["segment"], units["quantity"], strict=True)) == {"(none)": 1, "DE": 1, "FR": 1}


def test_dimensions_are_rolled_up_and_the_whole_of_a_day_is_counted_too(place: Place) -> None:
    keys = [("1", "DE"), ("1", "FR"), ("2", "DE"), ("3", "IT")]
    place.write(*({"at": AT, "id": key, "country": country} for key, country in keys))
    entry = EVENTS | {"count_distinct": "id", "dimensions": {"country": {"column": "country", "top": 1}}}
    counted = place.count(entry, ONE)
    assert sliced(counted) == {'{"country":"DE"}': Decimal(2), '{"country":"other"}': Decimal(2)}
    assert counted.totals == {FIRST: Decimal(3)}


def test_a_persons_name_leaves_the_source_as_a_keyed_hash_only(place: Place) -> None:
    days = [("2025-03-03", "7"), ("2025-03-03", "8"), ("2025-03-04", "1")]
    place.write(*({"day": day, "orders": orders, "customer": "anna"} for day, orders in days))
    who = {"customer": {"column": "customer", "pseudonym": "NAMES_KEY"}}
    counted = place.count(DAILY, dimensions=who)
    assert re.fullmatch(r'\{"customer":"[0-9a-f]{4}-[0-9a-f]{16}"\}', next(iter(sliced(counted))))
    assert "there are 2 rows for 2025-03-03" in counted.refused[FIRST]
    assert "anna" not in f"{counted.refused} {counted.units.to_csv()} {counted.fingerprint}"
    place.write({"day": "2025-03-03", "orders": "many", "customer": "anna"})
    with pytest.raises(Refusal, match="field orders: 'many' is no exact number") as caught:
        place.count(DAILY, dimensions=who)
    assert "anna" not in str(caught.value)


def test_the_fingerprint_is_of_the_rows_and_not_of_their_spelling(place: Place) -> None:
    place.write({"day": "2025-03-03", "orders": "7.00"})
    first = place.count(DAILY).fingerprint
    place.write({"day": "2025-03-03", "orders": "7"})
    assert place.count(DAILY).fingerprint == first
    place.write({"day": "2025-03-03", "orders": "8"})
    assert place.count(DAILY).fingerprint != first


def test_all_files_are_one_table_whatever_else_their_columns_are(csvs: Place) -> None:
    csvs.write({"at": AT, "id": "1"}, name="a.csv")
    csvs.write({"note": "x", "id": "2", "at": AT}, name="b.csv")
    pq.write_table(pa.table({"id": [3], "at": [datetime(2025, 3, 3, 12, tzinfo=UTC)]}), csvs.folder / "files/c.parquet")
    (csvs.folder / "files/d.jsonl").write_bytes(json_bytes([{"id": 4, "at": AT}]))
    assert quantities(csvs.count(EVENTS | {"count_distinct": "id"}, ONE)) == {FIRST: Decimal(4)}


def test_what_is_still_being_written_or_is_no_file_of_units_is_passed_over(csvs: Place) -> None:
    csvs.write({"at": AT})
    for name in (".a.csv", "_b.csv", "c.csv.tmp", "d.parquet.part", "README.md", "_temporary/0/e.csv"):
        path = csvs.folder / "files" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"half")
    assert quantities(csvs.count(EVENTS, ONE)) == {FIRST: Decimal(1)}


def test_the_same_file_under_two_names_counts_once(csvs: Place) -> None:
    for name in ("a.csv", "b.csv"):
        csvs.write({"at": AT}, {"at": AT}, name=name)
    assert quantities(csvs.count(EVENTS, ONE)) == {FIRST: Decimal(2)}


@pytest.mark.parametrize("path", ["files/*.csv", "files/events.csv", "fil*/**/events.*"])
def test_a_path_may_be_a_glob_or_a_file(csvs: Place, path: str) -> None:
    csvs.write({"at": AT})
    assert quantities(csvs.count(EVENTS | {"path": path}, ONE)) == {FIRST: Decimal(1)}


def test_parquets_own_types_are_read_exactly(parquets: Place) -> None:
    table = pa.table(
        {
            "at": pa.array([datetime(2025, 3, 3, 12)] * 3, pa.timestamp("ns")),  # noqa: DTZ001
            "zoned": pa.array([datetime(2025, 3, 3, 23, 30, tzinfo=UTC)] * 3, pa.timestamp("ms", "Asia/Tokyo")),
            "day": pa.array([FIRST] * 3, pa.date32()),
            "rough": pa.array([0.1, 0.2, 1e-9], pa.float64()),
            "small": pa.array([0.1, 0.2, 0.3], pa.float32()),
            "exact": pa.array([Decimal("0.10"), Decimal("0.20"), None], pa.decimal128(10, 2)),
            "whole": pa.array([1, 2, 3], pa.int64()),
            "word": pa.array(["a", "b", "a"]).dictionary_encode(),
        }
    )
    pq.write_table(table, parquets.folder / "files/a.parquet")
    for column, wanted in {"rough": "0.300000001", "small": "0.6", "whole": "6"}.items():
        counted = parquets.count({"timestamp": "zoned", "quantity": column}, ONE)
        assert quantities(counted) == {FIRST: Decimal(wanted)}
    local = parquets.count({"timestamp": "at", "local_zone": "UTC", "where": {"word": "a", "whole": [1, 3]}}, ONE)
    assert quantities(local) == {FIRST: Decimal(2)}
    assert "empty in 1 rows" in parquets.count({"timestamp": "day", "quantity": "exact"}, ONE).refused[FIRST]


def test_a_bill_in_focus_counts_what_was_consumed(tmp_path: Path) -> None:
    consumed = {"ConsumedQuantity": "0.001388888900000", "ConsumedUnit": "GB-Hours"}
    start = {"ChargePeriodStart": "2025-03-03 10:00:00", "ChargePeriodEnd": "2025-03-03 11:00:00"}
    nothing = {"ConsumedQuantity": "NULL", "ConsumedUnit": "NULL"}
    write_bill(tmp_path / "focus", *[charge(**start, **consumed)] * 3, charge(**start, **nothing))
    entry = {
        "kind": "files",
        "path": "focus",
        "timestamp": "ChargePeriodStart",
        "quantity": "ConsumedQuantity",
        "where": {"ConsumedUnit": "GB-Hours"},
    }
    source = FileUnits.model_validate(entry)
    outside = Outside({}, folder=tmp_path, now=lambda: NOW)
    counted = source.count(ONE, calendar=UTC_DAYS, unit="GB-hour", outside=outside)
    assert quantities(counted) == {FIRST: Decimal("0.0041666667")}


def test_real_bills_are_counted_from_csv_and_from_parquet(shared_data: Path) -> None:
    outside = Outside({}, now=lambda: NOW)
    entry = {"kind": "files", "timestamp": "ChargePeriodStart", "quantity": "ConsumedQuantity"}
    official = shared_data / "d2_official_focus10_sep2024" / "input" / "focus_multi_provider.csv"
    source = FileUnits.model_validate(entry | {"path": str(official), "where": {"ConsumedUnit": "GB-Months"}})
    days = DayRange(date(2024, 9, 1), date(2024, 9, 30))
    counted = source.count(days, calendar=UTC_DAYS, unit="GB-month", outside=outside)
    with official.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["ConsumedUnit"] == "GB-Months"]
    assert sum(counted.units["quantity"]) == sum(Decimal(row["ConsumedQuantity"]) for row in rows)
    assert len(rows) > 10
    retail = shared_data / "d1_retail_aws_nov2018" / "input" / "focus_parquet"
    schema = pq.read_schema(next(retail.rglob("*.parquet")))
    source = FileUnits.model_validate(entry | {"path": str(retail), "where": {"ConsumedUnit": "Hrs"}})
    assert {"ConsumedUnit", "ConsumedQuantity"} <= set(schema.names)
    november = DayRange(date(2018, 11, 1), date(2018, 11, 2))
    assert source.count(november, calendar=UTC_DAYS, unit="Hour", outside=outside).refused == {}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=20))
def test_a_number_with_an_exponent_is_spelt_out_and_stays_the_same(number: Decimal) -> None:
    for text in (f"{number:e}", f"{number:E}", f"{number:f}"):
        told = _spelt_out(text)
        assert told is not None
        assert Decimal(told) == number
        assert "e" not in told.lower()


@pytest.mark.parametrize("text", ["++1e5", "-+1e5", "1e+-5", "1e--5", "+-1e5", "1e", "e5", ".e5", "1e5_0", "1e1000"])
def test_what_only_looks_like_an_exponent_stays_as_it_is(text: str) -> None:
    assert _spelt_out(text) == text


@given(st.text("0123456789eE+-. x", max_size=12))
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    told = _spelt_out(text)
    assert told == text or Decimal(str(told)) == Decimal(text)


WRONG_ENTRIES: dict[str, dict[str, Any]] = {
    "neither": {},
    "both": DAILY | {"timestamp": "t"},
    "half a day": {"day": "d"},
    "two ways to count": EVENTS | {"quantity": "q", "count_distinct": "k"},
    "zone of days": DAILY | {"local_zone": "Europe/Berlin"},
    "no zone": EVENTS | {"local_zone": "Europe/Atlantis"},
    "segment and dimensions": EVENTS | {"segment": "a", "dimensions": {"b": "b"}},
    "no time": EVENTS | {"reading_timeout": timedelta()},
    "a float": EVENTS | {"where": {"a": 1.5}},
    "no path": EVENTS | {"path": ""},
}


@pytest.mark.parametrize("entry", WRONG_ENTRIES.values(), ids=WRONG_ENTRIES.keys())
def test_an_entry_that_can_not_be_meant_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FileUnits.model_validate({"kind": "files", "path": "files", **entry})
