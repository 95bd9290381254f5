"""A definition that changes never rewrites history in silence: versions, what they meant, who is told, what is kept."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from unit_economics.automation import find_gaps
from unit_economics.environment import parsed_catalogue
from unit_economics.graph import graph_of
from unit_economics_tests.focus_bills import charge_on, write_bill
from unit_economics_tests.world import World

DAYS = [f"2026-03-{n:02}" for n in range(1, 11)]
CATALOGUE = """
restatement_window: P3D
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
"""
BILLED = CATALOGUE.replace("all: {}", "all: {basis: billed}")
KEEP = "automation: {on_definition_change: keep}\n"


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Ten days, stored; it is the eleventh."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    shop.sql(
        "create table public.orders as select d::date as date, 100 as orders"
        f" from generate_series('{DAYS[0]}'::date, '{DAYS[-1]}', '1 day') d"
    )
    write_bill(shop.folder / "focus", *(charge_on(day, EffectiveCost="10", BilledCost="9") for day in DAYS))
    assert shop.run(DAYS[0], DAYS[-1]).success
    return shop


def said(shop: World) -> list[tuple[str, str]]:
    return shop.sql("select title, body from unit_economics.outbox order by message")


def gaps(shop: World, asset: str = "cost_per_order") -> list[str]:
    return [str(day) for day in find_gaps(shop.deployment()).missing[asset]]


def versions(shop: World) -> list[tuple[Any, ...]]:
    return shop.sql(
        "select business_date::text, version, cost::int, superseded_at is null from unit_economics.unit_cost_versions"
        " order by 1, 2"
    )


def test_a_first_run_announces_nothing_and_every_stored_definition_can_be_looked_up(shop: World) -> None:
    assert said(shop) == []
    assert shop.sql(
        "select count(*) from unit_economics.day_versions v left join unit_economics.definitions d"
        " using (asset, definition) where d.meaning is null"
    ) == [(0,)]
    [(meaning, catalogue_version)] = shop.sql(
        "select meaning, catalogue_version from unit_economics.definitions where asset = 'daily_orders'"
    )
    assert meaning[0]["dsn"] == "ORDERS_DATABASE_URL"
    assert (meaning[0]["relation"], meaning[1]) == ("public.orders", "Order")
    assert catalogue_version == shop.deployment().catalogue.version


def test_a_definition_is_kept_once_with_the_catalogue_that_it_came_with(shop: World) -> None:
    shop.catalogue = f"{CATALOGUE}# a comment\n"
    before = shop.sql("select * from unit_economics.definitions order by 1, 2")
    assert shop.run(DAYS[0], DAYS[-1]).success
    assert shop.sql("select * from unit_economics.definitions order by 1, 2") == before
    shop.catalogue = BILLED
    assert shop.run(DAYS[0], DAYS[-1]).success
    found = shop.sql(
        "select meaning -> 2 -> 1 ->> 'basis' from unit_economics.definitions where asset like 'cost%'"
        " order by first_seen"
    )
    assert found == [("effective",), ("billed",)]


def test_what_is_kept_of_a_definition_has_exactly_what_its_version_is_of() -> None:
    texts = [CATALOGUE, BILLED, CATALOGUE.replace("all: {}", "all: {where: {tags: {app: x}}}")]
    graphs = [graph_of(parsed_catalogue(text, "c.yaml")) for text in texts]
    for asset in ("cloud_costs", "daily_orders", "cost_per_order"):
        found = {(graph[asset].definition, graph[asset].definition_text) for graph in graphs}
        assert len(found) == len({one for one, _ in found}) == len({text for _, text in found})


def test_a_character_that_postgresql_does_not_keep_stops_no_run(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("all: {}", 'all: {where: {service_name: ["a\\0b", EC2]}}')
    assert shop.run(DAYS[0], DAYS[0]).success


def test_days_that_get_another_definition_are_announced_once_with_how_many_and_from_which_catalogue(
    shop: World,
) -> None:
    before = shop.deployment().catalogue.version
    shop.catalogue = BILLED
    assert shop.run(DAYS[-3], DAYS[-1]).success
    assert shop.run(DAYS[0], DAYS[-4]).success
    [(title, body)] = said(shop)
    assert title == "cost_per_order means something else: 10 stored days had another definition"
    assert f"10 from {DAYS[0]} to {DAYS[-1]} have definition" in body
    assert f"(catalogue {before})" in body
    assert f"now (catalogue {shop.deployment().catalogue.version})" in body
    assert "unit-economics catalogue diff" in body


def test_each_further_change_is_announced_again_also_the_way_back(shop: World) -> None:
    for count, text in enumerate([BILLED, CATALOGUE, BILLED], start=1):
        shop.catalogue = text
        assert shop.run(DAYS[0], DAYS[-1]).success
        shop.sql("update unit_economics.outbox set sent_at = clock_timestamp()")
        assert len(said(shop)) == count


def test_old_rows_keep_their_version_and_a_backfill_makes_new_ones(shop: World) -> None:
    shop.catalogue = BILLED
    assert gaps(shop) == DAYS
    assert shop.run(DAYS[0], DAYS[-1]).success
    assert versions(shop) == [(day, *row) for day in DAYS for row in ((1, 10, False), (2, 9, True))]
    assert gaps(shop) == []


def test_with_keep_only_the_restatement_window_gets_the_new_definition_by_itself(shop: World) -> None:
    shop.catalogue = BILLED + KEEP
    assert gaps(shop) == DAYS[-3:]
    assert shop.run(DAYS[-3], DAYS[-1]).success
    assert gaps(shop) == []
    assert [row for row in versions(shop) if row[3]] == [
        *((day, 1, 10, True) for day in DAYS[:-3]),
        *((day, 2, 9, True) for day in DAYS[-3:]),
    ]
    [(_, body)] = said(shop)
    assert "Older days keep their definition" in body
    assert f"unit-economics run --from {DAYS[0]} --to {DAYS[-1]} --only cost_per_order" in body


def test_with_keep_a_run_by_hand_makes_new_versions_of_older_days_too(shop: World) -> None:
    shop.catalogue = BILLED + KEEP
    assert shop.run(DAYS[0], DAYS[-1]).success
    assert gaps(shop) == []
    assert len(versions(shop)) == 2 * len(DAYS)


def test_with_keep_nothing_new_is_made_of_an_older_day_that_is_kept(shop: World) -> None:
    """A bill with one more tag: the older days keep theirs, and so does the unit cost that is made of it."""
    shop.catalogue = CATALOGUE.replace("all: {}", "all: {where: {tags: {app: x}}}") + KEEP
    assert (gaps(shop, "cloud_costs"), gaps(shop)) == (DAYS[-3:], DAYS[-3:])
    shop.sql(f"delete from unit_economics.unit_cost where business_date = '{DAYS[0]}'")
    shop.sql(f"delete from unit_economics.ledger where asset = 'cost_per_order' and business_date = '{DAYS[0]}'")
    assert gaps(shop) == DAYS[-3:]


def test_with_keep_a_day_that_is_missing_is_still_a_gap(shop: World) -> None:
    shop.catalogue = BILLED + KEEP
    shop.sql(f"delete from unit_economics.unit_cost where business_date = '{DAYS[0]}'")
    shop.sql(f"delete from unit_economics.ledger where asset = 'cost_per_order' and business_date = '{DAYS[0]}'")
    assert gaps(shop) == [DAYS[0], *DAYS[-3:]]


def test_the_setting_is_no_part_of_a_definition() -> None:
    one, other = (graph_of(parsed_catalogue(text, "c.yaml")) for text in (CATALOGUE, CATALOGUE + KEEP))
    assert {name: node.definition for name, node in one.items()} == {
        name: node.definition for name, node in other.items()
    }


def test_definitions_are_for_viewers_too(shop: World) -> None:
    assert shop.sql("select has_table_privilege('unit_economics_viewer', 'unit_economics.definitions', 'select')") == [
        (True,)
    ]
