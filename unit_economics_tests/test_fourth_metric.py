"""A fourth metric beside the demo's three is one entry: its assets, checks, schedule, publication and page follow."""

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import dagster as dg
import pytest

from unit_economics.automation import find_gaps
from unit_economics.business_days import DayRange
from unit_economics.definitions import code_location
from unit_economics.demo.shop import fill_shop
from unit_economics.demo.tour import catalogue_text
from unit_economics.demo.usage import CALLS, STORAGE
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics_tests.dashboard_client import page
from unit_economics_tests.world import World

DAYS = DayRange(date(2026, 3, 1), date(2026, 3, 21))
ENTRY = """
  cost_per_search:
    unit: Search
    units: {kind: files, path: ./api_calls, day: day, quantity: calls, where: {app: search}}
    cost: [shop]
    owner: search@example.com
    publish: {vantage: {business_metric: SEARCHES_METRIC_ID}}
"""
ITS_ASSETS = {"daily_searches", "cost_per_search", "vantage_business_metric_searches"}


@pytest.fixture(scope="module")
def books() -> Books:
    books = Books("test-token")
    books.add_metric("Orders")
    books.add_metric("Searches")
    return books


@pytest.fixture
def shop(world: Callable[..., World], books: Books) -> Iterator[World]:
    """The demo's shop and the demo's catalogue, three weeks of it; nothing has run."""
    orders, searches = books.metrics
    with serving(books) as address:
        shop = world(
            catalogue_text(DAYS),
            VANTAGE_API_URL=address,
            VANTAGE_API_TOKEN="test-token",
            ORDERS_METRIC_ID=orders,
            SEARCHES_METRIC_ID=searches,
        )
        shop.variables = {**shop.variables, "STORAGE_DATABASE_URL": f"sqlite:///{shop.folder / STORAGE}"}
        shop.now = datetime.combine(DAYS.last + timedelta(days=1), time(7), UTC)
        yield shop


def with_the_entry(shop: World) -> World:
    head, metrics, rest = shop.catalogue.partition("\nfees:")
    shop.catalogue = head + ENTRY + metrics + rest
    return shop


def checks_by_asset(definitions: dg.Definitions) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key in definitions.resolve_asset_graph().asset_check_keys:
        found.setdefault(key.asset_key.to_user_string(), set()).add(key.name)
    return found


def test_one_entry_brings_its_three_assets_with_their_checks_and_changes_no_other(shop: World) -> None:
    before, asked = checks_by_asset(code_location(shop.deployment())), shop.deployment()
    after, now_asked = checks_by_asset(code_location(with_the_entry(shop).deployment())), shop.deployment()
    assert {asset: checks for asset, checks in after.items() if asset in before} == before
    assert after.keys() - before.keys() == ITS_ASSETS
    assert {asset: after[asset] for asset in ITS_ASSETS} == {
        "daily_searches": before["daily_api_calls"] - {"conservation"},
        "cost_per_search": before["cost_per_api_call"],
        "vantage_business_metric_searches": before["vantage_business_metric"],
    }
    assert {asset: now_asked.definition(asset) for asset in before} == {
        asset: asked.definition(asset) for asset in before
    }


def test_the_morning_schedule_and_the_search_for_missing_days_take_it_in(shop: World) -> None:
    definitions = code_location(with_the_entry(shop).deployment())
    job = definitions.resolve_schedule_def("every_morning").job_name
    assert {
        key.to_user_string() for key in definitions.resolve_job_def(job).asset_layer.executable_asset_keys
    } >= ITS_ASSETS
    fill_shop(shop.url, shop.folder, DAYS)
    assert find_gaps(shop.deployment()).missing["daily_searches"] == list(DAYS)


def test_its_days_are_computed_published_and_shown_beside_the_others(shop: World, books: Books) -> None:
    fill_shop(shop.url, shop.folder, DAYS)
    searches = _searches_in_the_files(shop.folder / CALLS)
    assert with_the_entry(shop).run(str(DAYS.first), str(DAYS.last)).success

    stored = shop.sql("select business_date, quantity, cost, unit_cost from unit_economics.cost_per_search")
    assert {day: quantity for day, quantity, _, _ in stored} == searches
    assert all(unit_cost == pytest.approx(cost / quantity) for _, quantity, cost, unit_cost in stored)
    _, published = books.metrics.values()
    assert {moment.date(): amount for moment, _, amount in published.rows} == searches
    days = dict(shop.sql("select metric, count(distinct business_date) from unit_economics.unit_costs group by 1"))
    metrics = ("cost_per_order", "cost_per_api_call", "cost_per_gb_month", "cost_per_search")
    assert days == dict.fromkeys(metrics, len(DAYS))

    shown = page(shop, "/?metric=cost_per_search&window=7d")
    assert "searches" in shown.headline
    newest = shown.rows("Cost per")[0]
    assert (newest[0], newest[3]) == ("21 Mar 2026", f"{searches[DAYS.last]:,}")


def _searches_in_the_files(folder: Path) -> dict[date, int]:
    found: dict[date, int] = {}
    for file in folder.glob("*.csv.gz"):
        with gzip.open(file, "rt") as lines:
            found |= {
                date.fromisoformat(row["day"]): int(row["calls"])
                for row in csv.DictReader(lines)
                if row["app"] == "search"
            }
    return found
