"""A day's data through the whole graph: what is stored, what is held back, what is told and what is published."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from unit_economics.automation import find_gaps
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics.entries.adapters import Delivery
from unit_economics.outside import Outside
from unit_economics.refusals import Unreachable
from unit_economics.warehouse import ledger
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
    owner: finops@example.com
    publish: {vantage: {business_metric: ORDERS_METRIC_ID}}
"""
FIRST, BAD, LAST = "2026-03-01", "2026-03-03", "2026-03-05"
EVERY_DAY = [f"2026-03-0{n}" for n in range(1, 6)]
BOTH_HALVES = ("daily_orders", "cloud_costs")
ASSETS = (*BOTH_HALVES, "cost_per_order", "vantage_business_metric")


@pytest.fixture
def books() -> Books:
    books = Books("test-token")
    books.add_metric("Orders")
    return books


@pytest.fixture
def shop(world: Callable[..., World], books: Books) -> Iterator[World]:
    """Five days of a shop: 100 to 104 orders, USD 10 a day, and a Vantage to publish to."""
    with serving(books) as address:
        (metric,) = books.metrics
        shop = world(CATALOGUE, VANTAGE_API_URL=address, VANTAGE_API_TOKEN="test-token", ORDERS_METRIC_ID=metric)
        shop.sql("create table public.total_orders (date date, total_orders bigint)")
        shop.sql(
            "insert into public.total_orders select d, 99 + extract(day from d)"
            " from generate_series('2026-03-01'::date, '2026-03-05', '1 day') d"
        )
        bill(shop.folder, dict.fromkeys(EVERY_DAY, "10"))
        yield shop


def bill(folder: Path, costs: dict[str, str], *more: dict[str, str]) -> None:
    """A bill with one hourly charge a day, and more."""
    rows = list(more) + [
        charge(
            ChargePeriodStart=f"{day}T10:00:00Z",
            ChargePeriodEnd=f"{day}T11:00:00Z",
            EffectiveCost=cost,
            BilledCost=cost,
        )
        for day, cost in costs.items()
    ]
    write_bill(folder / "focus", *rows)


def published(books: Books) -> dict[str, Decimal]:
    (metric,) = books.metrics.values()
    return {str(moment.date()): amount for moment, _, amount in metric.rows}


def stored(shop: World, view: str) -> list[str]:
    return [str(day) for (day,) in shop.sql(f"select distinct business_date from unit_economics.{view} order by 1")]


def materialised(shop: World, asset: str) -> set[str]:
    return shop.instance.get_materialized_partitions(dg.AssetKey(asset))


def evaluations(shop: World, asset: str, check: str) -> dict[str | None, bool]:
    """The stored word of a check on each partition."""
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    records = shop.instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
    events = [record.event.dagster_event.asset_check_evaluation_data for record in records if record.event]
    return {event.partition: event.passed for event in reversed(events)}


def rows_of_the_mart(shop: World) -> dict[str, int]:
    tables = ("ledger", "unit_quantity", "charge_day", "unit_cost", "verdict", "publication", "outbox")
    return {table: shop.sql(f"select count(*) from unit_economics.{table}")[0][0] for table in tables}


def test_a_range_of_days_is_stored_divided_and_published_in_one_run(shop: World, books: Books) -> None:
    assert shop.run(FIRST, LAST).success
    rows = shop.sql(
        "select business_date, cost, quantity, unit_cost, status from unit_economics.cost_per_order order by 1"
    )
    first = date.fromisoformat(FIRST)
    assert rows == [
        (first + timedelta(days=n), 10, 100 + n, pytest.approx(Decimal(10) / (100 + n)), "complete") for n in range(5)
    ]
    assert published(books) == {day: 100 + n for n, day in enumerate(EVERY_DAY)}
    assert all(materialised(shop, asset) == set(EVERY_DAY) for asset in ASSETS)


def test_what_is_published_is_the_orders_and_never_the_ratio(shop: World, books: Books) -> None:
    shop.run(FIRST, FIRST)
    assert published(books) == {FIRST: 100}


def test_a_bad_day_in_a_range_is_kept_out_and_every_other_day_is_done(shop: World, books: Books) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)

    assert shop.run(FIRST, LAST).success

    good = [day for day in EVERY_DAY if day != BAD]
    assert stored(shop, "daily_orders") == good
    assert stored(shop, "cost_per_order") == good
    assert list(published(books)) == good
    assert materialised(shop, "daily_orders") == set(good)
    assert materialised(shop, "cloud_costs") == set(EVERY_DAY)
    assert materialised(shop, "vantage_business_metric") == set(good)


def test_a_bad_day_s_check_fails_on_that_partition_and_passes_on_the_others(shop: World) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    shop.run(FIRST, LAST)
    by_day = evaluations(shop, "daily_orders", "contract")
    assert {day: passed for day, passed in by_day.items() if day} == {day: day != BAD for day in EVERY_DAY}


def test_a_bad_day_is_announced_once_however_often_it_is_tried(shop: World) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    for _ in range(3):
        shop.run(BAD, BAD)
    ((title, body),) = shop.sql("select title, body from unit_economics.outbox")
    assert title == f"daily_orders: check contract is red for {BAD}"
    assert "total_orders is -1" in body
    assert f"unit-economics run --from {BAD} --to {BAD}" in body


def test_a_mart_that_can_not_store_why_a_try_failed_does_not_hide_why(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*of: object) -> None:
        raise Unreachable("the warehouse does not answer", where="mart", remedy="Start it")

    monkeypatch.setattr(ledger, "fail", gone)
    shop.variables = {**shop.variables, "ORDERS_DATABASE_URL": " "}
    (failed,) = shop.run(FIRST, LAST, "daily_orders").get_step_failure_events()
    said = failed.step_failure_data.user_failure_data
    assert said
    assert "ORDERS_DATABASE_URL" in str(said.description)


def test_a_bad_day_alone_fails_its_run_and_runs_nothing_downstream(shop: World, books: Books) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    result = shop.run(BAD, BAD)
    assert not result.success
    assert stored(shop, "cost_per_order") == []
    assert published(books) == {}
    assert materialised(shop, "daily_orders") == set()


def test_a_publication_launched_on_its_own_does_not_pass_a_red_gate(shop: World, books: Books) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    shop.run(FIRST, LAST)
    shop.run(BAD, BAD, "vantage_business_metric")
    assert BAD not in published(books)


def test_a_day_that_turns_red_later_keeps_its_stored_value_and_is_not_published_anew(shop: World, books: Books) -> None:
    shop.run(FIRST, LAST)
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    (metric,) = books.metrics.values()
    metric.rows.clear()
    shop.run(FIRST, LAST)
    assert shop.sql("select quantity from unit_economics.daily_orders where business_date = %s", BAD) == [(102,)]
    assert BAD not in published(books)


def test_a_mended_day_turns_green_and_is_published(shop: World, books: Books) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    shop.run(FIRST, LAST)
    shop.sql("update public.total_orders set total_orders = 7 where date = %s", BAD)
    assert shop.run(BAD, BAD).success
    assert published(books)[BAD] == 7
    assert materialised(shop, "daily_orders") == set(EVERY_DAY)


def test_running_again_writes_no_row_and_sends_nothing(shop: World, books: Books) -> None:
    shop.run(FIRST, LAST)
    before, writes = rows_of_the_mart(shop), published(books)
    assert shop.run(FIRST, LAST).success
    assert rows_of_the_mart(shop) == before
    assert published(books) == writes


def test_a_restated_bill_changes_only_its_day_and_keeps_what_was_believed(shop: World) -> None:
    shop.run(FIRST, LAST)
    ((then,),) = shop.sql("select max(recorded_at) from unit_economics.ledger")
    bill(shop.folder, {**dict.fromkeys(EVERY_DAY, "10"), BAD: "30"})
    shop.run(FIRST, LAST)
    rows = shop.sql("select business_date::text, cost, version, status from unit_economics.cost_per_order order by 1")
    assert [row for row in rows if row[2] > 1] == [(BAD, 30, 2, "restated")]
    query = "select cost from unit_economics.unit_costs_as_of(%s) where business_date = %s"
    assert shop.sql(query, then, BAD) == [(10,)]


def test_an_unchanged_bill_is_not_opened_again(shop: World) -> None:
    shop.run(FIRST, LAST)
    part = shop.folder / "focus" / "bill.csv"
    stat, text = part.stat(), part.read_bytes()
    part.write_bytes(b"x" * len(text))
    os.utime(part, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert shop.run(FIRST, LAST, "cloud_costs").success
    os.utime(part)
    assert not shop.run(FIRST, LAST, "cloud_costs").success


def test_a_day_without_a_charge_is_empty_with_the_reason_and_is_done_when_the_charge_comes(shop: World) -> None:
    bill(shop.folder, {day: "10" for day in EVERY_DAY if day != LAST})
    assert shop.run(FIRST, LAST).success
    query = "select cost, unit_cost, status, reason from unit_economics.cost_per_order where business_date = %s"
    assert shop.sql(query, LAST) == [(None, None, "provisional", "no charge of this day is there")]
    assert LAST not in materialised(shop, "cloud_costs")
    bill(shop.folder, dict.fromkeys(EVERY_DAY, "10"))
    shop.run(LAST, LAST)
    assert shop.sql(query, LAST) == [(10, pytest.approx(Decimal(10) / 104), "complete", None)]


def test_a_delivery_that_lost_rows_is_refused_and_the_former_one_stands(shop: World) -> None:
    rows = [
        charge(ChargePeriodStart=f"{FIRST}T0{n}:00:00Z", ChargePeriodEnd=f"{FIRST}T0{n + 1}:00:00Z") for n in range(9)
    ]
    write_bill(shop.folder / "focus", *rows)
    assert shop.run(FIRST, FIRST).success
    write_bill(shop.folder / "focus", *rows[:5])
    assert not shop.run(FIRST, FIRST).success
    assert shop.sql("select sum(charge_rows) from unit_economics.cloud_costs") == [(9,)]
    ((body,),) = shop.sql("select body from unit_economics.outbox")
    assert "only 5 rows where 9 were delivered before" in body
    assert "checks.min_delivery" in body


def test_a_bill_that_can_not_be_read_turns_its_days_red_and_stores_nothing(shop: World) -> None:
    hour = {"ChargePeriodStart": f"{FIRST}T10:00:00Z", "ChargePeriodEnd": f"{FIRST}T11:00:00Z"}
    write_bill(shop.folder / "focus", charge(**hour, BilledCost="1,234.5"))
    assert not shop.run(FIRST, FIRST).success
    assert stored(shop, "cloud_costs") == []
    ((passed, failures),) = shop.sql("select passed, failures from unit_economics.gate where asset = 'cloud_costs'")
    assert not passed
    assert "row 2, field BilledCost" in failures[0]["what"]


@pytest.mark.parametrize("asset", ASSETS)
def test_a_day_that_is_not_over_is_refused_inside_every_asset(shop: World, books: Books, asset: str) -> None:
    shop.run(FIRST, "2026-03-04")
    shop.now = datetime(2026, 3, 6, 1, 59, tzinfo=UTC)
    result = shop.run(LAST, LAST, asset)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "2026-03-05 is not over yet" in failure.step_failure_data.user_failure_data.description  # type: ignore[union-attr]
    assert LAST not in published(books)
    shop.now = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)
    shop.run(LAST, LAST)
    assert published(books)[LAST] == 104


def test_the_sum_of_the_mart_is_the_sum_of_the_source_exactly(shop: World) -> None:
    shop.run(FIRST, LAST)
    assert set(evaluations(shop, "cloud_costs", "conservation").values()) == {True}
    assert shop.sql("select sum(effective_cost), sum(charge_rows) from unit_economics.cloud_costs") == [(50, 5)]


def test_numbers_are_plotted_by_day_in_a_range_run(shop: World) -> None:
    shop.run(FIRST, LAST)
    records = shop.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("cost_per_order"), asset_partitions=[BAD]), limit=1
    ).records
    metadata = records[0].asset_materialization.metadata  # type: ignore[union-attr]
    assert metadata["cost_usd"].value == 10
    assert metadata["quantity"].value == 102
    assert metadata["cost_usd_per_1000"].value == pytest.approx(10 / 102 * 1000)
    assert metadata["ledger"].value == f"version 1 of {BAD}"


WINDOW = (
    "select cost_scope, cost, quantity, unit_cost, days, days_without"
    f" from unit_economics.unit_cost_over('cost_per_order', '{FIRST}', '{LAST}') order by 1"
)
FEE = charge(
    ChargePeriodStart=f"{BAD}T01:00:00Z", ChargePeriodEnd=f"{BAD}T02:00:00Z", ServiceName="Fee", EffectiveCost="30"
)
FEE_SCOPE = "cost_scopes:\n  all: {}\n  fee: {where: {service_name: Fee}}\nmetrics:"


def test_a_window_is_the_ratio_of_sums_also_for_a_scope_that_has_charges_on_one_day_only(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("metrics:", FEE_SCOPE)
    bill(shop.folder, dict.fromkeys(EVERY_DAY, "10"), FEE)
    shop.run(FIRST, LAST)
    units = 100 + 101 + 102 + 103 + 104
    assert shop.sql(WINDOW) == [
        ("all", 80, units, pytest.approx(Decimal(80) / units), 5, 0),
        ("fee", 30, units, pytest.approx(Decimal(30) / units), 5, 0),
    ]


def test_a_day_without_a_bill_counts_in_neither_half_of_a_window(shop: World) -> None:
    bill(shop.folder, {day: "10" for day in EVERY_DAY if day != LAST})
    shop.run(FIRST, LAST)
    units = 100 + 101 + 102 + 103
    assert shop.sql(WINDOW) == [("all", 40, units, pytest.approx(Decimal(40) / units), 4, 1)]


def test_a_day_that_costs_nothing_by_declaration_has_a_cost_of_zero(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("path: ./focus}", "path: ./focus, absent_day: zero}")
    bill(shop.folder, {day: "10" for day in EVERY_DAY if day != LAST})
    shop.run(FIRST, LAST)
    query = "select cost, unit_cost, reason from unit_economics.cost_per_order where business_date = %s"
    assert shop.sql(query, LAST) == [(0, 0, None)]


def gaps_of(shop: World) -> dict[str, list[str]]:
    shop.now = datetime(2026, 3, 6, 9, tzinfo=UTC)
    return {asset: [str(day) for day in days] for asset, days in find_gaps(shop.deployment()).missing.items() if days}


def test_when_everything_is_done_there_is_no_gap(shop: World) -> None:
    shop.run(FIRST, LAST)
    assert gaps_of(shop) == {}


def test_a_red_day_that_has_a_value_is_tried_again(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    shop.run(FIRST, LAST)
    assert gaps_of(shop) == {"daily_orders": [BAD]}
    shop.sql("update public.total_orders set total_orders = 102 where date = %s", BAD)
    shop.run(BAD, BAD)
    assert gaps_of(shop) == {}


def test_a_tag_that_is_kept_from_now_on_makes_the_stored_days_a_gap_until_they_are_read_again(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.catalogue = CATALOGUE.replace("metrics:", "cost_scopes:\n  app: {by: {tag: app}}\nmetrics:")
    shop.run(FIRST, LAST, "cost_per_order")
    scopes = "select distinct cost_scope from unit_economics.cost_per_order order by 1"
    assert shop.sql(scopes) == [("all",)]
    assert gaps_of(shop)["cloud_costs"] == EVERY_DAY
    shop.run(FIRST, LAST)
    assert shop.sql(scopes) == [("app:app=checkout",)]
    assert gaps_of(shop) == {}


def test_an_edited_scope_makes_every_stored_unit_cost_a_gap(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.catalogue = CATALOGUE.replace("metrics:", FEE_SCOPE)
    assert gaps_of(shop)["cost_per_order"] == EVERY_DAY
    shop.run(FIRST, LAST)
    assert gaps_of(shop) == {}


def test_an_edited_alert_makes_nothing_a_gap(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.catalogue = CATALOGUE + "alerts: {urls: [SLACK_URL]}\n"
    assert gaps_of(shop) == {}


def test_a_day_that_lost_most_of_its_units_is_refused_and_keeps_its_value(shop: World, books: Books) -> None:
    shop.run(FIRST, LAST)
    shop.sql("update public.total_orders set total_orders = 5 where date = %s", BAD)
    shop.run(FIRST, LAST)
    assert shop.sql("select quantity from unit_economics.daily_orders where business_date = %s", BAD) == [(102,)]
    assert published(books)[BAD] == 102
    ((body,),) = shop.sql("select body from unit_economics.outbox")
    assert "only 5 where 102 were counted before" in body


def test_a_day_that_its_source_no_longer_has_is_refused_and_keeps_its_value(shop: World) -> None:
    shop.run(FIRST, LAST)
    bill(shop.folder, {day: "10" for day in EVERY_DAY if day != BAD})
    shop.run(FIRST, LAST)
    assert shop.sql("select cost from unit_economics.cost_per_order where business_date = %s", BAD) == [(10,)]
    assert evaluations(shop, "cloud_costs", "delivery")[BAD] is False


def test_a_red_day_stays_red_while_its_bill_does_not_change(shop: World) -> None:
    shop.run(FIRST, LAST)
    bill(shop.folder, {day: "10" for day in EVERY_DAY if day != BAD})
    assert not shop.run(BAD, BAD).success
    assert not shop.run(BAD, BAD).success
    assert BAD in gaps_of(shop)["cloud_costs"]


def test_a_red_day_whose_bad_row_is_taken_away_is_no_longer_red(shop: World) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", BAD)
    shop.run(FIRST, LAST)
    shop.sql("delete from public.total_orders where date = %s", BAD)
    shop.run(FIRST, LAST)
    query = "select reason from unit_economics.cost_per_order where business_date = %s"
    assert shop.sql(query, BAD) == [("no units of this day are there",)]


def test_one_truncated_bill_is_one_alert(shop: World) -> None:
    hours = [
        charge(ChargePeriodStart=f"{day}T0{n}:00:00Z", ChargePeriodEnd=f"{day}T0{n}:30:00Z")
        for day in EVERY_DAY
        for n in range(int(day[-1]) + 3)
    ]
    write_bill(shop.folder / "focus", *hours)
    shop.run(FIRST, LAST)
    write_bill(shop.folder / "focus", *[row for row in hours if "T00" in row["ChargePeriodStart"]])
    shop.run(FIRST, LAST)
    ((title, body),) = shop.sql("select title, body from unit_economics.outbox")
    assert title == f"cloud_costs: check delivery is red for {FIRST} to {LAST}"
    assert f"{FIRST}: only 1 rows where 4 were delivered before" in body


def test_how_far_a_long_reading_has_come_is_told_in_the_run_s_log(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = FocusFiles.read

    def slow(self: FocusFiles, *asked: Any, outside: Outside, **how: Any) -> Delivery:
        outside.say("summing the bill: 50 %")
        return read(self, *asked, outside=outside, **how)

    monkeypatch.setattr(FocusFiles, "read", slow)
    done = shop.run(FIRST, LAST, "cloud_costs")
    assert "summing the bill: 50 %" in [record.user_message for record in shop.instance.all_logs(done.run_id)]
