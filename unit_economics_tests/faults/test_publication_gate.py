"""An open, failed or never computed day is never published, however a run was started (P9)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import dagster as dg
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unit_economics.assets import build_assets
from unit_economics.automation import ONE_DAY, range_tags
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.platform import BusinessDay
from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.migrations import migrate
from unit_economics.warehouse.publications import publishable
from unit_economics_tests.faults import day_states
from unit_economics_tests.faults.day_states import Day
from unit_economics_tests.faults.world import COSTS, METRIC, SINK_ASSET, UNITS_ASSET, Shop, deployment, materialize

SPAN = DayRange(date(2026, 1, 1), date(2026, 2, 9))
WEEK = DayRange(date(2026, 3, 13), date(2026, 3, 19))
ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Beirut", "America/Santiago"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Pacific/Kiritimati"),
]
SAME_MART = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


@pytest.fixture
def mart(database: str) -> Warehouse:
    warehouse = Warehouse(database)
    migrate(warehouse, {UNITS_ASSET: "units", METRIC: "unit_cost"})
    return warehouse


def _allowed(span: DayRange, states: Sequence[Day]) -> dict[date, Decimal]:
    return {d: day_states.quantity(d) for d, state in zip(span, states, strict=True) if state.may_go_out}


@SAME_MART
@given(states=day_states.days(len(SPAN), len(SPAN)))
def test_in_1600_states_exactly_the_green_days_may_go_out(mart: Warehouse, states: list[Day]) -> None:
    with mart.connection() as connection, connection.transaction(force_rollback=True):
        day_states.make(connection, SPAN, states)
        found = publishable(connection, UNITS_ASSET, METRIC, SPAN, [UNITS_ASSET, COSTS])
    assert found.wanted == _allowed(SPAN, states)
    assert set(found.held_back) == set(SPAN) - set(found.wanted)
    assert all(found.held_back.values())


@SAME_MART
@given(states=day_states.days(len(SPAN), len(SPAN)))
def test_a_publisher_without_a_gate_is_seen(mart: Warehouse, states: list[Day]) -> None:
    with mart.connection() as connection, connection.transaction(force_rollback=True):
        day_states.make(connection, SPAN, states)
        naive = _every_stored_day(connection)
    forbidden = {day for day, state in zip(SPAN, states, strict=True) if state.units and not state.may_go_out}
    assert set(naive) - set(_allowed(SPAN, states)) == forbidden


def _every_stored_day(connection: Connection) -> dict[date, Decimal]:
    """What must be caught: whatever is stored goes out."""
    return dict(connection.execute("select business_date, quantity from daily_orders").fetchall())


@settings(max_examples=1000)
@example(datetime(2026, 4, 24, 22, 30, tzinfo=UTC), "Africa/Cairo", 1, timedelta())
@given(
    now=st.integers(1_704_067_200, 1_830_211_200).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    zone=st.sampled_from(ZONES),
    ago=st.integers(-3, 3),
    closes_after=st.sampled_from([timedelta(), timedelta(hours=2), timedelta(hours=30), timedelta(days=3)]),
)
def test_a_day_is_refused_until_its_midnight_and_the_wait_have_passed(
    now: datetime, zone: str, ago: int, closes_after: timedelta
) -> None:
    calendar = BusinessCalendar(ZoneInfo(zone), closes_after)
    day = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=ago)
    over_at = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone)).astimezone(UTC) + closes_after
    try:
        calendar.refuse_open(DayRange(day - timedelta(days=2), day), now)
    except Refusal:
        assert now < over_at
    else:
        assert now >= over_at


@settings(SAME_MART, max_examples=60)
@given(states=day_states.days(len(WEEK), len(WEEK)), hours=st.integers(-60, 60), zone=st.sampled_from(ZONES))
def test_the_publication_alone_sends_only_closed_green_days(
    server_url: str, instance: dg.DagsterInstance, states: list[Day], hours: int, zone: str
) -> None:
    """60 launches of the last asset by itself, 420 days; the clock stands up to 60 hours around the week's end."""
    shop = Shop(now=datetime(2026, 3, 20, 2, tzinfo=ZoneInfo(zone)).astimezone(UTC) + timedelta(hours=hours))
    of = deployment(shop, server_url, business_day=BusinessDay(timezone=zone, first_day=date(2026, 3, 1)))
    with of.warehouse.transaction() as connection:
        for table in ("publication", "verdict", "unit_quantity", "unit_cost", "ledger", "attempt", "outbox"):
            connection.execute(f"delete from {table}".encode())
        day_states.make(connection, WEEK, states)
    result = materialize(of, WEEK, SINK_ASSET, instance=instance)
    closed = hours >= 0
    assert shop.destination.held() == (_allowed(WEEK, states) if closed else {})
    assert result.success == closed


@pytest.fixture(scope="module")
def server_url(server: object) -> str:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:  # type: ignore[attr-defined]
        connection.execute("create database gate")
    return server.get_uri("gate")  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.mark.parametrize("by_range", [True, False])
@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_an_open_or_future_day_is_refused_whatever_tag_names_it(database: str, by_range: bool, ahead: int) -> None:
    """Dagster itself would run it: its own clock stands months later, and a tag is not looked at by it anyway."""
    shop = Shop()
    of = deployment(shop, database)
    day = shop.now.date() + timedelta(days=ahead)
    tags = range_tags(DayRange(day, day)) if by_range else {ONE_DAY: str(day)}
    with dg.DagsterInstance.ephemeral() as instance:
        assert not dg.materialize(build_assets(of), instance=instance, tags=tags, raise_on_error=False).success
    with of.warehouse.connection() as connection:
        assert connection.execute("select count(*) from attempt").fetchone() == (0,)
    assert shop.destination.held() == {}
