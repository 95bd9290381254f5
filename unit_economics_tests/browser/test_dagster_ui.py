"""Dagster's UI after a backfill of twelve days, one of them bad: each page says what a person comes for."""

import re

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from unit_economics_tests.browser.conftest import CHROMIUM, NO_CHROMIUM, Ui
from unit_economics_tests.stack.running import Stack

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM)
ASSETS = ("cloud_costs", "daily_orders", "cost_per_order", "vantage_business_metric")


def test_the_graph_shows_the_four_assets_by_name(ui: Ui) -> None:
    page = ui.open("/assets/cost_per_order?view=lineage")
    for asset in ASSETS:
        expect(page.get_by_text(asset, exact=True).last).to_be_visible()
    expect(page.get_by_text("12 partitions")).to_have_count(4)
    ui.picture("graph")


def test_the_catalog_says_of_each_asset_how_many_days_are_done_and_how_many_failed(ui: Ui) -> None:
    page = ui.open("/assets")
    for asset in ASSETS:
        expect(page.get_by_role("link", name=re.compile(asset)).first).to_be_visible()
    expect(page.get_by_text("12 partitions")).to_have_count(4)
    ui.picture("catalog")


def test_the_page_of_the_unit_cost_says_what_it_is_and_who_owns_it(ui: Ui) -> None:
    page = ui.open("/assets/cost_per_order")
    expect(page.get_by_text("Cost per Order")).to_be_visible()
    expect(page.get_by_text(re.compile("unit_cost_over"))).to_be_visible()
    for word in ("finops@example.com", "Postgres", "pandas", "unit_economics.cost_per_order", "At 06:00 UTC"):
        expect(page.get_by_text(word, exact=True).first).to_be_visible()
    ui.picture("cost_per_order")


def test_the_columns_of_the_unit_cost_have_types_and_say_where_they_come_from(ui: Ui) -> None:
    page = ui.open("/assets/cost_per_order")
    columns = {"business_date": "date", "unit_cost": "numeric", "charge_rows": "bigint", "reason": "text"}
    for column, type_ in columns.items():
        row = page.get_by_role("row").filter(has=page.get_by_text(column, exact=True))
        expect(row.get_by_text(type_, exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_text("quantity", exact=True)).first
    expect(row).to_contain_text("from daily_orders (quantity)")


def test_the_unit_cost_is_plotted_by_day(ui: Ui, stack: Stack) -> None:
    page = ui.open("/assets/cost_per_order")
    page.get_by_text("Plots", exact=True).click()
    title = page.get_by_text("cost_usd_per_1000", exact=True)
    title.scroll_into_view_if_needed()
    expect(title).to_be_visible()
    expect(page.get_by_text("cost_usd", exact=True)).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    ui.picture("plots")


def test_the_partitions_of_the_unit_cost_are_green_but_for_the_bad_day(ui: Ui, stack: Stack) -> None:
    assert any(_one_partition_failed(ui, stack.days.good[0]) for _ in range(12))
    page = ui.page
    for day in stack.days.every:
        expect(page.get_by_text(day, exact=True).first).to_be_visible()
    expect(page.get_by_text("cost_usd_per_1000", exact=True)).to_be_visible()
    ui.picture("partitions")


def _one_partition_failed(ui: Ui, shown: str) -> bool:
    page = ui.open(f"/assets/cost_per_order?view=partitions&partition={shown}")
    expect(page.get_by_text("Materialized (11)")).to_be_visible()
    return _appears(page.get_by_text("Failed (1)"))


def test_the_day_whose_bill_came_late_is_green(ui: Ui, stack: Stack) -> None:
    page = ui.open(f"/assets/cloud_costs?view=partitions&partition={stack.days.late}")
    expect(page.get_by_text("Materialized (12)")).to_be_visible()
    ui.picture("cloud_costs_partitions")


def test_the_checks_of_the_orders_name_the_bad_day_and_what_is_wrong(ui: Ui, stack: Stack) -> None:
    assert any(_check_names_the_bad_day(ui, stack.days.bad) for _ in range(12))
    ui.picture("checks")


def _check_names_the_bad_day(ui: Ui, bad_day: str) -> bool:
    page = ui.open("/assets/daily_orders?view=checks&checkDetail=contract")
    for check in ("contract", "delivery", "volume_band", "fresh"):
        expect(page.get_by_text(check, exact=True).first).to_be_visible()
    return _appears(page.get_by_text(re.compile(f"total_orders is -1 on {bad_day}")).first)


def test_an_asset_whose_latest_day_is_there_is_shown_as_fresh_though_a_run_of_another_day_failed(ui: Ui) -> None:
    page = ui.open("/assets/daily_orders?view=checks&checkDetail=fresh")
    expect(page.get_by_text("Evaluation result").locator("xpath=..")).to_contain_text("Passed")
    ui.picture("fresh")


def test_the_failed_check_is_red_on_the_bad_day_s_partition_only(ui: Ui, stack: Stack) -> None:
    assert any(_check_is_red_on_one_day(ui) for _ in range(12))
    ui.picture("check_partitions")


def _check_is_red_on_one_day(ui: Ui) -> bool:
    page = ui.open("/assets/daily_orders?view=checks&checkDetail=contract")
    expect(page.get_by_text("Latest execution")).to_be_visible()
    page.get_by_text("Partitions", exact=True).last.click()
    expect(page.get_by_text("Passed (11)")).to_be_visible()
    return _appears(page.get_by_text("Failed (1)"))


def _appears(locator: Locator) -> bool:
    """Whether it is there soon: while the gap sensor tries the bad day again, that day is in progress."""
    try:
        locator.wait_for(timeout=10_000)
    except PlaywrightTimeout:
        return False
    return True


def test_the_automation_page_shows_the_schedule_and_the_sensors_switched_on(ui: Ui) -> None:
    page = ui.open("/automation")
    expect(page.get_by_text("Scheduled At 06:00 UTC")).to_be_visible()
    for name in ("every_morning", "prove_when_due", "missing_days", "freshness", "failed_runs", "announce"):
        expect(page.get_by_text(name, exact=True)).to_be_visible()
    expect(_switched_on(page.locator("body"))).to_have_count(6)
    ui.picture("automation")


def test_the_backfill_s_page_shows_what_is_done_of_each_asset(ui: Ui, stack: Stack, backfilled: str) -> None:
    page = ui.open(f"/runs/b/{backfilled}")
    expect(page.get_by_text(f"{stack.days.every[0]}...{stack.days.yesterday}")).to_be_visible()
    for asset in ASSETS:
        expect(page.get_by_role("link", name=re.compile(asset)).first).to_be_visible()
    expect(page.get_by_text("100% completed")).to_have_count(4)
    ui.picture("backfill")


def test_the_list_of_runs_shows_the_backfill_as_one_entry(ui: Ui, backfilled: str) -> None:
    page = ui.open("/runs")
    expect(page.get_by_text(backfilled, exact=True)).to_be_visible()
    expect(page.get_by_text("12 partitions")).to_be_visible()
    ui.picture("runs")


def _switched_on(within: Locator) -> Locator:
    return within.locator("input[type=checkbox]:checked")
