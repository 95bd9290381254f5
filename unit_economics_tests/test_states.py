"""What a metric's state means: a draft is computed and never published or alerted, a retired one is history."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import dagster as dg
import pytest

from unit_economics.automation import find_gaps, speak_up
from unit_economics.definitions import code_location
from unit_economics.environment import parsed_catalogue
from unit_economics.graph import graph_of
from unit_economics.guards import announce_stale, failed_run_sensor, stale_assets
from unit_economics.refusals import UsageRefusal
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
  cost_per_call:
    unit: Call
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.calls, day: date, quantity: calls}
    publish: {vantage: {business_metric: CALLS_METRIC_ID}}
"""
OF_CALLS = {"daily_calls", "cost_per_call"}
SHARED = """
cost_scopes:
  team:
    allocation:
      rules: [{to: pool, where: {service_name: A}}, {to: web, where: {service_name: B}}]
      shared: [{cost_of: pool, among: [web], by: {units: {web: cost_per_call}}}]
"""
DAY = "2026-03-01"


def being(state: str) -> str:
    return f"{CATALOGUE}    state: {state}\n"


def assets(text: str) -> set[str]:
    return set(graph_of(parsed_catalogue(text, "c.yaml")))


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """One day of orders and calls, and a bill."""
    shop = world(CATALOGUE)
    shop.sql(f"create table public.orders as select date '{DAY}' as date, 100 as orders")
    shop.sql(f"create table public.calls as select date '{DAY}' as date, 1000 as calls")
    when = {"ChargePeriodStart": f"{DAY}T10:00:00Z", "ChargePeriodEnd": f"{DAY}T11:00:00Z"}
    write_bill(shop.folder / "focus", charge(**when, EffectiveCost="10", BilledCost="10"))
    return shop


def outbox(shop: World) -> list[str]:
    return [cause for (cause,) in shop.sql("select cause from unit_economics.outbox order by 1")]


def test_an_active_metric_is_published_a_draft_is_not_and_a_retired_one_is_not_there() -> None:
    others = {"cloud_costs", "daily_orders", "cost_per_order"}
    assert assets(being("active")) == {*others, *OF_CALLS, "vantage_business_metric_calls"}
    assert assets(being("draft")) == {*others, *OF_CALLS}
    assert assets(being("retired")) == others


@pytest.mark.parametrize("state", ["active", "draft"])
def test_the_state_is_no_part_of_any_definition(state: str) -> None:
    one, other = (graph_of(parsed_catalogue(text, "c.yaml")) for text in (CATALOGUE, being(state)))
    assert {name: node.definition for name, node in other.items()}.items() <= {
        name: node.definition for name, node in one.items()
    }.items()


def test_a_state_that_there_is_not_is_refused_with_its_line() -> None:
    with pytest.raises(UsageRefusal, match=r"c.yaml:12:12 metrics.cost_per_call.state: must be 'draft', 'active' or "):
        parsed_catalogue(being("paused"), "c.yaml")


def test_a_retired_metric_that_shared_cost_is_divided_by_is_refused_with_the_reason() -> None:
    assert "daily_calls" in assets(SHARED + being("draft"))
    said = r"by.units.web: the metric 'cost_per_call' is retired, so nobody counts its units; make it active"
    with pytest.raises(UsageRefusal, match=said):
        parsed_catalogue(SHARED + being("retired"), "c.yaml")


def test_a_catalogue_of_which_nothing_is_computed_is_refused() -> None:
    text = being("retired").replace("    unit: Order\n", "    unit: Order\n    state: retired\n")
    with pytest.raises(UsageRefusal, match=r"metrics: every one is retired; keep at least one"):
        parsed_catalogue(text, "c.yaml")


def test_a_draft_may_be_prepared_for_the_destination_of_the_metric_that_it_replaces() -> None:
    both = CATALOGUE.replace(
        "quantity: orders}\n", "quantity: orders}\n    publish: {vantage: {business_metric: CALLS_METRIC_ID}}\n"
    )
    with pytest.raises(UsageRefusal, match="publishes to the same place"):
        parsed_catalogue(both, "c.yaml")
    for state in ("draft", "retired"):
        parsed_catalogue(f"{both}    state: {state}\n", "c.yaml")


def test_a_draft_is_computed_and_its_red_checks_are_shown_and_tell_nobody(shop: World) -> None:
    shop.catalogue = being("draft")
    shop.sql("update public.calls set calls = -1")
    shop.sql("update public.orders set orders = -1")
    shop.run(DAY, DAY)
    red = shop.sql("select distinct asset from unit_economics.gate where not passed order by 1")
    assert red == [("daily_calls",), ("daily_orders",)]
    assert [cause.split("/")[1] for cause in outbox(shop)] == ["daily_orders"]


def test_a_draft_is_stored_like_any_other(shop: World) -> None:
    shop.catalogue = being("draft")
    assert shop.run(DAY, DAY).success
    assert shop.sql("select unit_cost from unit_economics.cost_per_call") == [(Decimal("0.01"),)]


def test_nobody_is_told_that_a_draft_is_stale_or_stays_missing(shop: World) -> None:
    shop.catalogue = being("draft") + "automation: {max_tries: 1}\n"
    assert shop.run(DAY, DAY).success
    shop.now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    of = shop.deployment()
    stale = stale_assets(of)
    assert {"daily_calls", "daily_orders"} <= set(stale)
    announce_stale(of, of.due_day(of.outside.now()), stale)
    shop.run("2026-03-02", "2026-03-02")
    found = find_gaps(of)
    assert found.missing["daily_calls"]
    speak_up(of, found)
    said = outbox(shop)
    assert any("daily_orders" in cause for cause in said if cause.startswith("missing/"))
    assert [cause for cause in said if "call" in cause] == []


def announced(shop: World, failed: dg.ExecuteInProcessResult) -> list[str]:
    """What is in the outbox once Dagster has told the sensor of this failed run."""
    event = failed.filter_events(lambda one: one.event_type is dg.DagsterEventType.RUN_FAILURE)[0]
    told = dg.build_run_status_sensor_context(
        sensor_name="failed_runs", dagster_event=event, dagster_instance=shop.instance, dagster_run=failed.dagster_run
    )
    failed_run_sensor(shop.deployment())(told.for_run_failure())
    return [body for (body,) in shop.sql("select body from unit_economics.outbox order by message")]


@pytest.mark.parametrize("state", ["active", "draft"])
def test_a_failed_run_is_announced_unless_only_drafts_failed_in_it(shop: World, state: str) -> None:
    shop.catalogue = being(state)
    shop.sql("drop table public.calls")
    failed = shop.run(DAY, DAY, *OF_CALLS, "daily_orders", "cloud_costs", "cost_per_order")
    assert not failed.success
    assert stored(shop) == {"daily_orders", "cloud_costs", "cost_per_order"}
    said = announced(shop, failed)
    assert len(said) == (1 if state == "active" else 0)
    assert all("public.calls" in body for body in said)


def test_a_failed_run_in_which_another_metric_failed_beside_a_draft_is_announced(shop: World) -> None:
    shop.catalogue = being("draft")
    shop.sql("drop table public.calls")
    shop.sql("drop table public.orders")
    (body,) = announced(shop, shop.run(DAY, DAY))
    assert "public.orders" in body


def stored(shop: World) -> set[str]:
    return {asset for (asset,) in shop.sql("select distinct asset from unit_economics.day_versions")}


def test_the_units_of_a_draft_that_shared_cost_is_divided_by_are_not_quiet(shop: World) -> None:
    shop.catalogue = SHARED + being("draft")
    of = shop.deployment()
    assert (of.is_quiet("daily_calls"), of.is_quiet("cost_per_call"), of.is_quiet("cloud_costs")) == (
        False,
        True,
        False,
    )


def test_a_retired_metric_keeps_its_history_and_its_view_and_has_no_gap(shop: World) -> None:
    assert shop.run(DAY, DAY, "daily_orders", "daily_calls", "cloud_costs", "cost_per_order", "cost_per_call").success
    shop.catalogue = being("retired")
    shop.now = datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(days=3)
    assert shop.run("2026-03-02", "2026-03-02")
    of = shop.deployment()
    assert OF_CALLS.isdisjoint(find_gaps(of).missing)
    assert OF_CALLS.isdisjoint(stale_assets(of))
    for view in ("cost_per_call", "unit_costs where metric = 'cost_per_call'", "daily_calls"):
        assert shop.sql(f"select business_date::text from unit_economics.{view}") == [(DAY,)]
    dg.Definitions.validate_loadable(code_location(of))
