"""Attempts to break the mart's SQL: many processes, long transactions, foreign defaults, zones, clocks."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unit_economics.business_days import DayRange
from unit_economics.schemas import CHARGES, UNIT_COSTS, empty
from unit_economics.warehouse import connection as warehouse_connection
from unit_economics.warehouse import ledger, outbox, tables
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.ledger import LateAttempt
from unit_economics.warehouse.migrations import migrate, shipped
from unit_economics.warehouse.outbox import Message
from unit_economics.warehouse.replace_days import DayState, replace_days
from unit_economics_tests.faults import oracle, writer
from unit_economics_tests.faults.writer import ASSET, DAYS

ASSETS = ("daily_orders", "daily_calls", "daily_users", "daily_jobs")
REPEAT = timedelta(hours=24)


@pytest.fixture
def mart(database: str) -> Warehouse:
    warehouse = Warehouse(database)
    migrate(warehouse, {**dict.fromkeys(ASSETS, "units"), "cost_per_order": "unit_cost"})
    return warehouse


def test_eight_processes_migrate_an_empty_database_at_once(database: str) -> None:
    program = (
        "import sys; from unit_economics.warehouse.connection import Warehouse;"
        "from unit_economics.warehouse.migrations import migrate;"
        "assets = {'daily_orders': 'units', 'cost_per_order': 'unit_cost'};"
        "sys.stdin.readline(); print(migrate(Warehouse(sys.argv[1]), assets))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    try:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=60)[0].strip() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0] * 8
    every_step = str([f"{step.number:04} {step.name}" for step in shipped()])
    assert sorted(said) == sorted([every_step, *["[]"] * 7])


def test_writers_of_different_assets_that_say_the_same_never_deadlock(mart: Warehouse) -> None:
    """Each replaces its days and puts the same five causes into the outbox, all at the same moment."""
    together = Barrier(len(ASSETS))
    causes = [f"common/{number}" for number in range(5)]

    def write(number: int) -> None:
        asset = ASSETS[number]
        for turn in range(15):
            attempt = writer.begin(mart, DAYS, asset)
            together.wait(30)
            with mart.transaction() as connection:
                states = {day: DayState("complete", day) for day in DAYS}
                rows = writer.frame(turn, DAYS, 3)
                replace_days(connection, attempt, tables.UNIT_QUANTITIES, rows, states, [Verdict(d) for d in DAYS])
                for cause in causes:
                    outbox.put(connection, Message(f"{turn}/{cause}", "title", "body"), REPEAT)

    with ThreadPoolExecutor(len(ASSETS)) as writers:
        list(writers.map(write, range(len(ASSETS))))
    with mart.connection() as connection:
        assert connection.execute("select count(*), count(distinct cause) from outbox").fetchone() == (75, 75)
        assert [wrong for asset in ASSETS for wrong in oracle.wrong_days(connection, asset, DAYS)] == []


def test_the_same_cause_from_eight_sessions_at_once_goes_in_once(mart: Warehouse) -> None:
    together = Barrier(8)

    def put(_: int) -> int:
        went_in = 0
        for turn in range(20):
            together.wait(30)
            with mart.transaction() as connection:
                went_in += outbox.put(connection, Message(f"cause/{turn}", "title", "body"), REPEAT)
        return went_in

    with ThreadPoolExecutor(8) as sessions:
        assert sum(sessions.map(put, range(8))) == 20


def test_a_database_whose_default_isolation_is_stricter_still_refuses_late_attempts(mart: Warehouse) -> None:
    """Under repeatable read the fence would look at a snapshot from before the lock was had."""
    writer.write(mart, writer.begin(mart), writer.frame(0, DAYS, 3))
    with psycopg.connect(mart.url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("alter database {} set default_transaction_isolation = 'repeatable read'").format(
                psycopg.sql.Identifier(connection.info.dbname)
            )
        )
    late, newer = writer.begin(mart), writer.begin(mart)
    with ThreadPoolExecutor(1) as other, psycopg.connect(mart.url, autocommit=True) as watch:
        with mart.transaction() as connection:
            ledger.lock(connection, ASSET)
            waiting = other.submit(writer.write, mart, late, writer.frame(9, DAYS, 3))
            _until_one_waits(watch)
            states = {day: DayState("complete", DAYS.last) for day in DAYS}
            rows = writer.frame(0, DAYS, 3)
            replace_days(connection, newer, tables.UNIT_QUANTITIES, rows, states, [Verdict(day) for day in DAYS])
        with pytest.raises(LateAttempt):
            waiting.result(60)


def test_a_reader_that_stays_in_its_transaction_keeps_no_run_from_starting(
    mart: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process brings the mart to its release when it starts; a dashboard may be reading a view just then."""
    impatient = {**warehouse_connection.SESSION, "lock_timeout": "300ms"}
    options = " ".join(f"-c {name}={value}" for name, value in impatient.items())
    monkeypatch.setitem(warehouse_connection._SETTINGS, "options", options)
    with psycopg.connect(mart.url) as reader:
        reader.execute("select * from unit_economics.daily_orders").fetchall()
        assert migrate(mart, {**dict.fromkeys(ASSETS, "units"), "cost_per_order": "unit_cost"}) == []


def test_a_reader_in_a_snapshot_sees_one_moment_while_days_are_replaced(mart: Warehouse) -> None:
    writer.write(mart, writer.begin(mart), writer.frame(0, DAYS, 20))
    with mart.snapshot() as reading:
        before = reading.execute("select * from daily_orders order by 1, 2").fetchall()
        for generation in range(1, 6):
            writer.write(mart, writer.begin(mart), writer.frame(generation, DAYS, 20))
            assert reading.execute("select * from daily_orders order by 1, 2").fetchall() == before
        assert oracle.wrong_days(reading, ASSET, DAYS) == []


def test_as_of_shows_exactly_one_belief_at_every_moment(mart: Warehouse) -> None:
    for generation in range(12):
        writer.write(mart, writer.begin(mart), writer.frame(generation, DAYS, 2))
    with mart.connection() as connection:
        assert oracle.believed_at_once(connection, ASSET) == 1
        moments = connection.execute("select distinct recorded_at from ledger order by 1").fetchall()
        for generation, (moment,) in enumerate(moments):
            for zone in ("UTC", "Pacific/Apia", "America/St_Johns"):
                connection.execute("select set_config('timezone', %s, false)", [zone])
                found = connection.execute(
                    "select distinct (quantity / 1000)::int from unit_quantities_as_of(%s, %s::timestamptz)",
                    [ASSET, moment],
                ).fetchall()
                assert found == [(generation,)]
        first = connection.execute(
            "select count(*) from unit_quantities_as_of(%s, %s)", [ASSET, moments[0][0] - timedelta(microseconds=1)]
        ).fetchone()
    assert first == (0,)


def test_a_day_is_written_although_the_clock_stepped_back(mart: Warehouse) -> None:
    """After a step of the system's clock the row that is to be superseded was recorded in the future."""
    writer.write(mart, writer.begin(mart), writer.frame(0, DAYS, 3))
    with mart.transaction() as connection:
        connection.execute("update ledger set recorded_at = recorded_at + interval '2 seconds'")
    writer.write(mart, writer.begin(mart), writer.frame(1, DAYS, 3))
    with mart.connection() as connection:
        assert oracle.wrong_days(connection, ASSET, DAYS) == []


_HALF = st.none() | st.decimals(min_value=0, max_value=10**9, places=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    halves=st.lists(st.tuples(_HALF, _HALF), min_size=1, max_size=12),
    part=st.tuples(st.integers(0, 11), st.integers(0, 11)),
)
def test_a_window_is_the_ratio_of_the_sums_of_its_whole_days(
    mart: Warehouse, halves: list[tuple[Decimal | None, Decimal | None]], part: tuple[int, int]
) -> None:
    import pandas as pd

    span = DayRange(date(2026, 1, 1), date(2026, 1, len(halves)))
    rows = [
        ("cost_per_order", day, "all", "USD", "effective", cost, int(cost is not None), quantity, "Order", None, "why")
        for day, (cost, quantity) in zip(span, halves, strict=True)
    ]
    billed = {day: DayState("complete", day) for day, (cost, _) in zip(span, halves, strict=True) if cost is not None}
    frame = pd.DataFrame(rows, columns=list(UNIT_COSTS.columns), dtype=object)
    first, last = (date(2026, 1, 1 + number) for number in part)
    with mart.transaction() as connection:
        attempt = writer.begin(mart, span, "cost_per_order")
        states = {day: DayState("complete", day) for day in span}
        replace_days(connection, attempt, tables.UNIT_COSTS, frame, states, [])
        bill = writer.begin(mart, span, "cloud_costs")
        replace_days(connection, bill, tables.CHARGES, empty(CHARGES), billed, [])
        connection.execute("set local timezone = 'Asia/Kathmandu'")
        found = connection.execute("select * from unit_cost_over('cost_per_order', %s, %s)", [first, last]).fetchall()
        connection.execute("delete from unit_cost")
        connection.execute("delete from ledger")
    inside = [halves[(day - span.first).days] for day in span if first <= day <= last]
    whole = [(cost, quantity) for cost, quantity in inside if cost is not None and quantity is not None]
    if not inside:
        assert found == []
        return
    [(_, _, _, _, cost, quantity, ratio, days, without)] = found
    assert (days, without) == (len(whole), len(inside) - len(whole))
    assert cost == (sum(pair[0] for pair in whole) if whole else None)
    assert quantity == (sum(pair[1] for pair in whole) if whole else None)
    if not whole or not quantity:
        assert ratio is None
    else:
        assert abs(ratio * quantity - cost) <= quantity * Decimal("1e-12") + abs(cost) * Decimal("1e-15")


def _until_one_waits(watch: psycopg.Connection[tuple[object, ...]]) -> None:
    for _ in range(20_000):
        if watch.execute("select 1 from pg_stat_activity where wait_event = 'advisory'").fetchone():
            return
    pytest.fail("nobody waits for the lock")
