"""Odd worlds of rules and shared cost: names that collide, keys that give nothing, cost that nobody knows, half a run.

Here: the graph on a real PostgreSQL. Not here: ordinary days (test_allocated_flow.py), pages (test_dashboard_rules.py).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from unit_economics.automation import find_gaps
from unit_economics.business_days import DayRange
from unit_economics.entries.allocation import OWN_LINES, Allocation
from unit_economics.warehouse.publications import publishable
from unit_economics_tests.dashboard_client import dashboard_of, page
from unit_economics_tests.focus_bills import write_bill
from unit_economics_tests.test_allocated_flow import BILL, CATALOGUE, COLUMNS, DAY, costing, costs, run, said
from unit_economics_tests.world import World

THE_DAY = datetime.fromisoformat(DAY).date()
SPAN = DayRange(THE_DAY, THE_DAY)


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """The day of test_allocated_flow.py, seen ten days later."""
    shop = world(CATALOGUE)
    shop.now = datetime(2024, 9, 20, 9, tzinfo=UTC)
    shop.sql(f"create table total_orders as select date '{DAY}' as date, 100::bigint as total_orders")
    shop.sql("create table cpu_hours (date date, team text, hours bigint)")
    shop.sql(f"insert into cpu_hours values ('{DAY}', 'checkout', 3), ('{DAY}', 'search', 1)")
    bill(shop, *BILL)
    return shop


def bill(shop: World, *rows: Mapping[str, str]) -> None:
    write_bill(shop.folder / "focus", *({**COLUMNS, **row} for row in rows))


def by_list(shop: World, *rows: Mapping[str, str]) -> None:
    """The pool's list cost is not stated; checkout's is 50, and search has no charge at all."""
    shop.catalogue = CATALOGUE.replace("  teams:\n", "  teams:\n    basis: list\n")
    pool = {**costing("30", ServiceName="Amazon EKS"), "ListCost": ""}
    bill(shop, pool, {**costing("40", "checkout"), "ListCost": "50"}, *rows)


@pytest.mark.parametrize("name", OWN_LINES)
def test_a_rule_that_is_called_like_a_line_of_the_platform_would_lose_its_charges(name: str) -> None:
    rule = {"to": "checkout", "where": {"service_name": "Compute"}}
    with pytest.raises(ValueError, match=f"'{name}' is made by the platform; give the rule another name"):
        Allocation.model_validate({"rules": [{**rule, "name": name}]})
    assert Allocation.model_validate({"rules": [{**rule, "name": f"{name} 2"}]}).target_of == {f"{name} 2": "checkout"}


def test_the_band_of_a_target_to_whom_one_key_gives_nothing_reaches_down_to_0(shop: World) -> None:
    shop.sql("delete from cpu_hours where team = 'search'")
    bill(shop, costing("30", ServiceName="Amazon EKS"), costing("40", "checkout"))
    run(shop)
    band = shop.sql(
        "select unit_cost, lowest, lowest_by, highest, highest_by, keys from unit_economics.unit_cost_band"
        " where cost_scope = 'teams:search'"
    )
    assert band == [(0, 0, "", Decimal("0.15"), "evenly", 2)]


def test_a_day_without_a_unit_cost_has_no_band(shop: World) -> None:
    shop.sql("update total_orders set total_orders = 0")
    run(shop)
    assert shop.sql("select * from unit_economics.unit_cost_band") == []


def test_the_shares_of_a_cost_that_is_not_stated_are_not_known(shop: World) -> None:
    by_list(shop)
    run(shop)
    shares = shop.sql(
        "select cost, unallocated, unallocated_share, untagged, untagged_share from unit_economics.allocation_shares"
    )
    assert shares == [(None, 0, None, None, None)]


def test_a_target_that_owes_a_part_of_what_is_not_stated_did_not_cost_0(shop: World) -> None:
    by_list(shop)
    run(shop)
    of_search = "where cost_scope = 'teams:search'"
    stored = shop.sql(f"select cost, charge_rows, reason from unit_economics.cost_per_order {of_search}")
    assert stored == [(None, 0, "the source does not state this cost")]
    over = f"unit_economics.unit_cost_over('cost_per_order', '{DAY}', '{DAY}')"
    assert shop.sql(f"select cost, unit_cost from {over} {of_search}") == [(None, None)]
    with dashboard_of(shop) as client:
        (line,) = client.get(f"/days.csv?scope=teams:search&to={DAY}").text.splitlines()[1:]
    assert "the source does not state this cost" in line


def test_a_target_whose_name_is_misspelled_in_a_driver_is_pointed_out(shop: World) -> None:
    shop.sql("update cpu_hours set team = 'chekout' where team = 'checkout'")
    run(shop)
    why = "teams: driver cpu_hours measures chekout, to whom no rule gives a charge"
    assert said(shop, "basis")[0] == (False, f"{DAY}: {why}")
    shop.sql("update cpu_hours set team = 'checkout' where team = 'chekout'")
    run(shop)
    assert said(shop, "basis")[0] == (True, "")


def test_a_new_bill_is_not_divided_beside_the_books_of_the_old_one(shop: World) -> None:
    run(shop)
    before = costs(shop)
    bill(shop, *BILL, costing("10", "search"))
    assert shop.run(DAY, DAY, "cloud_costs").success
    shop.run(DAY, DAY, "cost_per_order")
    assert costs(shop) == before, "else `all` would be of the new bill and its targets of the old one"
    missing = find_gaps(shop.deployment()).missing
    assert all(THE_DAY in missing[asset] for asset in ("allocated_costs", "cost_per_order"))
    run(shop)
    assert (costs(shop)["all"], costs(shop)["teams:search"]) == (110, Decimal("27.5"))


def test_targets_without_books_say_that_these_are_not_computed_yet(shop: World) -> None:
    assert shop.run(DAY, DAY, "cloud_costs", "daily_orders", "cost_per_order").success
    found = shop.sql("select distinct cost, reason from unit_economics.cost_per_order where cost_scope <> 'all'")
    assert found == [(None, "what the targets pay on this day is not computed yet")]


@pytest.mark.parametrize("asset", ["allocated_costs", "driver_cpu_hours"])
def test_a_red_day_of_the_books_or_of_their_driver_is_not_published(shop: World, asset: str) -> None:
    run(shop)
    of = shop.deployment()
    asked = "daily_orders", "cost_per_order", SPAN, of.chain("cost_per_order")
    with of.warehouse.connection() as connection:
        assert publishable(connection, *asked).wanted == {THE_DAY: 100}
        shop.sql(f"update unit_economics.verdict set passed = false where asset = '{asset}'")
        assert publishable(connection, *asked).held_back == {THE_DAY: f"a check is red on {asset}"}


def test_a_scope_that_leaves_something_out_is_taken_apart_by_its_own_targets_only(shop: World) -> None:
    out = CATALOGUE.replace("      max_unallocated", "      leave_out: [tax]\n      max_unallocated")
    shop.catalogue = out.replace("  all: {}\n", "  all: {}\n  service: {by: {column: service_name}}\n")
    bill(shop, *BILL, costing("19", ChargeCategory="Tax"))
    run(shop)
    rows = page(shop, f"/?scope=teams&to={DAY}").rows("By teams")
    assert {row[0]: row[-2] for row in rows}["checkout"] == "$72.50"
    slices = shop.deployment().catalogue.slices_of
    assert [list(slices("cost_per_order", scope)) for scope in ("all", "teams")] == [["service"], ["teams"]]
