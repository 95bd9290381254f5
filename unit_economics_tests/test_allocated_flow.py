"""Rules and shared cost through the whole graph: what each target pays, what nobody took, and how sure the key is.

Here: the graph on a real PostgreSQL. Not here: the rules (test_rules.py), the arithmetic (test_allocation.py).
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from unit_economics.business_days import DayRange
from unit_economics.cli.outcome import Outcome
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

DAY = "2024-09-10"
CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
drivers:
  cpu_hours:
    unit: CPU hour
    quantity: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: cpu_hours, day: date, quantity: hours, segment: team}
cost_scopes:
  all: {}
  teams:
    allocation:
      rules:
        - {to: platform, where: {service_name: {prefix: Amazon EKS}}}
        - {to: checkout, where: {tags: {team: [checkout, cart]}}}
        - {to: search, where: {tags: {team: search}}}
      shared:
        - {cost_of: platform, among: [checkout, search], by: {driver: cpu_hours}, or_by: {evenly: even}}
      max_unallocated: 0.05
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: total_orders, day: date, quantity: total_orders}
"""


def costing(amount: str, team: str = "", **changes: str) -> dict[str, str]:
    """A charge of this effective cost, with the team's tag."""
    tags = f'{{"team":"{team}"}}' if team else "{}"
    return charge(EffectiveCost=amount, BilledCost=amount, Tags=tags, **changes)


BILL = (
    costing("30", ServiceName="Amazon EKS"),
    costing("40", "checkout"),
    costing("10", "cart"),
    costing("10", "search"),
    costing("7"),
    {**costing("3"), "CommitmentDiscountStatus": "Unused"},
)
COLUMNS = {"CommitmentDiscountStatus": ""}


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """One day: USD 100 of charges, 100 orders, and the CPU hours of two teams."""
    shop = world(CATALOGUE)
    shop.sql(f"create table total_orders as select date '{DAY}' as date, 100::bigint as total_orders")
    shop.sql("create table cpu_hours (date date, team text, hours bigint)")
    shop.sql(f"insert into cpu_hours values ('{DAY}', 'checkout', 3), ('{DAY}', 'search', 1)")
    write_bill(shop.folder / "focus", *({**COLUMNS, **row} for row in BILL))
    return shop


def run(shop: World) -> None:
    assert shop.run(DAY, DAY).success


def costs(shop: World) -> dict[str, Decimal]:
    """The cost of each scope in the metric."""
    return dict(shop.sql("select cost_scope, cost from unit_economics.cost_per_order order by 1"))


def lines(shop: World, **where: Any) -> list[tuple[Any, ...]]:
    """Step, rule, source, target and amount of the declared keys."""
    return shop.sql(
        "select step, rule, source, target, amount from unit_economics.allocated_costs where variant = ''"
        " order by step, rule, amount"
    )


def said(shop: World, check: str) -> list[tuple[bool, str]]:
    key = dg.AssetCheckKey(dg.AssetKey("allocated_costs"), check)
    records = shop.instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
    events = [record.event.dagster_event.asset_check_evaluation_data for record in records if record.event]
    return [(event.passed, event.description or "") for event in events]


def test_each_target_pays_its_own_and_its_part_of_what_is_shared(shop: World) -> None:
    run(shop)
    assert costs(shop) == {
        "all": 100,
        "teams:checkout": Decimal("72.5"),
        "teams:search": Decimal("17.5"),
        "teams:platform": 0,
        "teams:unused_commitment": 3,
        "teams:unallocated": 7,
    }
    assert sum(cost for scope, cost in costs(shop).items() if scope != "all") == 100


def test_the_books_have_two_sides(shop: World) -> None:
    run(shop)
    assert lines(shop) == [
        (0, "checkout", None, "checkout", 50),
        (0, "platform", None, "platform", 30),
        (0, "search", None, "search", 10),
        (0, "unallocated", None, "unallocated", 7),
        (0, "unused_commitment", None, "unused_commitment", 3),
        (1, "platform by driver cpu_hours", None, "platform", -30),
        (1, "platform by driver cpu_hours", "platform", "search", Decimal("7.5")),
        (1, "platform by driver cpu_hours", "platform", "checkout", Decimal("22.5")),
    ]


def test_the_band_says_how_much_of_the_unit_cost_is_a_choice_of_the_key(shop: World) -> None:
    run(shop)
    rows = shop.sql(
        "select cost_scope, unit_cost, lowest, lowest_by, highest, highest_by from unit_economics.unit_cost_band"
        " where cost_scope in ('teams:checkout', 'teams:search') order by 1"
    )
    assert rows == [
        ("teams:checkout", Decimal("0.725"), Decimal("0.65"), "evenly", Decimal("0.725"), ""),
        ("teams:search", Decimal("0.175"), Decimal("0.175"), "", Decimal("0.25"), "evenly"),
    ]


def test_what_no_rule_took_is_shown_and_above_the_limit_it_is_said(shop: World) -> None:
    run(shop)
    shares = shop.sql("select unallocated_share, untagged_share from unit_economics.allocation_shares")
    assert shares == [(Decimal("0.07"), Decimal("0.40"))]
    assert said(shop, "unallocated_share")[-1] == (False, "7.0% of the USD of teams is unallocated, more than 5.0%")
    assert said(shop, "conservation")[-1] == (True, "")


def test_a_pool_whose_driver_was_not_measured_stays_unallocated_until_it_is(shop: World) -> None:
    shop.sql("delete from cpu_hours")
    run(shop)
    assert costs(shop)["teams:unallocated"] == 37
    (passed, why), *_ = said(shop, "basis")
    assert (passed, "cpu_hours" in why, "platform" in why) == (False, True, True)
    shop.sql(f"insert into cpu_hours values ('{DAY}', 'checkout', 1), ('{DAY}', 'search', 1)")
    run(shop)
    assert (costs(shop)["teams:unallocated"], costs(shop)["teams:checkout"]) == (7, 65)


def test_a_day_with_two_warnings_is_reported_with_both(shop: World) -> None:
    shop.sql("delete from cpu_hours")
    outcome = Outcome.awaiting(DayRange(date.fromisoformat(DAY), date.fromisoformat(DAY)), {}, ["allocated_costs"])
    for entry in shop.instance.all_logs(shop.run(DAY, DAY).run_id):
        outcome.hear(entry)
    (warned,) = outcome.assets["allocated_costs"].warned.values()
    assert "basis: teams: platform by driver cpu_hours" in warned
    assert "unallocated_share: " in warned


def test_a_second_run_changes_nothing(shop: World) -> None:
    run(shop)
    before = shop.sql("select asset, business_date, version, content_hash from unit_economics.ledger order by 1, 2, 3")
    run(shop)
    after = shop.sql("select asset, business_date, version, content_hash from unit_economics.ledger order by 1, 2, 3")
    assert after == before


def test_another_key_makes_new_versions_and_the_old_ones_stay(shop: World) -> None:
    run(shop)
    shop.catalogue = CATALOGUE.replace("by: {driver: cpu_hours}, or_by: {evenly: even}", "by: even")
    run(shop)
    assert costs(shop)["teams:checkout"] == 65
    versions = shop.sql(
        "select version, cost from unit_economics.unit_cost_versions where cost_scope = 'teams:checkout' order by 1"
    )
    assert versions == [(1, Decimal("72.5")), (2, 65)]
    read = shop.sql("select version from unit_economics.day_versions where asset = 'cloud_costs'")
    assert read == [(1,)], "the bill was not read again for a key"


def test_a_rule_that_begins_later_leaves_the_days_before_it_alone(shop: World) -> None:
    rule = "- {to: search, where: {tags: {team: search}}}"
    shop.catalogue = CATALOGUE.replace(rule, rule.replace("}}}", "}}, since: 2024-09-11}"))
    run(shop)
    assert (costs(shop)["teams:search"], costs(shop)["teams:unallocated"]) == (Decimal("7.5"), 17)


def test_the_lines_of_a_bill_that_does_not_state_the_cost_are_empty_and_not_zero(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("  teams:\n", "  teams:\n    basis: list\n")
    write_bill(shop.folder / "focus", *({**COLUMNS, **row, "ListCost": ""} for row in BILL))
    run(shop)
    assert costs(shop)["teams:checkout"] is None
    reasons = shop.sql("select distinct reason from unit_economics.cost_per_order where cost_scope like 'teams:%'")
    assert reasons == [("the source does not state this cost",)]
