"""Money through the whole graph: late refunds, price lists, exchange rates, margins, and who may see them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
import pytest
from click.testing import CliRunner

from unit_economics.automation import find_gaps
from unit_economics.cli import main
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.roles import FINANCE, VIEWER
from unit_economics_tests.dashboard_client import page
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.readers import acting_as, refused
from unit_economics_tests.world import World

SOURCE = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.money, day: day, quantity: %s}"
UNITS = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: orders%s}"
CATALOGUE = f"""
currency: EUR
cost_sources:
  bill: {{kind: focus, path: ./focus}}
cost_scopes:
  all: {{}}
  run: {{where: {{charge_category: [Usage, Purchase]}}}}
  variable: {{where: {{service_name: Compute}}}}
metrics:
  cost_per_order:
    unit: Order
    units: {UNITS % ""}
    revenue:
      gross: {SOURCE % "gross"}
      discounts: {SOURCE % "discounts"}
      refunds: {SOURCE % "refunds"}
      refunds_basis: order_date
    margin: {{run: run, variable: variable}}
"""
BY_METHOD = CATALOGUE.replace("quantity: orders}", "quantity: orders, dimensions: {method: method}}")
CHARGED = "    fees: [card]\n"
CARD = """\
fees:
  card:
    source: Stripe's price list
    by: method
    prices:
      visa: [{since: 2026-03-01, until: 2026-03-02, amount: 0.10}, {since: 2026-03-02, amount: 0.20}]
"""
RATES = "exchange_rates: {kind: file, path: ./rates.csv, source: ECB}\n"
FIRST, SECOND, LAST = DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
MARGIN = """select business_date::text, gross, discounts, refunds, net_revenue, fees, fully_loaded_cost, run_cost,
    variable_cost, contribution_margin, reason from unit_economics.margin_per_order order by 1"""
COSTS = "select business_date::text, cost, billing_currency from unit_economics.cost_per_order where cost_scope = 'all'"


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Three days: 100 orders of 1000 gross less 50, and a bill of 10 for computing, 6 for storage and 4 of tax."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    shop.sql("create table public.orders (day date, method text, orders bigint)")
    shop.sql("create table public.money (day date, gross numeric, discounts numeric, refunds numeric)")
    for day in DAYS:
        shop.sql("insert into public.orders values (%s, 'visa', 100)", day)
        shop.sql("insert into public.money values (%s, 1000, 50, 0)", day)
    bill(shop)
    return shop


def bill(shop: World, currency: str = "EUR", other: str = "EUR") -> None:
    """A bill whose tax is in the other currency."""
    parts = [("Compute", "Usage", "10", currency), ("Storage", "Usage", "6", currency), ("Tax", "Tax", "4", other)]
    rows = [
        charge(
            ChargePeriodStart=f"{day}T10:00:00Z",
            ChargePeriodEnd=f"{day}T11:00:00Z",
            ServiceName=service,
            ChargeCategory=category,
            EffectiveCost=cost,
            BillingCurrency=code,
        )
        for day in DAYS
        for service, category, cost, code in parts
    ]
    write_bill(shop.folder / "focus", *rows)


def rates(shop: World, *rows: str) -> None:
    (shop.folder / "rates.csv").write_text("\n".join(["date,currency,rate", *rows, ""]))


def states(shop: World, asset: str) -> list[tuple[str, int, str]]:
    query = "select business_date::text, version, status from unit_economics.day_versions where asset = %s"
    return shop.sql(f"{query} and superseded_at is null order by 1", asset)


def red(shop: World, asset: str) -> dict[str, str]:
    rows = shop.sql(
        "select business_date::text, failures from unit_economics.gate where asset = %s and not passed", asset
    )
    return {day: failures[0]["what"] for day, failures in rows}


def missing(shop: World) -> dict[str, list[str]]:
    found = find_gaps(shop.deployment()).missing.items()
    return {
        asset: [str(day) for day in days if str(day) in DAYS] for asset, days in found if {*map(str, days)} & {*DAYS}
    }


def test_a_margin_is_what_was_earned_less_what_it_cost(shop: World) -> None:
    assert shop.run(FIRST, LAST).success
    assert shop.sql(MARGIN) == [(day, 1000, 50, 0, 950, 0, 20, 16, 10, 940, None) for day in DAYS]
    ratios = "revenue_per_unit, variable_cost_per_unit, contribution_margin_per_unit, contribution_margin_percent"
    per = shop.sql(f"select {ratios}, margin_after from unit_economics.unit_margins where business_date = %s", FIRST)
    assert [round(value, 6) for value in per[0][:4]] == [Decimal(n) for n in ("9.5", "0.1", "9.4", "98.947368")]
    assert per[0][4] == "variable_cost"
    assert missing(shop) == {}


def test_a_late_refund_restates_the_day_of_its_order_and_the_gross_stays(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.sql("update public.money set refunds = 900 where day = %s", FIRST)
    assert shop.run(FIRST, LAST).success
    assert red(shop, "daily_order_revenue") == {}
    expected = [(FIRST, 2, "restated"), (SECOND, 1, "complete"), (LAST, 1, "complete")]
    assert states(shop, "daily_order_revenue") == states(shop, "margin_per_order") == expected
    assert shop.sql(MARGIN)[0][:5] == (FIRST, 1000, 50, 900, 50)
    assert states(shop, "cost_per_order") == [(day, 1, "complete") for day in DAYS], "no unit cost waits for revenue"


def test_a_shrunken_gross_is_a_lost_delivery_however_small_its_refunds(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.sql("update public.money set gross = 100, discounts = 0 where day = %s", FIRST)
    shop.run(FIRST, LAST)
    assert "only 100 where 1000" in red(shop, "daily_order_revenue")[FIRST]
    assert shop.sql(MARGIN)[0][:5] == (FIRST, 1000, 50, 0, 950)


def test_by_the_day_of_the_event_a_refund_counts_on_its_own_day_and_restates_nothing(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("order_date", "event_date")
    shop.run(FIRST, SECOND)
    shop.sql("update public.money set refunds = 980 where day = %s", LAST)
    shop.run(FIRST, LAST)
    assert states(shop, "margin_per_order") == [(day, 1, "complete") for day in DAYS]
    (day, *_, percent, reason) = shop.sql(
        "select business_date::text, refunds_basis, net_revenue, contribution_margin, contribution_margin_percent,"
        " reason from unit_economics.unit_margins order by 1 desc limit 1"
    )[0]
    assert (day, percent) == (LAST, None)
    assert "not above 0" in reason


def test_a_window_is_a_ratio_of_sums_and_says_which_days_it_lacks(shop: World) -> None:
    shop.sql("update public.money set gross = 100, discounts = 0 where day = %s", SECOND)
    shop.sql("delete from public.money where day = %s", LAST)
    shop.run(FIRST, LAST)
    assert shop.sql(MARGIN)[2][-1] == "no revenue of this day is there"
    over = shop.sql("select * from unit_economics.margin_over('cost_per_order', %s, %s)", FIRST, LAST)
    ((_, currency, after, quantity, net, fees, full, run, variable, margin, *ratios),) = over
    assert (currency, after, quantity, net, fees) == ("EUR", "variable_cost", 200, 1050, 0)
    assert (full, run, variable, margin) == (40, 32, 20, 1030)
    assert [round(value, 4) for value in ratios[:4]] == [Decimal(n) for n in ("5.25", "0.1", "5.15", "98.0952")]
    assert ratios[4:] == [2, 1]
    days = "select avg(contribution_margin_percent) from unit_economics.unit_margins"
    assert round(shop.sql(days)[0][0], 4) != round(ratios[3], 4), "a mean of the days' ratios would be caught"


def test_a_price_holds_on_its_days_and_a_value_without_one_is_loud(shop: World) -> None:
    shop.catalogue = BY_METHOD + CHARGED + CARD
    shop.sql("insert into public.orders values (%s, 'wire', 5), (%s, 'coupon', 1)", LAST, LAST)
    shop.run(FIRST, LAST)
    assert [(row[0], row[5]) for row in shop.sql(MARGIN)] == [(FIRST, 10), (SECOND, 20)]
    said = red(shop, "margin_per_order")
    assert list(said) == [LAST]
    assert "fee card has no price on 2026-03-03 of method 'coupon', 'wire'; add one" in said[LAST]
    more = "      wire: [{since: 2026-03-01, amount: 1}]\n      coupon: [{since: 2026-03-01}]\n"
    shop.catalogue = BY_METHOD + CHARGED + CARD + more
    assert shop.run(FIRST, LAST).success
    assert [row[5] for row in shop.sql(MARGIN)] == [10, 20, 25]
    units = "select quantity from unit_economics.margin_per_order where business_date = %s"
    assert shop.sql(units, LAST) == [(106,)], "the units of every value, and not of the last one"
    assert states(shop, "margin_per_order")[0][1] == 2, "the definition is another one, the value is the same"
    assert missing(shop) == {}


def test_a_price_that_is_not_known_would_be_caught_if_it_fell_back(shop: World) -> None:
    shop.catalogue = (
        BY_METHOD
        + CHARGED
        + CARD.replace(
            "      visa: [{since: 2026-03-01, until: 2026-03-02, amount: 0.10}, {since: 2026-03-02,",
            "      visa: [{since: 2026-03-02,",
        )
    )
    shop.run(FIRST, LAST)
    assert [row[0] for row in shop.sql(MARGIN)] == [SECOND, LAST]


def test_without_rates_two_currencies_are_two_rows_and_no_margin_adds_them_up(shop: World) -> None:
    bill(shop, "EUR", "USD")
    assert shop.run(FIRST, FIRST).success
    assert sorted(shop.sql(COSTS)) == [(FIRST, 4, "USD"), (FIRST, 16, "EUR")]
    shop.catalogue = CATALOGUE.replace("    margin: {run: run, variable: variable}", "    margin: {}")
    shop.run(FIRST, FIRST)
    (row,) = shop.sql(MARGIN)
    assert (row[6], row[9]) == (None, None)
    assert "it is in several currencies, and there are no `exchange_rates`" in row[10]


def test_with_rates_cost_is_in_one_currency_and_native_amounts_are_kept(shop: World) -> None:
    bill(shop, "EUR", "USD")
    shop.catalogue = CATALOGUE + RATES
    rates(shop, *(f"{day},USD,0.5" for day in DAYS))
    assert shop.run(FIRST, LAST).success
    assert sorted(shop.sql(COSTS)) == [(day, 18, "EUR") for day in DAYS]
    native = "select billing_currency, sum(effective_cost) from unit_economics.cloud_costs group by 1 order by 1"
    assert shop.sql(native) == [("EUR", 48), ("USD", 12)]
    assert [row[6:10] for row in shop.sql(MARGIN)] == [(18, 16, 10, 940)] * 3
    stored = "select rate, rate_date::text, source, reporting_currency from unit_economics.exchange_rates"
    assert shop.sql(f"{stored} where business_date = %s", SECOND) == [(Decimal("0.5"), SECOND, "ECB", "EUR")]


def test_a_missing_rate_is_loud_stores_nothing_and_is_made_good_when_the_rate_comes(shop: World) -> None:
    bill(shop, "EUR", "USD")
    shop.catalogue = CATALOGUE + RATES
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},GBP,0.5", f"{LAST},USD,0.25")
    shop.run(FIRST, LAST)
    assert sorted(shop.sql(COSTS)) == [(FIRST, 18, "EUR"), (LAST, 17, "EUR")]
    assert red(shop, "cost_per_order") == {
        SECOND: "no rate of USD to EUR on 2026-03-02; add it to `exchange_rates`, or let an older one `carry`"
    }
    assert [row[0] for row in shop.sql(MARGIN)] == [FIRST, LAST]
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},GBP,0.5", f"{SECOND},USD,1", f"{LAST},USD,0.25")
    assert shop.run(FIRST, LAST).success
    assert red(shop, "cost_per_order") == {}
    assert sorted(shop.sql(COSTS))[1] == (SECOND, 20, "EUR")
    assert missing(shop) == {}


def test_a_rate_is_carried_only_as_far_as_the_catalogue_says_and_keeps_its_own_day(shop: World) -> None:
    bill(shop, "EUR", "USD")
    shop.catalogue = CATALOGUE + RATES.replace("source: ECB", "source: ECB, carry: P1D")
    rates(shop, f"{FIRST},USD,0.5")
    shop.run(FIRST, LAST)
    dates = "select business_date::text, rate_date::text from unit_economics.exchange_rates order by 1"
    assert shop.sql(dates) == [(FIRST, FIRST), (SECOND, FIRST)]
    assert sorted(shop.sql(COSTS)) == [(FIRST, 18, "EUR"), (SECOND, 18, "EUR")]
    assert list(red(shop, "cost_per_order")) == [LAST]


def test_a_rate_that_is_corrected_restates_what_was_converted_by_it_and_nothing_else(shop: World) -> None:
    bill(shop, "EUR", "USD")
    shop.catalogue = CATALOGUE + RATES
    rates(shop, *(f"{day},USD,0.5" for day in DAYS))
    shop.run(FIRST, LAST)
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},USD,0.75", f"{LAST},USD,0.5")
    shop.run(FIRST, LAST)
    changed = [(FIRST, 1, "complete"), (SECOND, 2, "restated"), (LAST, 1, "complete")]
    assert states(shop, "exchange_rates") == states(shop, "cost_per_order") == changed
    assert states(shop, "cloud_costs") == [(day, 1, "complete") for day in DAYS]


def test_revenue_of_another_currency_is_kept_as_it_is_and_converted_in_the_margin(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("refunds_basis", "currency: USD\n      refunds_basis") + RATES
    rates(shop, f"{FIRST},USD,0.5", f"{LAST},USD,0.333333333333333333")
    shop.run(FIRST, LAST)
    native = (
        "select segment, quantity, unit from unit_economics.daily_order_revenue where business_date = %s order by 1"
    )
    assert shop.sql(native, FIRST) == [("discounts", 50, "USD"), ("gross", 1000, "USD"), ("refunds", 0, "USD")]
    assert red(shop, "exchange_rates") == {
        SECOND: "no rate of USD to EUR on 2026-03-02; add it to `exchange_rates`, or let an older one `carry`"
    }
    assert shop.sql(MARGIN)[0][1:5] == (500, 25, 0, 475)
    assert [row[0] for row in shop.sql(MARGIN)] == [FIRST, LAST]
    assert missing(shop)["exchange_rates"] == [SECOND], "the sensor asks again for what the catalogue itself needs"


FORMULAS = """\
formulas:
  cost_per_50: {formula: cost(all) / units(order) * 50, unit: EUR / Order}
  margin_share: {formula: (revenue - cost) / revenue, of: cost_per_order, unit: percent}
"""


def values(shop: World, formula: str) -> dict[str, Decimal | None]:
    return dict(shop.sql(f"select business_date::text, value from unit_economics.{formula} order by 1"))


def test_a_formula_counts_cost_of_two_currencies_in_the_catalogues(shop: World) -> None:
    bill(shop, "EUR", "USD")
    shop.catalogue = CATALOGUE + RATES + FORMULAS
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},USD,1.5")
    shop.run(FIRST, LAST)
    # 16 + 4 * 0.5 = 18 and 16 + 4 * 1.5 = 22, over 100 orders, for 50 of them
    assert values(shop, "cost_per_50") == {FIRST: 9, SECOND: 11}
    assert "no rate of USD to EUR on 2026-03-03" in red(shop, "cost_per_50")[LAST]
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},USD,1.5", f"{LAST},USD,1")
    assert shop.run(FIRST, LAST).success
    assert values(shop, "cost_per_50") == {FIRST: 9, SECOND: 11, LAST: 10}
    assert missing(shop) == {}


def test_a_formula_means_net_revenue_where_revenue_has_components(shop: World) -> None:
    shop.sql("update public.money set refunds = 550 where day = %s", SECOND)
    shop.sql("update public.money set refunds = 950 where day = %s", LAST)
    shop.catalogue = CATALOGUE + FORMULAS
    assert shop.run(FIRST, LAST).success
    # 1000 - 50 = 950 and 1000 - 50 - 550 = 400, each less a bill of 20
    expected = {FIRST: Decimal(93) / 95, SECOND: Decimal("0.95"), LAST: None}
    assert values(shop, "finance_margin_share") == pytest.approx(expected)
    ((inputs,),) = shop.sql("select inputs from unit_economics.finance_formula_values where business_date = %s", SECOND)
    assert sorted(Decimal(said["value"]) for said in inputs.values()) == [20, 400]


def test_a_formula_converts_cost_and_the_components_of_revenue_by_the_rate_of_their_day(shop: World) -> None:
    bill(shop, "EUR", "USD")
    shop.sql("update public.money set refunds = 50")
    shop.catalogue = CATALOGUE.replace("refunds_basis", "currency: USD\n      refunds_basis") + RATES + FORMULAS
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},USD,1", f"{LAST},GBP,1")
    shop.run(FIRST, LAST)
    # (1000 - 50 - 50) * 0.5 = 450 less 16 + 4 * 0.5 = 18, and 900 less 20
    assert values(shop, "finance_margin_share") == pytest.approx({FIRST: Decimal("0.96"), SECOND: Decimal(88) / 90})
    rates(shop, f"{FIRST},USD,0.25", f"{SECOND},USD,1", f"{LAST},USD,1")
    assert shop.run(FIRST, LAST).success
    restated = values(shop, "finance_margin_share")[FIRST]
    assert restated == pytest.approx(Decimal(208) / 225), "225 earned less 17 of cost"


def test_a_file_of_rates_with_one_bad_row_is_refused_with_its_line_and_stores_nothing(shop: World) -> None:
    shop.catalogue = CATALOGUE + RATES
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},USD,zero")
    assert not shop.run(FIRST, LAST).success
    assert shop.sql("select * from unit_economics.exchange_rates") == []
    assert "rates.csv, line 3: the rate is no number above 0" in red(shop, "exchange_rates")[FIRST]


def test_rates_are_read_from_postgresql_with_every_digit(shop: World) -> None:
    relation = "dsn: ORDERS_DATABASE_URL, relation: public.rates, date: day, quoted: per_reporting"
    shop.catalogue = CATALOGUE + f"exchange_rates: {{kind: postgres, source: the bank, {relation}}}\n"
    shop.sql("create table public.rates (day date, currency text, rate numeric)")
    shop.sql("insert into public.rates values (%s, 'USD', 1.25)", FIRST)
    shop.run(FIRST, FIRST)
    assert shop.sql("select rate from unit_economics.exchange_rates") == [(Decimal("0.8"),)]


def seen(shop: World, role: str) -> str:
    views = "select viewname from pg_views where schemaname = 'unit_economics'"
    with acting_as(Warehouse(shop.url), role) as connection:
        found: list[Any] = []
        for (view,) in connection.execute(views).fetchall():
            if not refused(connection, f"select * from unit_economics.{view}"):
                found += connection.execute(f"select * from unit_economics.{view}".encode()).fetchall()
        return str(found)


def test_a_viewer_is_told_no_revenue_and_no_margin_in_any_view_version_hash_or_reason(shop: World) -> None:
    shop.catalogue = BY_METHOD + CHARGED + CARD
    shop.sql("update public.money set gross = 98765.43")
    shop.sql("insert into public.orders values (%s, 'nobody-knows', 5)", LAST)
    shop.run(FIRST, LAST)
    margin = str(shop.sql("select contribution_margin from unit_economics.unit_margins limit 1")[0][0])
    hashes = shop.sql("select content_hash from unit_economics.ledger where asset in ('margin_per_order')")
    secrets = ["98765.43", margin, "nobody-knows' has", "no price on", *(text for (text,) in hashes)]
    secrets.remove("nobody-knows' has")
    assert all(secret in seen(shop, FINANCE) for secret in secrets)
    assert not [secret for secret in secrets if secret in seen(shop, VIEWER)]
    with acting_as(Warehouse(shop.url), VIEWER) as connection:
        for view in ("margin_per_order", "unit_margins", "unit_margin_versions"):
            assert refused(connection, f"select * from unit_economics.{view}"), view
        assert refused(connection, f"select * from unit_economics.margin_over('cost_per_order', '{FIRST}', '{LAST}')")
        assert not refused(connection, "select * from unit_economics.exchange_rates")


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_margins_are_exported_exactly_now_and_as_they_were_believed_then(
    shop: World, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    shop.run(FIRST, LAST)
    ((before,),) = shop.sql("select max(recorded_at) from unit_economics.unit_margin_versions")
    shop.sql("update public.money set refunds = 900.01 where day = %s", FIRST)
    shop.run(FIRST, LAST)
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE_URL", shop.url)
    monkeypatch.chdir(shop.folder)

    def exported(*more: str) -> list[str]:
        out = shop.folder / f"margins.{form}"
        done = CliRunner().invoke(main, ["export", "--margin", "--format", form, "--out", str(out), *more])
        assert done.exit_code == 0, done.output
        read = {"csv": lambda: pd.read_csv(out, dtype=str), "json": lambda: pd.read_json(out, dtype=False)}
        frame = read.get(form, lambda: pd.read_parquet(out))()
        return [f"{Decimal(value):.2f}" for value in frame["net_revenue"]]

    assert exported() == ["49.99", "950.00", "950.00"]
    assert exported("--as-of", before.isoformat(), "--from", FIRST, "--to", SECOND) == ["950.00", "950.00"]


def test_the_page_shows_the_margin_of_net_revenue_after_cost_and_fees(shop: World) -> None:
    shop.catalogue = BY_METHOD + CHARGED + CARD + "dashboard: {everyone: finance}\n"
    shop.sql("update public.money set refunds = 450")
    shop.run(FIRST, LAST)
    shown = page(shop, "/?window=7d")
    # 1500 net of three days, 60 of cost, 10 + 20 + 20 of fees
    assert shown.texts("p", "tile-value")[3] == "92.7%"
    assert "after cloud cost and fees" in shown.html
    shop.catalogue = shop.catalogue.replace("everyone: finance", "everyone: viewer")
    assert "margin" not in page(shop, "/?window=7d").html.lower()


def test_the_page_of_one_number_adds_up_to_it_where_money_was_converted(shop: World) -> None:
    bill(shop, "EUR", "USD")
    shop.catalogue = CATALOGUE + RATES + "dashboard: {everyone: finance}\n"
    rates(shop, *(f"{day},USD,0.5" for day in DAYS))
    shop.run(FIRST, LAST)
    found = shop.sql("select sum(effective_cost), count(distinct billing_currency) from unit_economics.reported_costs")
    assert found == [(54, 1)]
    shown = page(shop, f"/debug?day={SECOND}").html
    assert "reported_costs" in shown
    assert "€18.00" in shown


def test_an_amount_that_is_not_what_its_parts_come_to_is_refused_by_the_mart_itself(shop: World) -> None:
    shop.run(FIRST, FIRST)
    with pytest.raises(psycopg.errors.CheckViolation):
        shop.sql("update unit_economics.unit_margin set net_revenue = net_revenue + 1")
    with pytest.raises(psycopg.errors.CheckViolation):
        shop.sql("update unit_economics.unit_margin set contribution_margin = 'NaN'")
