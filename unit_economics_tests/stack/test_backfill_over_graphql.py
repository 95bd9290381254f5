"""A backfill as a person launches it, through every process that takes part, with one day that can't be right."""

from decimal import Decimal

import pytest

from unit_economics_tests.stack.channel import Channel
from unit_economics_tests.stack.days import ASSETS, NUMBER
from unit_economics_tests.stack.running import Stack

pytestmark = pytest.mark.usefixtures("backfilled")
SENSORS = ("missing_days", "freshness", "failed_runs", "announce")
NEED_ORDERS = ("daily_orders", "cost_per_order", "vantage_business_metric")


def test_the_backfill_calls_failed_exactly_the_days_that_it_could_not_do(stack: Stack, backfilled: str) -> None:
    """Its one run succeeds; Dagster calls the backfill failed because some of its partitions are not there.

    Those are the bad day of three assets, and the day whose charges came after the backfill's run.
    """
    backfill = stack.dagster.backfill(backfilled)
    assert backfill["status"] == "COMPLETED_FAILED"
    assert [run["status"] for run in backfill["runs"]] == ["SUCCESS"]
    counts = backfill["assetBackfillData"]["assetBackfillStatuses"]
    found = {count["assetKey"]["path"][0]: count["numPartitionsMaterialized"] for count in counts}
    assert found == dict.fromkeys(ASSETS, NUMBER - 1)
    assert {count["numPartitionsFailed"] for count in counts} == {1}


def test_every_other_day_is_done_in_the_ledger(stack: Stack) -> None:
    assert {asset: stack.stored(asset) for asset in NEED_ORDERS} == dict.fromkeys(NEED_ORDERS, stack.days.good)
    assert stack.stored("cloud_costs") == stack.days.every


def test_every_other_day_is_materialised_in_dagster(stack: Stack) -> None:
    for asset in NEED_ORDERS:
        states = stack.dagster.partitions(asset)
        assert [day for day, state in states.items() if state == "MATERIALIZED"] == stack.days.good
    assert stack.dagster.partitions("cloud_costs") == dict.fromkeys(stack.days.every, "MATERIALIZED")


def test_the_contract_is_red_on_the_bad_day_s_partition_with_the_reason_and_green_on_the_others(stack: Stack) -> None:
    words = stack.dagster.check("daily_orders", "contract")
    assert {day: state for day, (state, _) in words.items()} == {
        **dict.fromkeys(stack.days.every, "SUCCEEDED"),
        stack.days.bad: "FAILED",
    }
    assert "total_orders is -1" in words[stack.days.bad][1]


def test_no_check_of_a_done_day_is_shown_as_not_executed(stack: Stack) -> None:
    checks = {"cloud_costs": ("contract", "delivery", "conservation"), "daily_orders": ("delivery", "volume_band")}
    for asset, names in {**checks, "cost_per_order": ("contract",), "vantage_business_metric": ("converged",)}.items():
        for name in names:
            words = stack.dagster.check(asset, name)
            assert {day: words[day][0] for day in stack.days.good} == dict.fromkeys(stack.days.good, "SUCCEEDED"), name


def test_every_unit_cost_is_the_cost_over_the_orders(stack: Stack) -> None:
    rows = stack.sql("select business_date::text, unit_cost from unit_economics.cost_per_order order by 1")
    assert rows == [
        (day, pytest.approx(Decimal(stack.days.cost(day)) / stack.days.orders(day))) for day in stack.days.good
    ]


def test_nothing_of_the_bad_day_is_in_the_mart_or_at_the_destination(stack: Stack) -> None:
    for view in ("daily_orders", "cost_per_order"):
        assert stack.sql(f"select * from unit_economics.{view} where business_date = %s", stack.days.bad) == []
    assert stack.published() == {day: stack.days.orders(day) for day in stack.days.good}


def test_a_day_whose_bill_comes_late_is_done_without_anybody_launching_anything(stack: Stack, late_bill: str) -> None:
    ((run_id,),) = stack.sql(
        "select run_id from unit_economics.ledger where asset = 'cloud_costs' and business_date = %s"
        " and superseded_at is null",
        late_bill,
    )
    (tags,) = [run["tags"] for run in stack.dagster.runs() if run["id"] == run_id]
    assert tags["dagster/sensor_name"] == "missing_days"


def test_only_the_backfill_and_the_gap_sensor_started_runs(stack: Stack, backfilled: str) -> None:
    for run in stack.dagster.runs():
        assert run["tags"].get("dagster/backfill", run["tags"].get("dagster/sensor_name")) in {
            backfilled,
            "missing_days",
        }


def test_the_gap_sensor_leaves_alone_what_is_done(stack: Stack) -> None:
    asked = {
        (run["tags"]["dagster/asset_partition_range_start"], run["tags"]["dagster/asset_partition_range_end"])
        for run in stack.dagster.runs()
        if "dagster/sensor_name" in run["tags"]
    }
    assert asked == {(day, day) for day in (stack.days.bad, stack.days.late)}


def test_an_alert_that_a_channel_did_not_take_is_sent_when_it_does(stack: Stack, alerted: Channel) -> None:
    assert alerted.turned_away >= 1
    title, body = alerted.delivered[0]
    assert title == f"daily_orders: check contract is red for {stack.days.bad}"
    assert "total_orders is -1" in body
    assert f"unit-economics run --from {stack.days.bad} --to {stack.days.bad}" in body


def test_a_day_that_is_tried_again_and_again_is_announced_once(stack: Stack, alerted: Channel) -> None:
    query = "select count(*) from unit_economics.attempt where asset = 'daily_orders' and first_day = %s"
    ((tries,),) = stack.sql(query, stack.days.bad)
    assert tries >= 3
    assert [title for title, _ in alerted.delivered] == [f"daily_orders: check contract is red for {stack.days.bad}"]


def test_no_tick_of_a_sensor_failed(stack: Stack, alerted: Channel) -> None:
    ticks = {sensor: stack.dagster.ticks(sensor) for sensor in SENSORS}
    assert all(ticks.values())
    assert [tick["error"] for of_sensor in ticks.values() for tick in of_sensor if tick["error"]] == []
