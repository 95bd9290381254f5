"""Formulas through the whole graph: their values, what explains them, who may see them, and what writes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  storage: {where: {service_name: S3}}
  team: {by: {tag: team}}
  product: {allocation: {rules: [{to: shop, where: {service_name: EC2}}]}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: orders}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: earned}
  cost_per_gb_month:
    unit: GB-month
    aggregation: gauge
    per: month
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: gb}
quantities:
  data_value:
    unit: USD
    source: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: worth}
formulas:
  storage_cost_per_gb_month: {formula: cost(storage) / units(gb_month), unit: USD / GB-month, owner: store@example.com}
  margin_share: {formula: (revenue - cost) / revenue, of: cost_per_order, unit: percent}
  density: {formula: data_value / cost(all), unit: "1"}
  shares: {formula: 'cost(team:team=pay) / cost(team) + cost(product:shop) / cost(product)', unit: percent}
  twice: {formula: 2 * density + cost(team:team=nobody) / cost(all), unit: "1"}
"""
DAYS = ("2026-03-01", "2026-03-02")


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Two days of 10 and 30 orders: EC2 costs 6 and 18 (team pay), S3 2 a day; 31 GB; nothing is known of a value."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 20, 9, tzinfo=UTC)
    shop.sql("create table public.orders (day date, orders numeric, earned numeric, gb numeric, worth numeric)")
    for day, orders in (("01", 10), ("02", 30)):
        shop.sql("insert into public.orders values (%s, %s, %s, 31, %s)", f"2026-03-{day}", orders, orders * 2, 40)
    charges = [
        charge(
            ChargePeriodStart=f"2026-03-{day}T10:00:00Z",
            ChargePeriodEnd=f"2026-03-{day}T11:00:00Z",
            ServiceName=service,
            EffectiveCost=cost,
            Tags=f'{{"team": "{team}"}}',
        )
        for day, service, cost, team in (
            ("01", "EC2", "6", "pay"),
            ("01", "S3", "2", "store"),
            ("02", "EC2", "18", "pay"),
            ("02", "S3", "2", "store"),
        )
    ]
    write_bill(shop.folder / "focus", *charges)
    assert shop.run(*DAYS).success
    return shop


def values(shop: World, view: str) -> list[Decimal | None]:
    return [row[0] for row in shop.sql(f"select value from unit_economics.{view} order by business_date")]


def test_a_formula_has_its_value_on_every_day(shop: World) -> None:
    assert values(shop, "storage_cost_per_gb_month") == [2, 2]  # 31 GB are 1 GB-month on a day of March
    assert values(shop, "density") == [5, 2]  # 40 / 8, 40 / 20
    assert values(shop, "finance_margin_share") == [Decimal("0.6"), Decimal(2) / 3]  # 12 / 20, 40 / 60


def test_a_part_of_a_scope_that_has_no_charge_on_a_day_cost_nothing(shop: World) -> None:
    assert values(shop, "shares") == [Decimal("1.5"), Decimal("1.8")]  # 6/8 + 6/8, 18/20 + 18/20
    assert values(shop, "twice") == [10, 4]


def test_a_number_explains_itself(shop: World) -> None:
    ((inputs, unit),) = shop.sql(
        "select inputs, unit from unit_economics.formula_values where formula = 'twice' and business_date = %s", DAYS[0]
    )
    assert inputs == {
        "quantity(data_value)": {"value": "40.000000000000"},
        "cost(all)": {"value": "8.000000000000"},
        "cost(team:team=nobody)": {"value": "0"},
    }
    assert unit == "1"


def test_what_rests_on_revenue_is_in_no_view_of_the_others(shop: World) -> None:
    shown = shop.sql("select distinct formula from unit_economics.formula_values order by 1")
    assert shown == [("density",), ("shares",), ("storage_cost_per_gb_month",), ("twice",)]
    assert shop.sql("select distinct formula from unit_economics.finance_formula_values") == [("margin_share",)]


def test_an_unchanged_day_writes_no_value_again(shop: World) -> None:
    assert shop.run(*DAYS).success
    assert shop.sql("select max(version) from unit_economics.formula_value") == [(1,)]


def test_a_restated_quantity_restates_the_formula_and_what_stands_on_it(shop: World) -> None:
    shop.sql("update public.orders set worth = 80 where day = %s", DAYS[0])
    assert shop.run(*DAYS).success
    assert values(shop, "density") == [10, 2]
    assert values(shop, "twice") == [20, 4]


def test_a_day_without_what_it_names_is_empty_with_the_reason(shop: World) -> None:
    shop.sql("insert into public.orders values ('2026-03-03', 5, 9, 31, 0)")
    assert shop.run("2026-03-03", "2026-03-03").success
    rows = shop.sql("select value, reason, inputs from unit_economics.density where business_date = '2026-03-03'")
    no_charge = "no charge of this day is there"
    inputs = {"quantity(data_value)": {"value": "0.000000000000"}, "cost(all)": {"reason": no_charge}}
    assert rows == [(None, no_charge, inputs)]


def test_charges_in_another_currency_are_no_cost(shop: World) -> None:
    other = charge(
        ChargePeriodStart="2026-03-03T10:00:00Z",
        ChargePeriodEnd="2026-03-03T11:00:00Z",
        BillingCurrency="EUR",
        EffectiveCost="1",
    )
    shop.sql("insert into public.orders values ('2026-03-03', 5, 9, 31, 1)")
    write_bill(shop.folder / "focus", other, name="later.csv")
    assert shop.run("2026-03-03", "2026-03-03").success
    (reason,) = shop.sql("select reason from unit_economics.density where business_date = '2026-03-03'")
    assert reason == ("there are charges in EUR, and the catalogue counts in USD",)


def test_a_formula_has_its_check_and_its_owner(shop: World) -> None:
    told = shop.sql("select distinct passed, failures from unit_economics.gate where asset = 'density'")
    assert told == [(True, [])]
    assert shop.deployment().graph["finance_margin_share"].inputs == ["daily_order_revenue", "cloud_costs"]
