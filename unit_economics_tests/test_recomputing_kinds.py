"""Whatever is computed comes out again: slices, allocated cost by drivers, margins with fees and rates, formulas."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from unit_economics.recomputing import verified
from unit_economics.warehouse.stored_days import stored_days
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

FIRST, LAST = "2026-03-01", "2026-03-03"
ORDERS = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: %s}"
EARNED = ORDERS.replace("orders", "earned") % "gross"
HOURS = ORDERS.replace("orders", "hours") % "hours, segment: who"
CATALOGUE = f"""
currency: EUR
exchange_rates: {{kind: file, path: ./rates.csv, source: ECB, carry: P3D}}
cost_sources:
  bill: {{kind: focus, path: ./focus}}
cost_scopes:
  all: {{}}
  service: {{by: {{column: service_name}}}}
  product:
    allocation:
      rules:
        - {{to: platform, where: {{service_name: Storage}}}}
        - {{to: checkout, where: {{service_name: Compute}}}}
        - {{to: search, where: {{service_name: Lambda}}}}
      shared:
        - {{cost_of: platform, among: [checkout, search], by: {{driver: hours}}, or_by: {{evenly: even}}}}
dimensions:
  service: {{column: service_name}}
drivers:
  hours:
    unit: Hour
    quantity: {HOURS}
fees:
  card:
    source: a price list
    by: method
    prices: {{visa: [{{since: 2026-03-01, amount: 0.10}}], sepa: [{{since: 2026-03-01, amount: 0.07}}]}}
metrics:
  cost_per_order:
    unit: Order
    units: {ORDERS % "orders, dimensions: {method: method}"}
    revenue:
      currency: USD
      gross: {EARNED}
    fees: [card]
    margin: {{}}
    slices:
      by_method: {{by: [method, service], cost_by: units, units_by: whole}}
formulas:
  cost_of_all: {{formula: cost(all) / units(order), unit: EUR/Order}}
  share: {{formula: 'cost("product:checkout") / cost(all)', unit: percent}}
  earned_each: {{formula: revenue(order) / units(order), unit: EUR/Order}}
  late: {{formula: history(cost_visibility_delay), unit: hour}}
"""


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Three days in two currencies, then the rate, the orders and the driver change."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 20, 9, tzinfo=UTC)
    shop.sql("create table public.orders (day date, method text, orders bigint, gross numeric)")
    shop.sql("create view public.earned as select day, sum(gross) as gross from public.orders group by day")
    shop.sql("create table public.hours (day date, who text, hours numeric)")
    for n in range(1, 4):
        day = f"2026-03-0{n}"
        shop.sql("insert into public.orders values (%s, 'visa', %s, 99.5), (%s, 'sepa', 31, 17)", day, 70 + n, day)
        shop.sql("insert into public.hours values (%s, 'checkout', 7), (%s, 'search', 4.5)", day, day)
    rates(shop, "1.0931")
    write_bill(shop.folder / "focus", *rows())
    assert shop.run(FIRST, LAST).success
    rates(shop, "1.0877")
    shop.sql("update public.orders set orders = orders + 3 where method = 'visa' and day = %s", "2026-03-02")
    shop.sql("update public.hours set hours = 9 where who = 'search' and day = %s", "2026-03-03")
    assert shop.run(FIRST, LAST).success
    return shop


def rates(shop: World, rate: str) -> None:
    (shop.folder / "rates.csv").write_text(f"date,currency,rate\n2026-03-01,USD,{rate}\n2026-03-03,USD,0.9\n")


def rows() -> list[dict[str, str]]:
    parts = [("Compute", "10.07", "EUR"), ("Storage", "6.1", "USD"), ("Lambda", "3.33", "USD"), ("Tax", "1", "EUR")]
    return [
        charge(
            ChargePeriodStart=f"2026-03-0{n}T10:00:00Z",
            ChargePeriodEnd=f"2026-03-0{n}T11:00:00Z",
            ServiceName=service,
            EffectiveCost=cost,
            BillingCurrency=currency,
        )
        for n in range(1, 4)
        for service, cost, currency in parts
    ]


def test_every_kind_that_is_computed_comes_out_again_bit_by_bit(shop: World) -> None:
    with shop.deployment().warehouse.snapshot() as connection:
        found = list(verified(connection, stored_days(connection)))
    counted = Counter(one.day.asset for one in found if not one.why_not)
    assert counted.keys() == {
        *("cost_per_order", "cost_per_order_slices", "allocated_costs", "margin_per_order"),
        *("cost_of_all", "share", "finance_earned_each", "late"),
    }
    assert {one.day.version for one in found if one.day.asset == "margin_per_order"} == {1, 2}
    assert [one for one in found if one.differences or one.why_not] == []
