"""No closed day stays missing in silence: not after downtime, not when a source stays broken (P8)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from unit_economics.automation import daily_job, days_of, find_gaps, gap_sensor, morning_schedule, range_tags
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.entries.platform import BusinessDay
from unit_economics.refusals import Unreachable
from unit_economics_tests.faults.world import (
    COSTS,
    METRIC,
    SINK_ASSET,
    UNITS_ASSET,
    Shop,
    deployment,
    materialize,
)

ASSETS = (COSTS, UNITS_ASSET, METRIC)
WEEK = DayRange(date(2026, 3, 13), date(2026, 3, 19))
ONE_DAY = timedelta(days=1)
ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Beirut", "America/Santiago"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"),
]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def of(database: str, shop: Shop) -> Deployment:
    """A deployment without a publication: orders, charges, and the unit cost."""
    return deployment(shop, database, business_day=BusinessDay(first_day=date(2026, 1, 1)), publish=False)


@pytest.fixture
def publishing(database: str, shop: Shop) -> Deployment:
    """The same with a publication."""
    return deployment(shop, database, business_day=BusinessDay(first_day=date(2026, 1, 1)))


@pytest.mark.parametrize("downtime", [1, 3, 8, 40])
def test_after_downtime_exactly_the_missing_closed_days_are_asked_for_and_done(
    of: Deployment, shop: Shop, instance: dg.DagsterInstance, downtime: int
) -> None:
    assert materialize(of, WEEK, instance=instance).success
    shop.now += downtime * ONE_DAY
    missed = DayRange(WEEK.last + ONE_DAY, WEEK.last + downtime * ONE_DAY)
    [request] = _tick(of, instance)
    assert list(days_of(request.tags)) == list(missed)
    assert {key.to_user_string() for key in request.asset_selection or ()} == set(ASSETS)
    rounds = _run_all_that_is_asked(of, instance)
    assert rounds == 1, "the roots with what is made of them, and no more"
    with of.warehouse.connection() as connection:
        done = connection.execute(
            "select asset, count(*) from ledger where superseded_at is null and business_date >= %s group by 1",
            [missed.first],
        ).fetchall()
    assert dict(done) == dict.fromkeys(ASSETS, downtime)


@pytest.mark.parametrize("downtime", [1, 40])
def test_after_downtime_what_was_missed_is_published_and_nothing_else_is_asked_for(
    publishing: Deployment, shop: Shop, instance: dg.DagsterInstance, downtime: int
) -> None:
    assert materialize(publishing, WEEK, instance=instance).success
    assert _tick(publishing, instance) == []
    shop.now += downtime * ONE_DAY
    assert _run_all_that_is_asked(publishing, instance) == 1
    assert set(shop.destination.held()) == set(DayRange(WEEK.first, WEEK.last + downtime * ONE_DAY))


def test_a_publication_is_not_asked_for_days_that_have_no_units(
    publishing: Deployment, shop: Shop, instance: dg.DagsterInstance
) -> None:
    orders = shop.orders
    shop.orders = lambda day: None if day == WEEK.last else orders(day)
    assert materialize(publishing, WEEK, instance=instance).success
    missing = find_gaps(publishing).missing
    assert {asset for asset, days in missing.items() if days} == {UNITS_ASSET}


def test_a_scheduler_that_only_runs_its_last_tick_leaves_days_that_are_seen(
    of: Deployment, shop: Shop, instance: dg.DagsterInstance
) -> None:
    """What must be caught: Dagster's own schedule after eight days of downtime."""
    assert materialize(of, WEEK, instance=instance).success
    shop.now += 8 * ONE_DAY
    last = WEEK.last + 8 * ONE_DAY
    assert materialize(of, DayRange(last, last), instance=instance).success
    assert find_gaps(of).missing[COSTS] == [WEEK.last + n * ONE_DAY for n in range(1, 8)]


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_days_in_flight_are_not_asked_for_again(
    of: Deployment, shop: Shop, instance: dg.DagsterInstance, status: str
) -> None:
    assert materialize(of, WEEK, instance=instance).success
    shop.now += 5 * ONE_DAY
    running = DayRange(WEEK.last + 2 * ONE_DAY, WEEK.last + 3 * ONE_DAY)
    create_run_for_test(instance, status=dg.DagsterRunStatus[status], tags=range_tags(running))
    asked = {day for request in _tick(of, instance) for day in days_of(request.tags)}
    assert asked == {WEEK.last + n * ONE_DAY for n in (1, 4, 5)}


def test_a_request_that_was_never_launched_is_made_again_under_the_same_key_within_the_hour(
    of: Deployment, shop: Shop, instance: dg.DagsterInstance
) -> None:
    assert materialize(of, WEEK, instance=instance).success
    shop.now += ONE_DAY
    first, again = (_tick(of, instance)[0].run_key for _ in range(2))
    shop.now += timedelta(hours=1)
    assert first == again != _tick(of, instance)[0].run_key


def test_a_run_of_another_job_with_other_partitions_does_not_stop_the_gap_sensor(
    of: Deployment, shop: Shop, instance: dg.DagsterInstance
) -> None:
    """One Dagster may hold many code locations; the failed-run sensor reads the same tags of all of them."""
    assert materialize(of, WEEK, instance=instance).success
    shop.now += ONE_DAY
    for key in ("eu", "2026-03", "2026-03-01|eu", ""):
        create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED, tags={"dagster/partition": key})
    assert len(_tick(of, instance)) == 1


def test_a_source_that_stays_broken_is_announced_once_after_the_last_try(
    of: Deployment, shop: Shop, instance: dg.DagsterInstance
) -> None:
    assert materialize(of, WEEK, instance=instance).success
    shop.now += ONE_DAY
    shop.orders_fault = Unreachable("it does not answer", where="orders", remedy="Start it")
    rules = of.catalogue.automation
    for _ in range(rules.max_tries):
        for request in _tick(of, instance):
            _run(of, instance, request)
        assert _causes(of) == []
    for _ in range(3):
        asked = {key.to_user_string() for request in _tick(of, instance) for key in request.asset_selection or ()}
        assert UNITS_ASSET not in asked
    assert _causes(of) == [f"missing/{UNITS_ASSET}/{WEEK.last + ONE_DAY}"]
    _everything_is_sent(of)
    _tick(of, instance)
    assert len(_causes(of)) == 1, "said, and not again before tomorrow"

    shop.orders_fault = None
    _tomorrow(of)
    _run_all_that_is_asked(of, instance)
    assert not any(find_gaps(of).missing.values())


def test_a_red_day_is_tried_again_and_announced_once(of: Deployment, shop: Shop, instance: dg.DagsterInstance) -> None:
    assert materialize(of, WEEK, instance=instance).success
    shop.now += ONE_DAY
    red, orders = WEEK.last + ONE_DAY, shop.orders
    shop.orders = lambda day: -orders(day) if day == red else orders(day)
    tries = 0
    for _ in range(of.catalogue.automation.max_tries + 2):
        for request in _tick(of, instance):
            tries += UNITS_ASSET in {key.to_user_string() for key in request.asset_selection or ()}
            _run(of, instance, request)
    assert tries == of.catalogue.automation.max_tries
    assert [cause.rsplit("/", 1)[0] for cause in _causes(of)] == [f"check/{UNITS_ASSET}/contract"]
    shop.orders = orders
    _tomorrow(of)
    _run_all_that_is_asked(of, instance)
    assert not any(find_gaps(of).missing.values())


def test_other_days_that_turn_red_for_the_same_reason_are_announced_too(
    of: Deployment, shop: Shop, instance: dg.DagsterInstance
) -> None:
    assert materialize(of, WEEK, instance=instance).success
    orders = shop.orders
    for first in (WEEK.first, WEEK.first + 2 * ONE_DAY):
        broken = {first, first + ONE_DAY}
        shop.orders = lambda day, broken=broken: -orders(day) if day in broken else orders(day)
        materialize(of, DayRange(min(broken), max(broken)), UNITS_ASSET, instance=instance)
        _everything_is_sent(of)
    with of.warehouse.connection() as connection:
        said = connection.execute("select string_agg(title, ' ') from outbox").fetchone()
    assert said is not None
    assert all(str(day) in said[0] for day in (WEEK.first, WEEK.first + 2 * ONE_DAY))


def test_what_is_published_while_the_units_are_restated_is_published_again(
    publishing: Deployment, shop: Shop, instance: dg.DagsterInstance
) -> None:
    """The units become a new version between the reading of the gate and the record of the publication."""
    orders = shop.orders
    assert materialize(publishing, WEEK, COSTS, UNITS_ASSET, METRIC, instance=instance).success

    def restate() -> None:
        shop.while_publishing = lambda: None
        shop.orders = lambda day: orders(day) + 1
        assert materialize(publishing, WEEK, UNITS_ASSET).success

    shop.while_publishing = restate
    assert materialize(publishing, WEEK, SINK_ASSET, instance=instance).success
    _run_all_that_is_asked(publishing, instance)
    assert shop.destination.held() == {day: orders(day) + 1 for day in WEEK}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("closes_after", [timedelta(), timedelta(hours=2), timedelta(hours=12)])
def test_the_morning_asks_for_the_whole_window_up_to_the_last_closed_day(zone: str, closes_after: timedelta) -> None:
    day_rule = BusinessDay(timezone=zone, closes_after=closes_after, first_day=date(2025, 1, 1))
    of = deployment(Shop(), "postgresql://nowhere", business_day=day_rule)
    schedule = morning_schedule(of, daily_job(of, list(of.inputs)))
    assert schedule.execution_timezone == zone
    for number in range(365):
        today = date(2026, 1, 1) + number * ONE_DAY
        at = datetime.combine(today, time(6), tzinfo=ZoneInfo(zone))
        request = schedule(dg.build_schedule_context(scheduled_execution_time=at))
        assert isinstance(request, dg.RunRequest)
        days = DayRange(
            *(date.fromisoformat(request.tags[f"dagster/asset_partition_range_{end}"]) for end in ("start", "end"))
        )
        midnight = datetime.combine(days.last + ONE_DAY, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
        next_midnight = datetime.combine(days.last + 2 * ONE_DAY, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
        assert midnight + closes_after <= at < next_midnight + closes_after
        assert len(days) == of.catalogue.restatement_window.days


def test_on_the_first_morning_of_a_new_business_nothing_is_asked_for() -> None:
    of = deployment(Shop(), "postgresql://nowhere", business_day=BusinessDay(first_day=date(2026, 3, 20)))
    schedule = morning_schedule(of, daily_job(of, list(of.inputs)))
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 3, 20, 6, tzinfo=UTC))
    assert not isinstance(schedule(context), dg.RunRequest)


def _tick(of: Deployment, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    sensor = gap_sensor(of, daily_job(of, list(of.inputs)))
    with dg.build_sensor_context(instance=instance) as context:
        return [said for said in sensor(context) if isinstance(said, dg.RunRequest)]


def _run(of: Deployment, instance: dg.DagsterInstance, request: dg.RunRequest) -> None:
    days = list(days_of(request.tags))
    names = [key.to_user_string() for key in request.asset_selection or ()]
    materialize(of, DayRange(days[0], days[-1]), *names, instance=instance)


def _run_all_that_is_asked(of: Deployment, instance: dg.DagsterInstance) -> int:
    for number in range(10):
        requests = _tick(of, instance)
        if not requests:
            return number
        for request in requests:
            _run(of, instance, request)
    pytest.fail(f"it never stops asking: {requests}")


def _causes(of: Deployment) -> list[str]:
    with of.warehouse.connection() as connection:
        return [row[0] for row in connection.execute("select cause from outbox order by message").fetchall()]


def _everything_is_sent(of: Deployment) -> None:
    with of.warehouse.connection() as connection:
        connection.execute("update outbox set sent_at = clock_timestamp()")


def _tomorrow(of: Deployment) -> None:
    """The attempts of today become those of yesterday: what counts tries looks at the database's clock."""
    with of.warehouse.connection() as connection:
        connection.execute("update attempt set started_at = started_at - interval '25 hours'")
