"""Rules of the PostgreSQL unit source: the bad inputs O1 to O28, each refused in one sentence or counted right."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import tenacity
from psycopg.conninfo import make_conninfo
from pydantic import ValidationError

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.schemas import UNITS
from unit_economics.unit_sources.postgres import PostgresUnits

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
FIRST, SECOND = date(2025, 3, 3), date(2025, 3, 4)
BOTH = DayRange(FIRST, SECOND)
NOW = datetime(2025, 4, 1, tzinfo=UTC)
VIEW: dict[str, Any] = {"relation": "public.total_orders", "day": "date", "quantity": "total_orders"}
TABLE: dict[str, Any] = {"relation": "public.orders", "timestamp": "ordered_at"}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unit_economics.unit_sources.postgres.session.WAIT", tenacity.wait_none())


def run(database: str, *statements: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def count(database: str, entry: dict[str, Any], days: DayRange = BOTH, **more: object) -> Count:
    source = PostgresUnits.model_validate({"kind": "postgres", "dsn": "ORDERS_DATABASE_URL", **entry, **more})
    outside = Outside({"ORDERS_DATABASE_URL": database}, now=lambda: NOW)
    counted = source.count(days, calendar=UTC_DAYS, unit="Order", outside=outside)
    UNITS.validate(counted.units, lazy=True)
    return counted


def quantities(counted: Count) -> dict[date, Decimal]:
    return dict(zip(counted.units["business_date"], counted.units["quantity"], strict=True))


def view_of(values: str, columns: str = "date, total_orders") -> str:
    return f"create view public.total_orders as select * from (values {values}) as v({columns})"


def table_of(*rows: str, kind: str = "timestamptz", more: str = "") -> list[str]:
    made = f"create table public.orders (order_id int, ordered_at {kind}, status text{more})"
    return [made, *(f"insert into public.orders values {row}" for row in rows)]


def test_a_view_of_two_days_is_counted_as_decimals(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 7::bigint), ('2025-03-04', 8), ('2025-03-05', 9)"))
    counted = count(database, VIEW)
    assert quantities(counted) == {FIRST: Decimal(7), SECOND: Decimal(8)}
    assert set(counted.units["segment"]) == {"all"}
    assert counted.absent == {}


REFUSED = {
    "O1 view missing": ("select 1", '"public.total_orders" does not exist'),
    "O4 column renamed": (
        view_of("('2025-03-03'::date, 7)", "date, orders"),
        "column total_orders does not exist. Name one of its columns: date, orders.",
    ),
    "O6 quantity is text": (view_of("('2025-03-03'::date, '12')"), "total_orders is text"),
    "O7 quantity is a float": (view_of("('2025-03-03'::date, 10.5::float8)"), "total_orders is float8"),
    "O10 day is null": (view_of("(null::date, 7)"), "column date is empty in a row"),
    "O12 day is a timestamp": (view_of("('2025-03-03'::timestamp, 7)"), "`timestamp: date`"),
    "O12 day is a timestamptz": (view_of("('2025-03-03'::timestamptz, 7)"), "`timestamp: date`"),
    "O12 day is text": (view_of("('2025-03-03', 7)"), "column date is text"),
    "O15 overflow": (view_of("('2025-03-03'::date, 2147483647 + length(now()::text))"), "integer out of range (22003)"),
    "O19 day infinity": (view_of("('infinity'::date, 7)"), "holds the day infinity"),
    "O19 day -infinity": (view_of("('-infinity'::date, 7)"), "holds the day -infinity"),
    "O20 year 10000": (view_of("('10000-01-01'::date, 7)"), "holds the day 10000-01-01"),
    "O20 BC": (view_of("('0044-03-15 BC'::date, 7)"), "holds the day 0044-03-15 BC"),
    "O22 division by zero": (view_of("('2025-03-03'::date, 1 / (length(now()::text) * 0))"), "(22012)"),
}


@pytest.mark.parametrize(("made", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_count_is_refused_by_name(database: str, made: str, said: str) -> None:
    run(database, made)
    with pytest.raises(Refusal, match=re.escape(said)) as caught:
        count(database, VIEW)
    assert str(caught.value).startswith("public.total_orders in ORDERS_DATABASE_URL: ")
    assert database not in str(caught.value)


DAY_REFUSED = {
    "O8 negative": ("('2025-03-03'::date, -1)", "total_orders is -1 on 2025-03-03"),
    "O9 quantity is null": ("('2025-03-03'::date, null::int)", "total_orders is empty on 2025-03-03"),
    "O11 two rows for a day": ("('2025-03-03'::date, 7), ('2025-03-03', 8)", "2 rows for 2025-03-03"),
    "O16 too large": ("('2025-03-03'::date, 10::numeric ^ 200)", "larger than 1e+24"),
    "O17 NaN": ("('2025-03-03'::date, 'NaN'::numeric)", "total_orders is NaN on 2025-03-03"),
    "O18 infinity": ("('2025-03-03'::date, 'Infinity'::numeric)", "total_orders is Infinity on 2025-03-03"),
}


@pytest.mark.parametrize(("bad", "said"), DAY_REFUSED.values(), ids=DAY_REFUSED.keys())
def test_a_day_that_is_no_count_is_refused_alone_and_the_other_day_stands(database: str, bad: str, said: str) -> None:
    run(database, view_of(f"{bad}, ('2025-03-04', 8)"))
    counted = count(database, VIEW)
    assert quantities(counted) == {SECOND: Decimal(8)}
    assert set(counted.refused) == {FIRST}
    assert counted.refused[FIRST].startswith("public.total_orders in ORDERS_DATABASE_URL: ")
    assert said in counted.refused[FIRST]
    assert counted.absent == {}


def test_o2_a_missing_schema_is_refused_by_name(database: str) -> None:
    with pytest.raises(UsageRefusal, match=r'"shop\.total_orders" does not exist, or its schema does not'):
        count(database, VIEW, relation="shop.total_orders")


@pytest.fixture
def reader(database: str) -> str:
    """The URL of a role that may log in and nothing else."""
    name = "reader_" + database.split("?")[0].rsplit("_", 1)[-1]
    run(database, f"create role {name} login password 'tiger-9'")
    return make_conninfo(database, user=name, password="tiger-9")


def test_o3_a_role_without_the_right_to_read_is_refused_at_once(database: str, reader: str) -> None:
    run(database, view_of("('2025-03-03'::date, 7)"))
    with pytest.raises(Refusal, match="permission denied for view total_orders") as caught:
        count(reader, VIEW)
    assert not isinstance(caught.value, Unreachable)
    assert "tiger-9" not in str(caught.value)


def test_o3_a_schema_that_may_not_be_used_is_refused(database: str, reader: str) -> None:
    run(database, "create schema shop", "create table shop.total_orders (date date, total_orders int)")
    with pytest.raises(Refusal, match="permission denied for schema shop"):
        count(reader, VIEW, relation="shop.total_orders")


def test_o5_further_columns_do_not_matter(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 'x', 7)", "date, note, total_orders"))
    assert quantities(count(database, VIEW)) == {FIRST: Decimal(7)}


def test_o13_a_session_zone_of_the_role_does_not_move_the_day(database: str, reader: str) -> None:
    role = re.search(r"reader_\d+", reader)
    assert role
    run(database, *table_of("(1, '2025-03-03 23:30Z', 'completed')"), f"grant select on orders to {role[0]}")
    run(database, f"alter role {role[0]} set timezone = 'Asia/Tokyo'", f"alter role {role[0]} set datestyle = 'German'")
    assert quantities(count(reader, TABLE)) == {FIRST: Decimal(1)}


def test_o14_the_last_moment_of_the_last_day_counts_and_the_next_midnight_does_not(database: str) -> None:
    run(database, *table_of("(1, '2025-03-04 23:59:59.999999Z', ''), (2, '2025-03-05 00:00Z', '')"))
    assert quantities(count(database, TABLE)) == {FIRST: Decimal(0), SECOND: Decimal(1)}


def test_o15_a_sum_beyond_bigint_is_still_exact(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 9223372036854775807::numeric * 10)"))
    assert quantities(count(database, VIEW)) == {FIRST: Decimal(92233720368547758070)}


def test_o21_a_day_without_a_row_is_missing_and_not_zero(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 7)"))
    counted = count(database, VIEW)
    assert quantities(counted) == {FIRST: Decimal(7)}
    assert counted.absent == {SECOND: "public.total_orders has no row for this day"}


def test_o21_a_view_without_rows_leaves_every_day_open(database: str) -> None:
    run(database, "create view public.total_orders as select null::date as date, 1 as total_orders where false")
    counted = count(database, VIEW)
    assert counted.units.empty
    assert set(counted.absent) == {FIRST, SECOND}


def test_o21_an_entry_may_say_that_a_day_without_a_row_is_zero(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 7)"))
    counted = count(database, VIEW, absent_day="zero")
    assert (quantities(counted), counted.absent) == ({FIRST: Decimal(7), SECOND: Decimal(0)}, {})


def test_o22_a_stated_zero_is_a_zero(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 0), ('2025-03-04', 0)"))
    assert quantities(count(database, VIEW)) == {FIRST: Decimal(0), SECOND: Decimal(0)}


def test_o23_a_fraction_stays_a_fraction(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 3.5)"))
    assert quantities(count(database, VIEW)) == {FIRST: Decimal("3.5")}


def test_o26_the_fingerprint_is_of_the_rows_and_not_of_their_spelling(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 7.00)"))
    first = count(database, VIEW)
    run(database, "drop view total_orders", view_of("('2025-03-03'::date, 7)"))
    assert count(database, VIEW).fingerprint == first.fingerprint
    run(database, "drop view total_orders", view_of("('2025-03-03'::date, 8)"))
    assert count(database, VIEW).fingerprint != first.fingerprint


INJECTIONS = [
    "x; drop schema shop cascade; --",
    'x"; drop table t; --',
    "a.b.c",
    "",
    "x\n",
    "1x",
    "ä",
    "a" * 64,
    "a.",
    ".a",
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("where", ["relation", "day", "quantity", "segment", "where"])
def test_o27_what_is_no_identifier_is_refused_before_anything_is_asked(text: str, where: str) -> None:
    value: Any = {text: "x"} if where == "where" else text
    with pytest.raises(ValidationError):
        PostgresUnits.model_validate({"kind": "postgres", "dsn": "D", **VIEW, where: value})


def test_o27_an_identifier_is_quoted_and_a_value_is_a_parameter(database: str) -> None:
    run(database, 'create table "select" ("Order" timestamptz, "from" text)', "create table kept ()")
    run(database, """insert into "select" values ('2025-03-03 12:00Z', $$'); drop table kept; --$$)""")
    entry = {"relation": "select", "timestamp": "Order", "where": {"from": "'); drop table kept; --"}}
    assert quantities(count(database, entry, DayRange(FIRST, FIRST))) == {FIRST: Decimal(1)}
    run(database, "select 1 from kept")


def test_o28_a_view_that_writes_is_refused_and_writes_nothing(database: str) -> None:
    writes = "create function write_one() returns int language sql as 'insert into log values (1) returning 1'"
    run(database, "create table log (n int)", writes, view_of("('2025-03-03'::date, write_one())"))
    with pytest.raises(Refusal, match="reading it would write: cannot execute INSERT in a read-only transaction"):
        count(database, VIEW)
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) from log").fetchone() == (0,)


def test_o28_the_transaction_can_not_be_turned_into_a_writing_one(database: str) -> None:
    turn_off = "select set_config('transaction_read_only', 'off', true)"
    turn = f"create function turn() returns text language sql as $${turn_off}$$"
    run(database, turn, view_of("('2025-03-03'::date, length(turn()))"))
    with pytest.raises(Refusal, match="transaction read-write mode must be set before any query"):
        count(database, VIEW)


def test_only_rows_that_satisfy_every_filter_are_counted(database: str) -> None:
    rows = [
        ("completed", 3, True),
        ("paid", 3, True),
        ("completed", 4, True),
        ("completed", 3, False),
        ("new", 3, True),
    ]
    written = [f"(1, '2025-03-03', '{status}', {shop}, {real})" for status, shop, real in rows]
    run(database, *table_of(*written, more=", shop int, real bool"))
    wanted = {"status": ["completed", "paid"], "shop": 3, "real": True}
    assert quantities(count(database, TABLE, DayRange(FIRST, FIRST), where=wanted)) == {FIRST: Decimal(2)}


def test_a_filter_may_name_a_value_of_an_enum(database: str) -> None:
    run(database, "create type state as enum ('new', 'done')")
    run(
        database,
        *table_of("(1, '2025-03-03', 'done', 'done')", "(2, '2025-03-03', 'done', 'new')", more=", state state"),
    )
    assert quantities(count(database, TABLE, DayRange(FIRST, FIRST), where={"state": "done"})) == {FIRST: Decimal(1)}
    with pytest.raises(UsageRefusal, match="invalid input value for enum state"):
        count(database, TABLE, where={"state": "gone"})


def test_a_filter_of_another_type_than_its_column_is_refused(database: str) -> None:
    run(database, *table_of("(1, '2025-03-03', 'done')"))
    with pytest.raises(UsageRefusal, match="operator does not exist: text = smallint"):
        count(database, TABLE, where={"status": 3})
    with pytest.raises(UsageRefusal, match="can't be sent"):
        count(database, TABLE, where={"status": "a\0b"})


def test_each_segment_of_a_day_has_its_row_and_none_is_lost(database: str) -> None:
    rows = ["(1, '2025-03-03', 'a', 'DE')", "(2, '2025-03-03', 'a', 'FR')", "(3, '2025-03-03', 'a', null)"]
    run(database, *table_of(*rows, more=", country text"))
    units = count(database, TABLE, DayRange(FIRST, FIRST), segment="country").units
    assert dict(zip(units["segment"], units["quantity"], strict=True)) == {"(none)": 1, "DE": 1, "FR": 1}


def test_a_view_has_one_row_for_a_day_and_segment(database: str) -> None:
    run(database, view_of("('2025-03-03'::date, 7, 'DE'), ('2025-03-03', 8, 'DE')", "date, total_orders, country"))
    assert "2 rows for 2025-03-03 and 'DE'" in count(database, VIEW, segment="country").refused[FIRST]


def test_different_keys_are_counted_once_a_day_and_an_empty_key_is_refused(database: str) -> None:
    run(database, *table_of("(1, '2025-03-03 01:00Z', '')", "(1, '2025-03-03 02:00Z', '')", "(1, '2025-03-04', '')"))
    assert quantities(count(database, TABLE, count_distinct="order_id")) == {FIRST: Decimal(1), SECOND: Decimal(1)}
    run(database, "insert into orders values (null, '2025-03-03 03:00Z', '')")
    refused = count(database, TABLE, count_distinct="order_id").refused
    assert "order_id is empty in 1 rows of 2025-03-03" in refused[FIRST]


WRONG_ENTRIES = {
    "neither": {"relation": "t"},
    "both": VIEW | {"timestamp": "t"},
    "half a view": {"relation": "t", "day": "d"},
    "timestamp and quantity": TABLE | {"quantity": "q"},
    "zone of a view": VIEW | {"local_zone": "Europe/Berlin"},
    "no zone": TABLE | {"local_zone": "Europe/Atlantis"},
    "empty list": TABLE | {"where": {"status": []}},
    "a float": TABLE | {"where": {"status": 1.5}},
    "no time": TABLE | {"statement_timeout": timedelta()},
    "unknown key": TABLE | {"colour": "red"},
    "a URL and no name": TABLE | {"dsn": "postgresql://u:p@h/d"},
}


@pytest.mark.parametrize("entry", WRONG_ENTRIES.values(), ids=WRONG_ENTRIES.keys())
def test_an_entry_that_can_not_be_meant_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PostgresUnits.model_validate({"kind": "postgres", "dsn": "ORDERS_DATABASE_URL", **entry})


def test_a_wall_clock_needs_its_zone_and_a_moment_has_none(database: str) -> None:
    run(database, *table_of(kind="timestamp"))
    with pytest.raises(UsageRefusal, match=r"it has no time zone\. Add `local_zone`"):
        count(database, TABLE)
    for kind in ("timestamptz", "date", "text"):
        run(database, "drop table orders", *table_of(kind=kind))
        with pytest.raises(UsageRefusal, match=f"ordered_at is {kind} and not"):
            count(database, TABLE, local_zone="Europe/Berlin")
