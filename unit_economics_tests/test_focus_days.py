"""Which business day a charge belongs to, and that no day rule loses or invents money."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics_tests.focus_bills import billed, charge, read_bill, write_bill

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
]
"""Half and quarter hours from UTC, clocks that change at midnight or by half an hour, and both edges of the map."""


def period(start: str, end: str, **changes: str) -> dict[str, str]:
    return charge(ChargePeriodStart=start, ChargePeriodEnd=end, **changes)


@pytest.mark.parametrize(
    ("start", "end", "zone", "day"),
    [
        ("2024-03-31T22:30:00Z", "2024-03-31T23:30:00Z", "Europe/Berlin", date(2024, 4, 1)),
        ("2024-03-30T23:00:00Z", "2024-03-31T00:00:00Z", "Europe/Berlin", date(2024, 3, 31)),
        ("2024-10-27T22:59:59Z", "2024-10-27T23:59:59Z", "Europe/Berlin", date(2024, 10, 27)),
        ("2024-09-10T03:59:00Z", "2024-09-10T04:59:00Z", "America/New_York", date(2024, 9, 9)),
        ("2024-09-10T00:00:00Z", "2024-09-11T00:00:00Z", "America/New_York", date(2024, 9, 10)),
        ("2024-09-10T00:00:00Z", "2024-09-10T23:59:59Z", "America/New_York", date(2024, 9, 9)),
        ("2024-09-10 23:30:00", "2024-09-11 00:30:00", "UTC", date(2024, 9, 10)),
        ("2024-09-10T23:30:00-05:00", "2024-09-11T00:30:00-05:00", "UTC", date(2024, 9, 11)),
        ("2024-09-10T00:30+02:00", "2024-09-10T01:30+02:00", "UTC", date(2024, 9, 9)),
        ("2024-09-10T10:00Z", "2024-09-10T10:00Z", "UTC", date(2024, 9, 10)),
    ],
)
def test_a_short_charge_belongs_to_its_local_day_and_a_long_one_to_its_utc_day(
    tmp_path: Path, start: str, end: str, zone: str, day: date
) -> None:
    write_bill(tmp_path, period(start, end))
    delivery = read_bill(tmp_path, day - timedelta(days=2), day + timedelta(days=2), zone=zone)
    assert list(delivery.charges["business_date"]) == [day]
    assert list(read_bill(tmp_path, day, zone=zone).charges["business_date"]) == [day]


def test_duckdbs_plain_cast_would_drop_an_offset_and_follow_the_session() -> None:
    """The reason for the detour over TIMESTAMPTZ and for a session in UTC: each naive variant moves a charge."""
    with duckdb.connect() as connection:
        plain = connection.execute("select '2024-09-10T23:30:00-05:00'::timestamp").fetchall()
        connection.execute("set TimeZone = 'America/New_York'")
        session = connection.execute("select epoch('2024-09-10 23:30:00'::timestamptz)::bigint").fetchall()
    assert plain == [(datetime(2024, 9, 10, 23, 30),)]  # noqa: DTZ001 - as DuckDB hands it over
    assert session != [(int(datetime(2024, 9, 10, 23, 30, tzinfo=UTC).timestamp()),)]


@pytest.mark.parametrize("long_charges", ["start", "spread"])
def test_a_month_long_charge_is_on_its_first_day_or_in_equal_parts_on_all(tmp_path: Path, long_charges: str) -> None:
    write_bill(tmp_path, period("2024-09-01T00:00:00Z", "2024-10-01T00:00:00Z", BilledCost="100"))
    delivery = read_bill(tmp_path, date(2024, 8, 1), date(2024, 10, 31), long_charges=long_charges)
    days = 1 if long_charges == "start" else 30
    assert len(delivery.charges) == days
    assert billed(delivery) == 100
    assert max(delivery.charges["billed_cost"]) - min(delivery.charges["billed_cost"]) <= Decimal("1e-12")


def test_what_cannot_be_divided_goes_to_the_first_days(tmp_path: Path) -> None:
    write_bill(
        tmp_path, period("2024-09-10T00:00:00Z", "2024-09-13T00:00:00Z", BilledCost="-0.000000000005", ListCost="")
    )
    charges = read_bill(tmp_path, date(2024, 9, 10), date(2024, 9, 12), long_charges="spread").charges
    assert [str(cost.quantize(Decimal("1e-12"))) for cost in charges["billed_cost"]] == ["-2E-12", "-2E-12", "-1E-12"]
    assert list(charges["list_cost"]) == [None] * 3


def test_a_day_inside_a_spread_charge_has_its_share_when_it_is_read_alone(tmp_path: Path) -> None:
    write_bill(tmp_path, period("2024-09-01T00:00:00Z", "2024-10-01T00:00:00Z", BilledCost="100"))
    days = [date(2024, 9, 1) + timedelta(days=n) for n in range(30)]
    assert sum(billed(read_bill(tmp_path, day, long_charges="spread")) for day in days) == 100


moments = st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=12, allow_nan=False)
lengths = st.sampled_from(
    [timedelta(0), timedelta(hours=1), timedelta(hours=23, minutes=59, seconds=59)]
) | st.timedeltas(timedelta(hours=1), timedelta(days=70))
bills = st.lists(st.tuples(moments, lengths, amounts), min_size=1, max_size=30)


def row(start: datetime, length: timedelta, amount: Decimal) -> Mapping[str, str]:
    return period(start.isoformat(), (start + length).isoformat(), BilledCost=f"{amount:f}", ListCost="")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("long_charges", ["start", "spread"])
@settings(max_examples=12)
@given(bill=bills)
def test_the_charges_of_all_days_add_up_to_the_bill_exactly(
    zone: str, long_charges: str, bill: list[tuple[datetime, timedelta, Decimal]]
) -> None:
    with TemporaryDirectory() as folder:
        write_bill(Path(folder), *(row(*one) for one in bill))
        delivery = read_bill(folder, date(2023, 12, 30), date(2025, 3, 20), zone=zone, long_charges=long_charges)
    assert billed(delivery) == sum(amount for _, _, amount in bill)
    assert sum(delivery.source_totals["billed_cost"]) == billed(delivery)


@pytest.mark.parametrize("zone", ZONES)
def test_every_hour_of_a_year_with_both_clock_changes_is_on_the_day_that_the_wall_clock_shows(
    tmp_path: Path, zone: str
) -> None:
    begin = datetime(2011, 1, 1, tzinfo=UTC) if zone == "Pacific/Apia" else datetime(2018, 1, 1, tzinfo=UTC)
    starts = [begin + timedelta(minutes=30 * n) for n in range(365 * 48)]
    half = timedelta(minutes=30)
    write_bill(tmp_path, *(period(s.isoformat(), (s + half).isoformat(), BilledCost="1") for s in starts))
    charges = read_bill(
        tmp_path, begin.date() - timedelta(days=2), begin.date() + timedelta(days=368), zone=zone
    ).charges
    wall: dict[date, int] = {}
    for start in starts:
        day = start.astimezone(ZoneInfo(zone)).date()
        wall[day] = wall.get(day, 0) + 1
    assert dict(zip(charges["business_date"], charges["charge_rows"], strict=True)) == wall


def test_a_naive_day_at_a_fixed_offset_would_be_caught_by_the_wall_clock() -> None:
    late = datetime(2018, 7, 1, 22, 30, tzinfo=UTC)
    fixed = (late + timedelta(hours=1)).date()
    assert fixed != late.astimezone(ZoneInfo("Europe/Berlin")).date()


def test_the_order_of_the_columns_makes_no_difference(tmp_path: Path) -> None:
    rows = [charge(), charge(BilledCost="2", ProviderName="GCP")]
    columns = list(rows[0])
    first = read_bill(write_bill(tmp_path, *rows), tag_keys=["app"]).charges
    for seed in range(5):
        random.Random(seed).shuffle(columns)
        shuffled = [{name: one[name] for name in columns} for one in rows]
        assert read_bill(write_bill(tmp_path, *shuffled), tag_keys=["app"]).charges.equals(first)
