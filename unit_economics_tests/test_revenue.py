"""What the units earned, through the whole graph: stored and guarded like units, and waited for by nothing."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from unit_economics.automation import find_gaps
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
currency: EUR
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
"""
REVENUE = """\
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.daily_revenue, day: date, quantity: revenue}
"""
FIRST, BAD, LAST = DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
EARNED = "select business_date::text, quantity, unit, status from unit_economics.daily_order_revenue order by 1"


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Three days of a shop: 100 orders that earned 5000.25 EUR, and EUR 10 of cost a day."""
    shop = world(CATALOGUE + REVENUE)
    shop.now = datetime(2026, 3, 4, 9, tzinfo=UTC)
    shop.sql("create table public.total_orders (date date, total_orders bigint)")
    shop.sql("create table public.daily_revenue (date date, revenue numeric)")
    for day in DAYS:
        shop.sql("insert into public.total_orders values (%s, 100)", day)
        shop.sql("insert into public.daily_revenue values (%s, 5000.25)", day)
    times = [{"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"} for day in DAYS]
    write_bill(shop.folder / "focus", *(charge(**time, EffectiveCost="10", BillingCurrency="EUR") for time in times))
    return shop


def missing(shop: World) -> dict[str, list[str]]:
    return {asset: [str(day) for day in days] for asset, days in find_gaps(shop.deployment()).missing.items() if days}


def test_revenue_is_stored_exactly_in_the_currency_of_the_catalogue(shop: World) -> None:
    assert shop.run(FIRST, LAST).success
    assert shop.sql(EARNED) == [(day, 5000.25, "EUR", "complete") for day in DAYS]


def test_a_day_of_impossible_revenue_is_kept_out_and_holds_no_unit_cost_back(shop: World) -> None:
    shop.sql("update public.daily_revenue set revenue = 'NaN' where date = %s", BAD)
    shop.run(FIRST, LAST)
    assert [day for day, *_ in shop.sql(EARNED)] == [FIRST, LAST]
    costs = "select business_date::text, unit_cost from unit_economics.cost_per_order order by 1"
    assert [(day, float(cost)) for day, cost in shop.sql(costs)] == [(day, 0.1) for day in DAYS]
    assert missing(shop) == {"daily_order_revenue": [BAD]}


def test_revenue_that_can_not_be_read_at_all_holds_no_unit_cost_back(shop: World) -> None:
    shop.sql("drop table public.daily_revenue")
    assert not shop.run(FIRST, LAST).success
    assert shop.sql("select count(*) from unit_economics.cost_per_order where unit_cost is not null") == [(3,)]


def test_a_day_that_lost_most_of_its_revenue_is_refused_and_keeps_its_value(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.sql("update public.daily_revenue set revenue = 50 where date = %s", BAD)
    shop.run(FIRST, LAST)
    assert shop.sql(EARNED) == [(day, 5000.25, "EUR", "complete") for day in DAYS]


def test_revenue_that_is_added_later_is_a_gap_of_its_own_and_changes_nothing_else(shop: World) -> None:
    shop.catalogue = CATALOGUE
    assert shop.run(FIRST, LAST).success
    assert missing(shop) == {}
    before = shop.sql("select * from unit_economics.ledger order by asset, business_date, version")
    shop.catalogue += REVENUE
    assert {asset for asset, days in missing(shop).items() if set(DAYS) & set(days)} == {"daily_order_revenue"}
    assert shop.run(FIRST, LAST).success
    others = "select * from unit_economics.ledger where asset <> 'daily_order_revenue'"
    assert shop.sql(f"{others} order by asset, business_date, version") == before
    assert len(shop.sql(EARNED)) == 3


def test_days_before_the_source_of_revenue_begins_are_no_gap(shop: World) -> None:
    shop.catalogue = CATALOGUE + REVENUE.replace("day: date", f"covers_from: {BAD}, day: date")
    shop.sql("delete from public.daily_revenue where date = %s", FIRST)
    shop.run(FIRST, LAST)
    assert missing(shop) == {}
