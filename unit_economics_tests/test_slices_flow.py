"""Slices through the whole graph: what both halves know, what only one half knows, and the parts as the whole."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pytest

from unit_economics import slicing
from unit_economics.steps import dividing
from unit_economics_tests.dashboard_client import page
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
dimensions:
  region: {column: region_id, values: {eu: [eu-west-1], us: [us-east-1]}}
  service: {column: service_name}
metrics:
  cost_per_order:
    unit: Order
    units:
      kind: postgres
      dsn: ORDERS_DATABASE_URL
      relation: public.orders
      timestamp: ordered_at
      dimensions: {region: region, plan: plan}
    slices:
      region: {by: [region]}
      region_plan: {by: [region, plan], cost_by: units}
      service: {by: [service], units_by: whole}
"""
DAY = "2026-03-01"
ROWS = """
    select dimensions, cost::float, quantity::float, unit_cost::float, reason from unit_economics.cost_per_order_slices
    where slice = %s order by dimensions::text
"""


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """One day: 6 orders of the EU (4 pro, 2 free) and 2 of the US; 9 of cost in the EU, 4 in the US, 1 elsewhere."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 8, 9, tzinfo=UTC)
    shop.sql("create table public.orders (ordered_at timestamptz, region text, plan text)")
    for region, plan, orders in [("eu", "pro", 4), ("eu", "free", 2), ("us", "pro", 2)]:
        for _ in range(orders):
            shop.sql("insert into public.orders values (%s, %s, %s)", f"{DAY}T12:00:00Z", region, plan)
    times = {"ChargePeriodStart": f"{DAY}T10:00:00Z", "ChargePeriodEnd": f"{DAY}T11:00:00Z"}
    costs = [("eu-west-1", "EC2", "9"), ("us-east-1", "EC2", "3"), ("us-east-1", "S3", "1"), ("ap-south-1", "S3", "1")]
    charges = [charge(**times, RegionId=region, ServiceName=name, EffectiveCost=cost) for region, name, cost in costs]
    write_bill(shop.folder / "focus", *charges)
    assert shop.run(DAY, DAY).success
    return shop


def test_a_slice_that_both_halves_know_has_its_own_cost_and_its_own_units(shop: World) -> None:
    assert shop.sql(ROWS, "region") == [
        ({"region": "ap-south-1"}, 1, 0, None, "0 units"),
        ({"region": "eu"}, 9, 6, 1.5, None),
        ({"region": "us"}, 4, 2, 2, None),
    ]


def test_cost_of_what_only_the_units_know_is_divided_by_the_declared_key(shop: World) -> None:
    assert shop.sql(ROWS, "region_plan") == [
        ({"plan": "(none)", "region": "ap-south-1"}, 1, 0, None, "0 units"),
        ({"plan": "free", "region": "eu"}, 3, 2, 1.5, None),
        ({"plan": "pro", "region": "eu"}, 6, 4, 1.5, None),
        ({"plan": "pro", "region": "us"}, 4, 2, 2, None),
    ]


def test_what_only_the_charges_know_is_divided_by_all_units(shop: World) -> None:
    assert shop.sql(ROWS, "service") == [
        ({"service": "EC2"}, 12, 8, 1.5, None),
        ({"service": "S3"}, 2, 8, 0.25, None),
    ]


RATES = """
exchange_rates: {kind: table, source: the bank, rates: [{since: 2026-01-01, currency: EUR, rate: %s}]}
"""


def with_a_charge_in_euros(shop: World, rate: str) -> None:
    """Two more charges, of 3 euros in the EU and of 5 in the US, the latter for S3."""
    times = {"ChargePeriodStart": f"{DAY}T10:00:00Z", "ChargePeriodEnd": f"{DAY}T11:00:00Z", "BillingCurrency": "EUR"}
    eu = charge(**times, RegionId="eu-west-1", ServiceName="EC2", EffectiveCost="3")
    us = charge(**times, RegionId="us-east-1", ServiceName="S3", EffectiveCost="5")
    write_bill(shop.folder / "focus", eu, us, name="euros.csv")
    shop.catalogue = CATALOGUE + RATES % rate


def test_charges_in_another_currency_are_in_their_slices_by_the_rate_of_the_day(shop: World) -> None:
    with_a_charge_in_euros(shop, "2")
    assert shop.run(DAY, DAY).success
    assert shop.sql(ROWS, "region") == [
        ({"region": "ap-south-1"}, 1, 0, None, "0 units"),
        ({"region": "eu"}, 15, 6, 2.5, None),  # 9 + 3 * 2
        ({"region": "us"}, 14, 2, 7, None),  # 4 + 5 * 2
    ]
    assert shop.sql(ROWS, "region_plan")[1:3] == [
        ({"plan": "free", "region": "eu"}, 5, 2, 2.5, None),
        ({"plan": "pro", "region": "eu"}, 10, 4, 2.5, None),
    ]
    assert shop.sql(ROWS, "service") == [
        ({"service": "EC2"}, 18, 8, 2.25, None),  # 12 + 3 * 2
        ({"service": "S3"}, 12, 8, 1.5, None),  # 2 + 5 * 2
    ]
    currencies = "select distinct billing_currency from unit_economics.cost_per_order_slices"
    assert shop.sql(currencies) == [("USD",)]


def test_a_rate_that_does_not_end_leaves_the_parts_of_every_slice_the_whole(shop: World) -> None:
    with_a_charge_in_euros(shop, "1.333333333333333333")
    assert shop.run(DAY, DAY).success
    parts = "select slice, sum(cost) from unit_economics.cost_per_order_slices group by 1 order by 1"
    whole = shop.sql("select cost from unit_economics.cost_per_order")[0][0]
    assert whole == Decimal("24.666666666667")  # 14 + 8 * 4/3
    assert shop.sql(parts) == [(name, whole) for name in ("region", "region_plan", "service")]


def test_an_unchanged_day_writes_no_slice_again(shop: World) -> None:
    assert shop.run(DAY, DAY).success
    assert shop.sql("select max(version) from unit_economics.unit_cost_slice") == [(1,)]


def test_a_slice_has_its_checks_on_every_day(shop: World) -> None:
    told = shop.sql("select passed, failures from unit_economics.gate where asset = 'cost_per_order_slices'")
    assert told == [(True, [])]


def test_the_executive_page_shows_every_slice_with_its_own_units(shop: World) -> None:
    shown = page(shop, "/?window=7d")
    assert shown.rows("By region and plan") == [
        ["eu · pro", "$1.50", "–", "$6.00", "4"],
        ["us · pro", "$2.00", "–", "$4.00", "2"],
        ["eu · free", "$1.50", "–", "$3.00", "2"],
        ["ap-south-1 · (none)", "–", "–", "$1.00", "0"],
    ]
    assert [row[:2] for row in shown.rows("By service")] == [["EC2", "$1.50"], ["S3", "$0.25"]]


def test_a_part_that_lost_cost_turns_its_day_red(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A known-bad variant: slices that forget the part without units."""
    whole = slicing.unit_cost_slices
    monkeypatch.setattr(dividing, "unit_cost_slices", lambda *given: whole(*given).iloc[1:])
    shop.catalogue = CATALOGUE.replace("by: [service]", "by: [service, region]")
    assert not shop.run(DAY, DAY, "cost_per_order_slices").success
    [[passed, failures]] = shop.sql(
        "select passed, failures from unit_economics.gate where asset = 'cost_per_order_slices'"
    )
    assert not passed
    assert "region: the parts have cost 13" in failures[0]["what"]
    assert "the whole 14" in failures[0]["what"]


def test_a_slice_that_lost_all_its_parts_turns_its_day_red(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A known-bad variant: slices that forget one of them altogether."""
    whole = slicing.unit_cost_slices
    monkeypatch.setattr(dividing, "unit_cost_slices", lambda *given: _without(whole(*given), "region"))
    shop.catalogue = CATALOGUE.replace("by: [service]", "by: [service, region]")
    assert not shop.run(DAY, DAY, "cost_per_order_slices").success
    [[failures]] = shop.sql("select failures from unit_economics.gate where asset = 'cost_per_order_slices'")
    assert "region: there is no part in USD, the whole has cost 14" in failures[0]["what"]


def _without(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    return rows[rows["slice"] != name]
