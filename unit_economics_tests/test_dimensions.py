"""Units told apart by dimensions: what leaves a source, what is rolled up, and that the parts stay the whole."""

import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics import checks
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.dimension import OTHER, Dimension
from unit_economics.entries.platform import Checks
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.schemas import SLICED_UNITS
from unit_economics.unit_sources.dimensions import Told, rolled_up
from unit_economics.unit_sources.postgres import PostgresUnits
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

DAY = date(2026, 3, 1)
DAYS = DayRange(DAY, DAY)
CALENDAR = BusinessCalendar(ZoneInfo("UTC"), timedelta())
KEY, NEW_KEY = "an old key of 32 characters......", "a new key of 32 characters......."
CUSTOMERS = ("ann@example.com", "bob@example.com", "cleo@example.com")


def outside(**variables: str) -> Outside:
    return Outside(variables, now=lambda: datetime(2026, 4, 1, tzinfo=UTC))


def count(database: str, dimensions: dict[str, object], **more: object) -> Count:
    entry = {"kind": "postgres", "dsn": "ORDERS", "relation": "public.orders", "timestamp": "at", **more}
    source = PostgresUnits.model_validate({**entry, "dimensions": dimensions})
    world = outside(ORDERS=database, CUSTOMER_KEY=KEY)
    counted = source.count(DAYS, calendar=CALENDAR, unit="Order", outside=world)
    SLICED_UNITS.validate(counted.units, lazy=True)
    return counted


@pytest.fixture
def orders(database: str) -> str:
    """Three orders of Ann's, two of Bob's, one of Cleo's; order 1 has a row in each of two regions."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table public.orders (id int, at timestamptz, customer text, region text)")
        bought = [(1, 0, "eu"), (1, 0, "us"), (2, 0, "eu"), (3, 1, "eu"), (4, 1, None), (5, 2, "us")]
        for number, customer, region in bought:
            row = [number, datetime(2026, 3, 1, 12, tzinfo=UTC), CUSTOMERS[customer], region]
            connection.execute("insert into public.orders values (%s, %s, %s, %s)", row)
    return database


def quantities(counted: Count) -> Mapping[str, Decimal]:
    return dict(zip(counted.units["dimensions"], counted.units["quantity"], strict=True))


def test_each_combination_of_values_is_a_row_and_what_has_none_keeps_its_own(orders: str) -> None:
    counted = count(orders, {"region": "region"})
    assert quantities(counted) == {'{"region":"(none)"}': 1, '{"region":"eu"}': 3, '{"region":"us"}': 2}
    assert counted.totals == {DAY: 6}


def test_a_person_leaves_the_source_as_a_keyed_hash_only(orders: str) -> None:
    counted = count(orders, {"customer": {"column": "customer", "pseudonym": "CUSTOMER_KEY"}})
    assert sorted(quantities(counted).values()) == [1, 2, 3]
    assert not any(name.split("@")[0] in repr((counted, counted.units.to_csv())) for name in CUSTOMERS)
    assert any(name in repr(count(orders, {"customer": "customer"}).units.to_csv()) for name in CUSTOMERS), "else seen"


def test_a_refused_row_does_not_say_whose_it_is(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table public.orders (at date, n int, customer text)")
        connection.execute("insert into public.orders values ('2026-03-01', 1, 'ann'), ('2026-03-01', 2, 'ann')")
    by = {"customer": {"column": "customer", "pseudonym": "CUSTOMER_KEY"}}
    counted = count(database, by, timestamp=None, day="at", quantity="n")
    assert "there are 2 rows for 2026-03-01" in counted.refused[DAY]
    assert "ann" not in counted.refused[DAY]


def test_another_key_makes_other_pseudonyms_and_each_tells_its_key() -> None:
    by = {"customer": Dimension(column="customer", pseudonym="CUSTOMER_KEY")}
    old, new = (Told.by(by, outside(CUSTOMER_KEY=key)).values(CUSTOMERS[:1])[0] for key in (KEY, NEW_KEY))
    assert old != new
    assert old[:4] != new[:4]
    assert old == Told.by(by, outside(CUSTOMER_KEY=KEY)).values(CUSTOMERS[:1])[0]


@pytest.mark.parametrize("key", ["", "short"])
def test_a_key_that_is_missing_or_could_be_guessed_is_refused_by_its_name(key: str) -> None:
    by = {"customer": Dimension(column="customer", pseudonym="CUSTOMER_KEY")}
    with pytest.raises(UsageRefusal, match="CUSTOMER_KEY") as refusal:
        Told.by(by, outside(CUSTOMER_KEY=key))
    assert "short " not in str(refusal.value)


def test_the_largest_values_of_a_day_are_kept_and_the_rest_is_other(orders: str) -> None:
    counted = count(orders, {"customer": {"column": "customer", "top": 1}, "region": "region"})
    assert quantities(counted) == {
        '{"customer":"ann@example.com","region":"eu"}': 2,
        '{"customer":"ann@example.com","region":"us"}': 1,
        '{"customer":"other","region":"(none)"}': 1,
        '{"customer":"other","region":"eu"}': 1,
        '{"customer":"other","region":"us"}': 1,
    }


CELLS = st.dictionaries(
    st.tuples(
        st.sampled_from([DAY, DAY + timedelta(days=1)]), st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"))
    ),
    st.decimals(0, 10**9, places=6),
    max_size=20,
)


@given(CELLS, st.one_of(st.none(), st.integers(1, 4)), st.one_of(st.none(), st.integers(1, 2)))
def test_a_roll_up_keeps_every_days_sum_and_no_more_values_than_asked(
    cells: dict[tuple[date, tuple[str, str]], Decimal], first: int | None, second: int | None
) -> None:
    rolled = rolled_up(cells, [first, second])
    for day in {day for day, _ in cells}:
        assert sum(q for (d, _), q in rolled.items() if d == day) == sum(q for (d, _), q in cells.items() if d == day)
        for position, top in ((0, first), (1, second)):
            values = {values[position] for (d, values) in rolled if d == day} - {OTHER}
            assert top is None or len(values) <= top


def findings(counted: Count) -> list[str]:
    found = checks.unit_findings(counted, [DAY], {}, Checks())
    return [f"{one.check}: {one.text}" for one in found if one.blocks]


def test_what_is_counted_in_two_values_of_a_dimension_is_refused(orders: str) -> None:
    assert findings(count(orders, {"region": "region"})) == []
    [said] = findings(count(orders, {"region": "region"}, count_distinct="id"))
    assert said.startswith("conservation: the source counts 5 in all, and its dimensions add up to 6")


def test_a_segment_and_dimensions_together_are_refused() -> None:
    with pytest.raises(ValueError, match="either `segment` or `dimensions`"):
        PostgresUnits(kind="postgres", dsn="A", relation="t", timestamp="t", segment="x", dimensions={"x": "x"})


CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units:
      kind: postgres
      dsn: ORDERS_DATABASE_URL
      relation: public.orders
      timestamp: at
      dimensions: {customer: {column: customer, pseudonym: KEY_VARIABLE}}
    slices:
      customer: {by: [customer], cost_by: units}
"""


@pytest.fixture
def shop(world: Callable[..., World], orders: str) -> World:
    shop = world(CATALOGUE.replace("KEY_VARIABLE", "CUSTOMER_KEY"), CUSTOMER_KEY=KEY, CUSTOMER_KEY_2=NEW_KEY)
    shop.now = datetime(2026, 3, 4, 9, tzinfo=UTC)
    times = {"ChargePeriodStart": "2026-03-01T10:00:00Z", "ChargePeriodEnd": "2026-03-01T11:00:00Z"}
    write_bill(shop.folder / "focus", charge(**times, EffectiveCost="6"))
    assert shop.run(str(DAY), str(DAY)).success
    return shop


def everything(shop: World) -> str:
    """Every row of every table of the mart, and every event of Dagster's, as text."""
    tables = shop.sql("select table_name from information_schema.tables where table_schema = 'unit_economics'")
    rows = [row for (table,) in tables for row in shop.sql(f'select to_jsonb(t)::text from unit_economics."{table}" t')]
    events = [str(record) for run in shop.instance.get_runs() for record in shop.instance.all_logs(run.run_id)]
    return "\n".join([*map(str, rows), *events])


def test_no_table_log_or_metadata_of_the_whole_graph_holds_a_person(shop: World) -> None:
    told = everything(shop)
    assert "cost_per_order_slices" in told
    assert not any(name in told for name in CUSTOMERS)
    shop.sql("insert into unit_economics.outbox (cause, title, body) values ('x', 'x', %s)", CUSTOMERS[0])
    assert CUSTOMERS[0] in everything(shop), "a table that holds one would be seen"


def test_a_new_key_under_a_new_name_makes_every_day_a_gap_and_its_pseudonyms_anew(shop: World) -> None:
    slices = "select dimensions->>'customer', unit_cost::float from unit_economics.unit_cost_slices order by 1"
    before = shop.sql(slices)
    shop.catalogue = CATALOGUE.replace("KEY_VARIABLE", "CUSTOMER_KEY_2")
    assert shop.run(str(DAY), str(DAY)).success
    after = shop.sql(slices)
    assert {cost for _, cost in before} == {cost for _, cost in after} == {1.0}
    assert not {name for name, _ in before} & {name for name, _ in after}
    assert len({name[:4] for name, _ in after}) == 1
    versions = "select count(*) from unit_economics.unit_cost_slice_versions where superseded_at is not null"
    assert shop.sql(versions) == [(3,)], "what was told before stays told"


def test_a_failure_repeats_no_word_of_a_database_whose_rows_name_people(orders: str) -> None:
    with psycopg.connect(orders, autocommit=True) as connection:
        connection.execute("create view public.people as select at, customer::int::text as customer from public.orders")
    with pytest.raises(Refusal, match=r"ann@example\.com"):
        count(orders, {"customer": "customer"}, relation="public.people")
    who: dict[str, object] = {"customer": {"column": "customer", "pseudonym": "CUSTOMER_KEY"}}
    with pytest.raises(Refusal, match=r"InvalidTextRepresentation \(22P02\)") as caught:
        count(orders, who, relation="public.people")
    assert "ann@" not in "".join(traceback.format_exception(caught.value))


def test_a_different_count_over_several_days_is_asked_of_the_source(orders: str) -> None:
    with psycopg.connect(orders, autocommit=True) as connection:
        connection.execute("insert into public.orders values (1, '2026-03-02 12:00Z', 'ann@example.com', 'eu')")
    entry = {"kind": "postgres", "dsn": "ORDERS", "relation": "public.orders", "timestamp": "at"}
    both = DayRange(DAY, DAY + timedelta(days=1))
    source = PostgresUnits.model_validate({**entry, "count_distinct": "customer"})
    assert source.count_over(both, calendar=CALENDAR, outside=outside(ORDERS=orders)) == 3
    with psycopg.connect(orders, autocommit=True) as connection:
        connection.execute("insert into public.orders values (7, '2026-03-02 13:00Z', null, 'eu')")
    with pytest.raises(Refusal, match="column customer is empty in 1 rows of 2026-03-01 to 2026-03-02"):
        source.count_over(both, calendar=CALENDAR, outside=outside(ORDERS=orders))
    with pytest.raises(Refusal, match="can't count what is different"):
        PostgresUnits.model_validate(entry).count_over(both, calendar=CALENDAR, outside=outside(ORDERS=orders))
