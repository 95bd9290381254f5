"""Units in any database through SQLAlchemy, on a real SQLite and a real DuckDB: counted alike, or refused plainly."""

import re
import sqlite3
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
import sqlalchemy as sa
import tenacity
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.schemas import SLICED_UNITS, UNITS
from unit_economics.unit_sources.sql import SqlUnits

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
FIRST, SECOND = date(2025, 3, 3), date(2025, 3, 4)
BOTH = DayRange(FIRST, SECOND)
NOW = datetime(2025, 4, 1, tzinfo=UTC)
KEY = "an-old-key-of-32-characters-long"
VIEW: dict[str, Any] = {"relation": "total_orders", "day": "day", "quantity": "orders"}
TABLE: dict[str, Any] = {"relation": "orders", "timestamp": "ordered_at"}


class Shop:
    """A database of one kind, in a file of its own."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self.path = folder / f"shop.{kind}"
        self.run("create table started (n int)")

    def run(self, *statements: str) -> None:
        if self.kind == "sqlite":
            connection = sqlite3.connect(self.path)
            with connection:
                for statement in statements:
                    connection.execute(statement)
            connection.close()
            return
        with duckdb.connect(str(self.path)) as session:
            for statement in statements:
                session.execute(statement)

    def counter(self, entry: dict[str, Any], **more: object) -> tuple[SqlUnits, Outside]:
        source = SqlUnits.model_validate({"kind": "sql", "url": "SHOP_URL", **entry, **more})
        variables = {"SHOP_URL": f"{self.kind}:///shop.{self.kind}", "NAMES_KEY": KEY}
        return source, Outside(variables, folder=self.folder, now=lambda: NOW)

    def count(
        self, entry: dict[str, Any], days: DayRange = BOTH, calendar: BusinessCalendar = UTC_DAYS, **more: object
    ) -> Count:
        source, outside = self.counter(entry, **more)
        counted = source.count(days, calendar=calendar, unit="Order", outside=outside)
        (SLICED_UNITS if source.dimensions else UNITS).validate(counted.units, lazy=True)
        return counted

    def orders(self, *rows: tuple[object, ...]) -> None:
        """A table of orders: when, which order, its state, customer, country and amount."""
        moment = "text" if self.kind == "sqlite" else "timestamptz"
        self.run(
            f"create table orders (ordered_at {moment}, order_id text, status text, customer text, country text,"
            " amount decimal(18, 4), is_real boolean, shop int)",
            *(f"insert into orders values ({', '.join(map(literal, row))})" for row in rows),
        )


def literal(value: object) -> str:
    return "null" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


def order(at: str | None, order_id: str | None = "1", **more: object) -> tuple[object, ...]:
    held = {"status": "done", "customer": "anna", "country": "DE", "amount": "1.10", "is_real": True, "shop": 3} | more
    return (at, order_id, *held.values())


@pytest.fixture(params=["sqlite", "duckdb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    return Shop(request.param, tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> Shop:
    return Shop("sqlite", tmp_path)


@pytest.fixture
def ducks(tmp_path: Path) -> Shop:
    return Shop("duckdb", tmp_path)


def quantities(counted: Count) -> dict[date, Decimal]:
    return dict(zip(counted.units["business_date"], counted.units["quantity"], strict=True))


def sliced(counted: Count) -> dict[str, Decimal]:
    return dict(zip(counted.units["dimensions"], counted.units["quantity"], strict=True))


def test_a_table_of_days_is_counted_as_decimals_and_a_day_without_a_row_is_missing(shop: Shop) -> None:
    shop.run(
        "create table total_orders (day date, orders decimal(18, 2))",
        "insert into total_orders values ('2025-03-03', 7.25), ('2025-03-05', 9)",
    )
    counted = shop.count(VIEW)
    assert quantities(counted) == {FIRST: Decimal("7.25")}
    assert counted.absent == {SECOND: "total_orders has no row for this day"}
    assert quantities(shop.count(VIEW, absent_day="zero")) == {FIRST: Decimal("7.25"), SECOND: Decimal(0)}


DAYS_REFUSED = {
    "two rows": ("('2025-03-03', 7), ('2025-03-03', 8)", "there are 2 rows for 2025-03-03"),
    "negative": ("('2025-03-03', -1)", "column orders is -1"),
    "empty": ("('2025-03-03', null)", "column orders is empty on 2025-03-03"),
}


@pytest.mark.parametrize(("bad", "said"), DAYS_REFUSED.values(), ids=DAYS_REFUSED.keys())
def test_a_day_that_is_no_count_is_refused_alone(shop: Shop, bad: str, said: str) -> None:
    shop.run(
        "create table total_orders (day date, orders decimal(18, 2))",
        f"insert into total_orders values {bad}, ('2025-03-04', 8)",
    )
    counted = shop.count(VIEW)
    assert quantities(counted) == {SECOND: Decimal(8)}
    assert said in counted.refused[FIRST]


def test_a_row_without_a_day_is_refused(shop: Shop) -> None:
    shop.run("create table total_orders (day date, orders int)", "insert into total_orders values (null, 7)")
    with pytest.raises(Refusal, match="total_orders in SHOP_URL: column day is empty in a row"):
        shop.count(VIEW)


def test_rows_are_counted_by_business_day_in_half_open_windows(shop: Shop) -> None:
    shop.orders(
        order("2025-03-03 00:00:00+00:00"),
        order("2025-03-03 23:59:59.999+00:00"),
        order("2025-03-05 00:00:00+01:00"),
        order("2025-03-05 00:00:00+00:00"),
        order(None),
    )
    assert quantities(shop.count(TABLE)) == {FIRST: Decimal(2), SECOND: Decimal(1)}


def test_the_days_are_those_of_the_business_and_change_with_its_clocks(shop: Shop) -> None:
    berlin = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta(hours=2))
    shop.orders(
        order("2025-03-29 22:59:59+00:00"),
        order("2025-03-29 23:00:00+00:00"),
        order("2025-03-30 21:59:59+00:00"),
        order("2025-03-30 22:00:00+00:00"),
    )
    counted = shop.count(TABLE, DayRange(date(2025, 3, 29), date(2025, 3, 31)), berlin)
    assert list(quantities(counted).values()) == [1, 2, 1]


def test_a_wall_clock_is_read_where_it_hangs(shop: Shop) -> None:
    kind = "text" if shop.kind == "sqlite" else "timestamp"
    shop.run(f"create table orders (ordered_at {kind})", "insert into orders values ('2025-03-04 00:30:00')")
    counted = shop.count(TABLE, local_zone="Europe/Berlin")
    assert quantities(counted) == {FIRST: Decimal(1)}
    assert counted.absent == {SECOND: "orders holds no row of this day, and none after it either"}
    with pytest.raises(Refusal, match=r"zone.*Add `local_zone`"):
        shop.count(TABLE)


def test_a_column_of_dates_is_the_business_day_itself(shop: Shop) -> None:
    shop.run("create table orders (ordered_at date)", "insert into orders values ('2025-03-03'), ('2025-03-03')")
    tokyo = BusinessCalendar(ZoneInfo("Asia/Tokyo"), timedelta(hours=2))
    assert quantities(shop.count(TABLE, calendar=tokyo)) == {FIRST: Decimal(2)}


def test_a_day_that_the_table_has_grown_past_is_zero(shop: Shop) -> None:
    shop.orders(order("2025-03-05 10:00:00+00:00", status="new"), order("2027-01-01 00:00:00+00:00"))
    counted = shop.count(TABLE, DayRange(FIRST, date(2025, 3, 6)), where={"status": "done"})
    assert quantities(counted) == {FIRST: Decimal(0), SECOND: Decimal(0)}
    assert list(counted.absent) == [date(2025, 3, 5), date(2025, 3, 6)]


def test_only_rows_that_satisfy_every_filter_are_counted(shop: Shop) -> None:
    at = "2025-03-03 10:00:00+00:00"
    shop.orders(
        order(at),
        order(at, status="paid"),
        order(at, shop=4),
        order(at, is_real=False),
        order(at, status="new"),
        order(at, status=None),
    )
    wanted = {"status": ["done", "paid"], "shop": 3, "is_real": True}
    assert quantities(shop.count(TABLE, DayRange(FIRST, FIRST), where=wanted)) == {FIRST: Decimal(2)}
    hostile = {"status": "'); drop table orders; --"}
    assert shop.count(TABLE, DayRange(FIRST, FIRST), where=hostile).units.empty


def test_a_sum_is_exact_and_an_empty_quantity_is_refused_by_its_day(shop: Shop) -> None:
    at, later = "2025-03-03 10:00:00+00:00", "2025-03-04 10:00:00+00:00"
    shop.orders(*(order(at, amount="0.1") for _ in range(10)), order(at, amount="0.0001"), order(later))
    assert quantities(shop.count(TABLE, quantity="amount")) == {FIRST: Decimal("1.0001"), SECOND: Decimal("1.10")}
    shop.run(f"insert into orders values ('{at}', 'x', 'done', 'anna', 'DE', null, true, 3)")
    counted = shop.count(TABLE, quantity="amount")
    assert "column amount is empty in 1 rows of 2025-03-03, so they can't be counted" in counted.refused[FIRST]
    assert quantities(counted) == {SECOND: Decimal("1.10")}


def test_different_keys_count_once_a_day_and_over_several_days_once_in_all(shop: Shop) -> None:
    at, later = "2025-03-03 10:00:00+00:00", "2025-03-04 10:00:00+00:00"
    shop.orders(order(at), order(at), order(at, "2"), order(later, "2"), order(later, "3"))
    entry = TABLE | {"count_distinct": "order_id"}
    assert quantities(shop.count(entry)) == {FIRST: Decimal(2), SECOND: Decimal(2)}
    source, outside = shop.counter(entry)
    assert source.count_over(BOTH, calendar=UTC_DAYS, outside=outside) == Decimal(3)
    nothing = DayRange(date(2024, 1, 1), date(2024, 1, 2))
    assert source.count_over(nothing, calendar=UTC_DAYS, outside=outside) == Decimal(0)
    shop.run(f"insert into orders values ('{at}', null, 'done', 'anna', 'DE', 1, true, 3)")
    assert "order_id is empty in 1 rows" in shop.count(entry).refused[FIRST]


def test_over_several_days_a_key_that_is_empty_is_refused(shop: Shop) -> None:
    shop.orders(order("2025-03-04 10:00:00+00:00", None))
    source, outside = shop.counter(TABLE | {"count_distinct": "order_id"})
    with pytest.raises(Refusal, match="order_id is empty in 1 rows of 2025-03-03 to 2025-03-04"):
        source.count_over(BOTH, calendar=UTC_DAYS, outside=outside)


def test_rows_can_not_be_counted_over_several_days(shop: Shop) -> None:
    source, outside = shop.counter(TABLE)
    with pytest.raises(UsageRefusal, match="can't count what is different"):
        source.count_over(BOTH, calendar=UTC_DAYS, outside=outside)


def test_each_segment_of_a_day_has_its_row(shop: Shop) -> None:
    at = "2025-03-03 10:00:00+00:00"
    shop.orders(order(at), order(at, country="FR"), order(at, country=None))
    units = shop.count(TABLE, DayRange(FIRST, FIRST), segment="country").units
    assert dict(zip(units["segment"], units["quantity"], strict=True)) == {"(none)": 1, "DE": 1, "FR": 1}


def test_a_segment_that_is_called_as_what_has_none_is_one_segment_with_it(shop: Shop) -> None:
    shop.orders(*(order("2025-03-03T10:00:00+00:00", country=one) for one in ("DE", None, "(none)", "")))
    units = shop.count(TABLE, DayRange(FIRST, FIRST), segment="country").units
    assert dict(zip(units["segment"], units["quantity"], strict=True)) == {"DE": 1, "(none)": 3}


def test_dimensions_are_rolled_up_and_the_whole_of_a_day_is_asked_for(shop: Shop) -> None:
    at = "2025-03-03 10:00:00+00:00"
    shop.orders(order(at, "1"), order(at, "1", country="FR"), order(at, "2"), order(at, "3", country="IT"))
    entry = TABLE | {"count_distinct": "order_id", "dimensions": {"country": {"column": "country", "top": 1}}}
    counted = shop.count(entry, DayRange(FIRST, FIRST))
    assert sliced(counted) == {'{"country":"DE"}': Decimal(2), '{"country":"other"}': Decimal(2)}
    assert counted.totals == {FIRST: Decimal(3)}


def test_a_persons_name_leaves_the_source_as_a_keyed_hash_only(shop: Shop) -> None:
    shop.run(
        "create table total_orders (day date, orders int, customer text)",
        "insert into total_orders values ('2025-03-03', 7, 'anna'), ('2025-03-03', 8, 'anna')",
        "insert into total_orders values ('2025-03-04', 1, 'anna')",
    )
    who = {"customer": {"column": "customer", "pseudonym": "NAMES_KEY"}}
    counted = shop.count(VIEW, dimensions=who)
    assert re.fullmatch(r'\{"customer":"[0-9a-f]{4}-[0-9a-f]{16}"\}', next(iter(sliced(counted))))
    assert "there are 2 rows for 2025-03-03" in counted.refused[FIRST]
    assert "anna" not in f"{counted.refused} {counted.units.to_csv()} {counted.fingerprint}"


def test_a_failure_repeats_no_word_of_a_database_whose_rows_name_people(ducks: Shop) -> None:
    ducks.run(
        "create table people (ordered_at timestamptz, customer text)",
        "insert into people values ('2025-03-03 10:00:00+00:00', 'anna')",
        "create view orders as select ordered_at, customer::int as customer from people",
    )
    open_words = pytest.raises(Refusal, match="duckdb could not answer: Conversion Error")
    with open_words:
        ducks.count(TABLE, segment="customer")
    who = {"customer": {"column": "customer", "pseudonym": "NAMES_KEY"}}
    with pytest.raises(Refusal, match=r"duckdb could not answer: ConversionException\.") as caught:
        ducks.count(TABLE, dimensions=who)
    assert "anna" not in "".join(traceback.format_exception(caught.value))


def test_the_fingerprint_is_of_the_rows_and_not_of_their_spelling(shop: Shop) -> None:
    shop.run("create table total_orders (day date, orders decimal(18, 2))")
    shop.run("insert into total_orders values ('2025-03-03', 7.00)")
    first = shop.count(VIEW).fingerprint
    shop.run("update total_orders set orders = 7")
    assert shop.count(VIEW).fingerprint == first
    shop.run("update total_orders set orders = 8")
    assert shop.count(VIEW).fingerprint != first


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no relation": (TABLE | {"relation": "nothing"}, "there is no table or view nothing. Create it"),
    "no column": (
        TABLE | {"timestamp": "at"},
        "column at does not exist. Name one of its columns: ordered_at, order_id",
    ),
    "no column in where": (TABLE | {"where": {"state": "x"}}, "column state does not exist"),
    "no column of a dimension": (TABLE | {"dimensions": {"a": "zone"}}, "column zone does not exist"),
}


@pytest.mark.parametrize(("entry", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_name_that_is_not_there_is_refused_with_those_that_are(shop: Shop, entry: dict[str, Any], said: str) -> None:
    shop.orders()
    with pytest.raises(UsageRefusal, match=re.escape(said)):
        shop.count(entry)


TYPES: dict[str, tuple[dict[str, Any], str]] = {
    "moment is text": (TABLE | {"timestamp": "status"}, "column status is varchar and not a timestamp or a date"),
    "clock of a moment": (TABLE | {"local_zone": "Europe/Berlin"}, "so `local_zone` has no meaning. Remove"),
    "sum of a float": (TABLE | {"quantity": "rough"}, "column rough is double and not a whole number or a decimal"),
    "day is a moment": (
        {"relation": "orders", "day": "ordered_at", "quantity": "shop"},
        "column ordered_at is timestamp with time zone and not a date",
    ),
    "text compared with a number": (TABLE | {"where": {"status": 3}}, "column status is varchar and not what `where`"),
    "number compared with a text": (TABLE | {"where": {"shop": "3"}}, "column shop is integer and not what `where`"),
    "truth compared with a number": (TABLE | {"where": {"is_real": 1}}, "column is_real is boolean and not"),
}


@pytest.mark.parametrize(("entry", "said"), TYPES.values(), ids=TYPES.keys())
def test_a_column_of_another_type_is_refused(ducks: Shop, entry: dict[str, Any], said: str) -> None:
    ducks.orders()
    ducks.run("alter table orders add column rough double")
    with pytest.raises(UsageRefusal, match=re.escape(said)):
        ducks.count(entry)


def test_a_relation_of_three_names_is_found_where_it_is(ducks: Shop) -> None:
    ducks.run("create schema eu", "create table eu.orders as select timestamptz '2025-03-03 10:00Z' as ordered_at")
    for name in ("eu.orders", "shop.eu.orders"):
        assert quantities(ducks.count(TABLE | {"relation": name})) == {FIRST: Decimal(1)}
    with pytest.raises(UsageRefusal, match=r"there is no table or view main\.orders"):
        ducks.count(TABLE | {"relation": "main.orders"})


@pytest.mark.parametrize("amount", ["1e400", "'twelve'", "x'00'", "'1e5'"])
def test_sqlite_holds_anything_and_only_exact_numbers_are_summed(sqlite: Shop, amount: str) -> None:
    sqlite.run("create table orders (ordered_at text, amount)")
    sqlite.run(f"insert into orders values ('2025-03-03T10:00:00Z', {amount})")
    with pytest.raises(UsageRefusal, match=r"orders in SHOP_URL: column amount: .* is no exact number"):
        sqlite.count(TABLE, quantity="amount")


def test_a_float_of_sqlite_is_its_shortest_decimal_and_sums_are_exact(sqlite: Shop) -> None:
    sqlite.run("create table orders (ordered_at text, amount real)")
    sqlite.run("insert into orders select '2025-03-03T10:00:00Z', 0.1 from (values (1), (2), (3))")
    assert quantities(sqlite.count(TABLE, quantity="amount"))[FIRST] == Decimal("0.3")


@pytest.mark.parametrize("at", ["yesterday", "now", "1741000000", "2025-03-03 10:00:00", "3/3/2025", "10:00Z"])
def test_what_is_no_moment_in_sqlite_is_refused(sqlite: Shop, at: str) -> None:
    sqlite.orders(order(at))
    with pytest.raises(Refusal, match="column ordered_at is not a time with a zone"):
        sqlite.count(TABLE)


@pytest.mark.parametrize("at", ["2025-03-03T22:59:59.9996Z", "2025-03-03 23:59:59.999999+01:00"])
def test_the_last_moment_of_a_day_in_sqlite_is_not_rounded_into_the_next(sqlite: Shop, at: str) -> None:
    sqlite.orders(order(at))
    berlin = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta(hours=2))
    assert quantities(sqlite.count(TABLE, calendar=berlin)) == {FIRST: Decimal(1)}


def test_different_keys_of_sqlite_are_told_apart_by_their_every_letter(sqlite: Shop) -> None:
    sqlite.run("create table orders (ordered_at text, order_id text collate nocase)")
    sqlite.run("insert into orders select '2025-03-03T10:00:00Z', column1 from (values ('a1'), ('A1'))")
    assert quantities(sqlite.count(TABLE, count_distinct="order_id"))[FIRST] == Decimal(2)


@pytest.mark.parametrize("at", ["2025-03-03T10:00:00Z", "2025-03-03 10:00:00+01:00"])
def test_a_moment_with_a_zone_is_no_wall_clock_in_sqlite(sqlite: Shop, at: str) -> None:
    sqlite.orders(order(at))
    with pytest.raises(Refusal, match="column ordered_at is not a time without a zone"):
        sqlite.count(TABLE, local_zone="UTC")


@pytest.mark.parametrize("day", ["20250303", "2025-03-03 00:00:00", "3.3.2025", 20250303, "2025-W10-1"])
def test_what_is_no_day_in_sqlite_is_refused(sqlite: Shop, day: object) -> None:
    sqlite.run("create table total_orders (day date, orders int)")
    sqlite.run(f"insert into total_orders values ({literal(day)}, 7)")
    with pytest.raises(Refusal, match="column day holds the day"):
        sqlite.count(VIEW)


def test_nothing_is_written_and_no_file_is_made(shop: Shop) -> None:
    shop.orders(order("2025-03-03 10:00:00+00:00"))
    before = shop.path.read_bytes()
    shop.count(TABLE)
    assert shop.path.read_bytes() == before
    shop.path.unlink()
    with pytest.raises(Refusal, match=f"{shop.kind} in SHOP_URL: there is no such database file"):
        shop.count(TABLE)
    assert not shop.path.exists()


SLOW = {
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) as i from n",
    "duckdb": "select sum(hash(a.range * b.range))::double as i from range(10000000) a, range(10000000) b",
}


def test_a_query_that_takes_too_long_is_ended(shop: Shop) -> None:
    moment = "'2025-03-03T10:00:00Z'" if shop.kind == "sqlite" else "timestamptz '2025-03-03 10:00Z'"
    shop.run(f"create view orders as select {moment} as ordered_at from ({SLOW[shop.kind]}) where i > 0")
    with pytest.raises(Unreachable, match=r"orders in SHOP_URL: no answer within 0\.2 s"):
        shop.count(TABLE, statement_timeout=timedelta(seconds=0.2))


def test_a_file_that_somebody_writes_is_refused_as_held(sqlite: Shop) -> None:
    sqlite.orders(order("2025-03-03 10:00:00+00:00"))
    writer = sqlite3.connect(sqlite.path, isolation_level=None)
    writer.execute("begin exclusive")
    with pytest.raises(Unreachable, match="the database is held by somebody else"):
        _asking(f"sqlite:///{sqlite.path}?timeout=0")()
    writer.close()


WRONG_ENTRIES: dict[str, dict[str, Any]] = {
    "neither": {"relation": "t"},
    "both": VIEW | {"timestamp": "t"},
    "half a view": {"relation": "t", "day": "d"},
    "two ways to count": TABLE | {"quantity": "q", "count_distinct": "k"},
    "zone of a view": VIEW | {"local_zone": "Europe/Berlin"},
    "no zone": TABLE | {"local_zone": "Europe/Atlantis"},
    "segment and dimensions": TABLE | {"segment": "a", "dimensions": {"b": "b"}},
    "no time": TABLE | {"statement_timeout": timedelta()},
    "a URL and no name": TABLE | {"url": "sqlite:///x"},
    "four names": TABLE | {"relation": "a.b.c.d"},
    "an injection": TABLE | {"relation": 'x"; drop table t; --'},
    "an injection by a column": TABLE | {"where": {'x" or 1=1 --': 1}},
}


@pytest.mark.parametrize("entry", WRONG_ENTRIES.values(), ids=WRONG_ENTRIES.keys())
def test_an_entry_that_can_not_be_meant_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SqlUnits.model_validate({"kind": "sql", "url": "SHOP_URL", **entry})


def _asking(url: str) -> Callable[[], Count]:
    source = SqlUnits.model_validate({"kind": "sql", "url": "SHOP_URL", **TABLE})
    outside = Outside({"SHOP_URL": url})
    return lambda: source.count(BOTH, calendar=UTC_DAYS, unit="Order", outside=outside)


@pytest.mark.parametrize("url", ["no url", "mysql+pymysql://u:tiger-9@host:port/d", "://tiger-9"])
def test_what_is_no_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageRefusal, match="SHOP_URL: it does not hold a URL") as caught:
        _asking(url)()
    assert "tiger-9" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unit_economics.unit_sources.sql.session.WAIT", tenacity.wait_none())


def _failing(monkeypatch: pytest.MonkeyPatch, *failures: Exception) -> list[Exception]:
    """The failures that the next connections meet, one each; those that nobody met stay."""
    left, connect = list(failures), sa.Engine.connect

    def connected(engine: sa.Engine) -> sa.Connection:
        if left:
            raise left.pop(0)
        return connect(engine)

    monkeypatch.setattr(sa.Engine, "connect", connected)
    return left


def _line_failed() -> Exception:
    """As pymysql says it: an error of its own, and behind it that of the line."""
    error = OperationalError("connect", None, Exception("(2003, no line)"))
    error.__context__ = ConnectionRefusedError()
    return error


@pytest.mark.usefixtures("no_waiting")
def test_a_line_that_fails_is_tried_again_and_three_times_in_all(sqlite: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite.run("create table total_orders (day date, orders int)", "insert into total_orders values ('2025-03-03', 7)")
    _failing(monkeypatch, _line_failed(), _line_failed())
    assert quantities(sqlite.count(VIEW)) == {FIRST: Decimal(7)}
    left = _failing(monkeypatch, *[_line_failed() for _ in range(4)])
    with pytest.raises(Unreachable, match="no connection, or the login was refused"):
        sqlite.count(VIEW)
    assert len(left) == 1


def test_a_login_that_is_refused_is_not_tried_again(sqlite: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    left = _failing(monkeypatch, *[OperationalError("connect", None, Exception("denied")) for _ in range(2)])
    with pytest.raises(Unreachable, match="no connection, or the login was refused"):
        sqlite.count(VIEW)
    assert len(left) == 1


@pytest.mark.usefixtures("no_waiting")
def test_a_database_that_does_not_answer_is_unreachable_and_its_password_is_not_told() -> None:
    with pytest.raises(Unreachable, match="mysql in SHOP_URL: no connection, or the login was refused") as caught:
        _asking("mysql+pymysql://u:tiger-9@127.0.0.1:1/d")()
    assert "tiger-9" not in str(caught.value)


@pytest.mark.parametrize(
    "database", ["snowflake", "bigquery", "databricks", "redshift", "mysql+pymysql", "mariadb+pymysql"]
)
def test_a_missing_driver_is_refused_with_what_to_install(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(name="driver")

    monkeypatch.setattr("sqlalchemy.create_engine", missing)
    extra = "mysql" if "pymysql" in database else database
    with pytest.raises(UsageRefusal, match=re.escape(f"Run: pip install 'unit-economics[{extra}]'")):
        _asking(f"{database}://u:p@h/d")()


def test_a_dialect_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageRefusal, match="no driver for oracel is installed"):
        _asking("oracel://u:p@h/d")()
