"""Net revenue at a destination: which days go out, how much of them, and who may see it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner, Result

from unit_economics.automation import find_gaps
from unit_economics.cli import main
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics.environment import parsed_catalogue
from unit_economics.graph import graph_of
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.connection import DATABASE_URL, Warehouse
from unit_economics.warehouse.roles import FINANCE, VIEWER
from unit_economics_tests.dashboard_client import page
from unit_economics_tests.focus_bills import charge_on, write_bill
from unit_economics_tests.readers import acting_as
from unit_economics_tests.world import World

SOURCE = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.money, day: day, quantity: %s}"
PUBLISH = "      publish: {vantage: {business_metric: REVENUE_METRIC_ID}}\n"
CATALOGUE = f"""
currency: EUR
cost_sources:
  bill: {{kind: focus, path: ./focus}}
metrics:
  cost_per_order:
    unit: Order
    units: {SOURCE % "orders"}
    publish: {{vantage: {{business_metric: ORDERS_METRIC_ID}}}}
    revenue:
      gross: {SOURCE % "gross"}
      refunds: {SOURCE % "refunds"}
      refunds_basis: event_date
{PUBLISH}"""
IN_DOLLARS = f"{CATALOGUE}      currency: USD\nexchange_rates: {{kind: file, path: ./rates.csv, source: ECB}}\n"
FIRST, SECOND, LAST = DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
ASSET = "vantage_business_metric_order_revenue"
EARNED = Decimal("98765.43")


@pytest.fixture
def books() -> Books:
    books = Books("test-token")
    books.add_metric("Orders")
    books.add_metric("Revenue")
    return books


@pytest.fixture
def shop(world: Callable[..., World], books: Books) -> Iterator[World]:
    """Three days of 100 orders, 1000 gross and a refund of 50, and a Vantage to publish to."""
    with serving(books) as address:
        orders, revenue = books.metrics
        named = {"ORDERS_METRIC_ID": orders, "REVENUE_METRIC_ID": revenue}
        shop = world(CATALOGUE, VANTAGE_API_URL=address, VANTAGE_API_TOKEN="test-token", **named)
        shop.now = datetime(2026, 3, 10, 9, tzinfo=UTC)
        shop.sql("create table public.money (day date, orders bigint, gross numeric, refunds numeric)")
        for day in DAYS:
            shop.sql("insert into public.money values (%s, 100, 1000, 50)", day)
        rows = [charge_on(day, EffectiveCost="10", BillingCurrency="EUR") for day in DAYS]
        write_bill(shop.folder / "focus", *rows)
        yield shop


def held(books: Books, title: str) -> dict[str, Decimal]:
    (metric,) = [one for one in books.metrics.values() if one.title == title]
    return {str(moment.date()): amount for moment, _, amount in metric.rows}


def rates(shop: World, *rows: str) -> None:
    (shop.folder / "rates.csv").write_text("\n".join(["date,currency,rate", *rows, ""]))


def said(shop: World, column: str) -> dict[str, str]:
    query = f"select business_date::text, {column} from unit_economics.gate where asset = %s and {column} <> '[]'"
    return {day: words[0]["what"] for day, words in shop.sql(query, ASSET)}


def test_each_days_net_revenue_is_published_beside_its_units_and_read_back(shop: World, books: Books) -> None:
    assert shop.run(FIRST, LAST).success
    assert held(books, "Revenue") == dict.fromkeys(DAYS, 950)
    assert held(books, "Orders") == dict.fromkeys(DAYS, 100)
    sent = "select business_date::text, quantity, held_before, read_back, converged from unit_economics.publications"
    assert shop.sql(f"{sent} where asset = %s order by 1", ASSET) == [(day, 950, None, 950, True) for day in DAYS]
    assert find_gaps(shop.deployment()).missing.get(ASSET, []) == []


def test_an_unchanged_day_is_not_sent_again_and_a_restated_one_is(shop: World, books: Books) -> None:
    shop.run(FIRST, LAST)
    shop.run(FIRST, LAST)
    assert shop.sql("select count(*) from unit_economics.publications where asset = %s", ASSET) == [(3,)]
    shop.sql("update public.money set refunds = 60 where day = %s", SECOND)
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == {FIRST: 950, SECOND: 940, LAST: 950}
    assert shop.sql("select count(*) from unit_economics.publications where asset = %s", ASSET) == [(4,)]


def test_a_day_that_is_not_known_is_not_published_and_never_as_0(shop: World, books: Books) -> None:
    shop.sql("delete from public.money where day = %s", SECOND)
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == {FIRST: 950, LAST: 950}


def test_a_day_of_no_revenue_at_all_is_published_as_0(shop: World, books: Books) -> None:
    shop.sql("update public.money set gross = 50 where day = %s", SECOND)
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == {FIRST: 950, SECOND: 0, LAST: 950}


def test_a_red_day_of_revenue_is_held_back_and_the_units_go_out(shop: World, books: Books) -> None:
    shop.sql("update public.money set refunds = -1 where day = %s", SECOND)
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == {FIRST: 950, LAST: 950}
    assert held(books, "Orders") == dict.fromkeys(DAYS, 100)


def test_a_red_day_of_units_holds_no_revenue_back(shop: World, books: Books) -> None:
    shop.sql("update public.money set orders = -1 where day = %s", SECOND)
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == dict.fromkeys(DAYS, 950)
    assert held(books, "Orders") == {FIRST: 100, LAST: 100}


def test_a_day_below_0_is_not_published_is_pointed_out_and_is_no_gap(shop: World, books: Books) -> None:
    shop.sql("update public.money set refunds = 1200 where day = %s", SECOND)
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == {FIRST: 950, LAST: 950}
    assert list(said(shop, "warnings")) == [SECOND]
    assert "net revenue is -200, and nothing below 0 is published" in said(shop, "warnings")[SECOND]
    assert find_gaps(shop.deployment()).missing.get(ASSET, []) == []


def test_revenue_of_another_currency_is_published_in_the_catalogues_as_the_margin_has_it(
    shop: World, books: Books
) -> None:
    shop.catalogue = IN_DOLLARS
    rates(shop, f"{FIRST},USD,0.5", f"{LAST},USD,0.333333333333333333")
    shop.run(FIRST, LAST)
    thirds = Decimal(
        "316.666666666666"
    )  # 333.333333333333 of gross less 16.666666666667 of refunds, each as it is kept
    assert held(books, "Revenue") == {FIRST: 475, LAST: thirds}
    net = "select net_revenue from unit_economics.margin_per_order order by business_date"
    assert shop.sql(net) == [(475,), (thirds,)]
    rates(shop, f"{FIRST},USD,0.5", f"{SECOND},USD,0.25", f"{LAST},USD,0.5")
    assert shop.run(FIRST, LAST).success
    assert held(books, "Revenue") == {FIRST: 475, SECOND: Decimal("237.5"), LAST: 475}


def test_what_was_counted_in_another_currency_is_read_again_before_it_is_published(shop: World, books: Books) -> None:
    shop.run(FIRST, LAST)
    shop.catalogue = IN_DOLLARS
    rates(shop, *(f"{day},USD,0.5" for day in DAYS))
    assert shop.run(FIRST, LAST, "exchange_rates", ASSET).success
    assert held(books, "Revenue") == dict.fromkeys(DAYS, 950), "950 euros are no 950 dollars"
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == dict.fromkeys(DAYS, 475)


def test_where_revenue_goes_is_no_part_of_what_it_means() -> None:
    with_it, without = (graph_of(parsed_catalogue(text, "c.yaml")) for text in (CATALOGUE, CATALOGUE[: -len(PUBLISH)]))
    assert ASSET in with_it
    assert {name: node.definition for name, node in without.items()}.items() <= {
        name: node.definition for name, node in with_it.items()
    }.items()


def test_a_draft_publishes_no_revenue() -> None:
    assert ASSET not in graph_of(
        parsed_catalogue(CATALOGUE.replace("unit: Order", "unit: Order\n    state: draft"), "")
    )


def test_revenue_and_units_at_one_destination_are_refused_with_the_line() -> None:
    expected = r"c.yaml:14:\d+ metrics.cost_per_order.revenue.publish.vantage: cost_per_order publishes to the same"
    with pytest.raises(UsageRefusal, match=expected):
        parsed_catalogue(CATALOGUE.replace("REVENUE_METRIC_ID", "ORDERS_METRIC_ID"), "c.yaml")


@pytest.fixture
def call(shop: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line in the shop's folder."""
    for name, value in {"ORDERS_DATABASE_URL": shop.url, DATABASE_URL: shop.url, **shop.variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shop.folder)
    return lambda *words: CliRunner().invoke(main, [*words])


def test_the_command_line_shows_what_differs_for_revenue_and_sends_it(
    shop: World, books: Books, call: Callable[..., Result]
) -> None:
    shop.run(FIRST, LAST, "daily_order_revenue")
    span = ("--from", FIRST, "--to", LAST)
    compared = json.loads(call("publish", *span, "--dry-run", "--json").stdout)["destinations"]
    differing = {one["asset"]: [day["wanted"] for day in one["differences"]] for one in compared}
    assert differing == {"vantage_business_metric": [], ASSET: ["950.000000000000"] * 3}
    assert held(books, "Revenue") == {}
    call("publish", *span)
    assert held(books, "Revenue") == dict.fromkeys(DAYS, 950)
    assert call("publish", *span, "--dry-run").exit_code == 0


def test_the_command_line_tells_a_business_metric_of_revenue_from_that_of_units(
    shop: World, call: Callable[..., Result]
) -> None:
    assert shop.deployment()
    made = [call("vantage", "create-metric", "--title", "New", *more).stdout for more in ((), ("--revenue",))]
    assert [line.split("=")[0] for line in made] == ["ORDERS_METRIC_ID", "REVENUE_METRIC_ID"]
    found = json.loads(call("doctor", "--json").stdout)["findings"]
    looked_at = {one["name"]: one["text"] for one in found if one["name"].startswith("vantage for")}
    assert list(looked_at) == ["vantage for cost_per_order", "vantage for revenue of cost_per_order"]
    assert "called 'Revenue'" in looked_at["vantage for revenue of cost_per_order"]
    assert f"> vantage ({ASSET})" in call("catalogue", "show").stdout


def seen(shop: World, role: str) -> str:
    views = "select viewname from pg_views where schemaname = 'unit_economics'"
    with acting_as(Warehouse(shop.url), role) as connection:
        readable = [
            view
            for (view,) in connection.execute(views).fetchall()
            if connection.execute("select has_table_privilege(%s, 'select')", [f"unit_economics.{view}"]).fetchall()
            == [(True,)]
        ]
        return str(
            [connection.execute(f"select * from unit_economics.{view}".encode()).fetchall() for view in readable]
        )


def test_a_viewer_sees_no_amount_that_was_published_of_revenue_and_finance_sees_it(shop: World, books: Books) -> None:
    shop.sql("update public.money set gross = %s, refunds = 0", EARNED)
    shop.run(FIRST, LAST)
    shop.sql("update public.money set gross = gross + 1")
    shop.run(FIRST, LAST)
    shop.sql("update public.money set refunds = 200000 where day = %s", LAST)
    shop.run(FIRST, LAST)
    assert held(books, "Revenue") == dict.fromkeys(DAYS, EARNED + 1)
    hashed = "select distinct content_hash from unit_economics.ledger where asset = %s and business_date < %s"
    hashes = [text for (text,) in shop.sql(hashed, ASSET, LAST)]
    secrets = ["98765.43", "98766.43", "-101233.57", *hashes]
    assert [secret for secret in secrets if secret not in seen(shop, FINANCE)] == []
    assert [secret for secret in secrets if secret in seen(shop, VIEWER)] == []
    with acting_as(Warehouse(shop.url), VIEWER) as connection:
        units = "select distinct quantity from unit_economics.publications where asset = 'vantage_business_metric'"
        assert connection.execute(units).fetchall() == [(100,)], "what the units were is no secret"


def test_the_pages_of_a_viewer_show_no_amount_that_was_published_of_revenue(shop: World) -> None:
    shop.sql("update public.money set gross = %s, refunds = 200000 where day = %s", EARNED, LAST)
    shop.run(FIRST, LAST)
    for path in ("/?window=7d", "/on-call", f"/debug?day={LAST}"):
        html = page(shop, path).html.replace(",", "")
        assert not [secret for secret in ("101234.57", "98765") if secret in html], path
    shop.catalogue += "dashboard: {everyone: finance}\n"
    assert "101234.57" in page(shop, "/on-call").html
    assert ASSET in page(shop, "/on-call").html


def test_the_page_of_on_call_has_a_lane_for_everything_that_rests_on_money(shop: World) -> None:
    formulas = "formulas: {share: {formula: (revenue - cost) / revenue, of: cost_per_order, unit: percent}}\n"
    shop.catalogue = IN_DOLLARS + formulas
    rates(shop, *(f"{day},USD,0.5" for day in DAYS))
    assert shop.run(FIRST, LAST).success
    html = page(shop, "/on-call").html
    assert [name for name in shop.deployment().graph if name not in html] == []
