"""An attempt that wakes up after a newer one has decided never overwrites it (P5)."""

from datetime import date

import psycopg
import pytest

from unit_economics.business_days import DayRange
from unit_economics.warehouse import gate, ledger, replace_days
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.ledger import LateAttempt
from unit_economics.warehouse.migrations import migrate
from unit_economics_tests.faults import oracle, writer
from unit_economics_tests.faults.writer import ASSET, DAYS

LATE = 100
KINDS = ("wrote other values", "changed nothing", "was refused by its checks")


@pytest.fixture
def mart(database: str) -> Warehouse:
    warehouse = Warehouse(database)
    migrate(warehouse, {ASSET: "units"})
    writer.write(warehouse, writer.begin(warehouse), writer.frame(0, DAYS, 5))
    return warehouse


def test_100_late_attempts_never_overwrite_a_newer_one(mart: Warehouse) -> None:
    with psycopg.connect(mart.url, autocommit=True) as connection:
        newest = 0
        for number in range(1, LATE + 1):
            late, newer = writer.begin(mart), writer.begin(mart)
            kind = KINDS[number % 3]
            newest = number if kind == "wrote other values" else newest
            _decide(mart, newer, newest, red=kind == "was refused by its checks")
            before = _everything(connection)
            with pytest.raises(LateAttempt):
                writer.write(mart, late, writer.frame(1000 + number, DAYS, 5))
            with pytest.raises(LateAttempt):
                _refuse(mart, late)
            assert _everything(connection) == before, kind
        assert oracle.wrong_days(connection, ASSET, DAYS) == []


def test_a_late_attempt_at_a_range_leaves_only_the_common_day_to_the_newer_one(mart: Warehouse) -> None:
    late_on_all, late_on_first = writer.begin(mart), writer.begin(mart, DayRange(DAYS.first, DAYS.first))
    last = DayRange(DAYS.last, DAYS.last)
    writer.write(mart, writer.begin(mart, last), writer.frame(5, last, 5))
    writer.write(mart, late_on_all, writer.frame(6, DAYS, 5))
    writer.write(mart, late_on_first, writer.frame(7, late_on_first.days, 5))
    with mart.connection() as connection:
        found = connection.execute(
            "select business_date, min(quantity) from daily_orders group by 1 order by 1"
        ).fetchall()
    assert [int(row[1]) for row in found] == [7000, 6000, 5000]


def test_without_the_fence_the_late_attempts_win(mart: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replace_days, "fence", _no_fence)
    lost = 0
    with psycopg.connect(mart.url, autocommit=True) as connection:
        for number in range(1, 41):
            late, newer = writer.begin(mart), writer.begin(mart)
            writer.write(mart, newer, writer.frame(number, DAYS, 5))
            before = _everything(connection)
            writer.write(mart, late, writer.frame(1000 + number, DAYS, 5))
            lost += _everything(connection) != before
    assert lost == 40


def _no_fence(connection: Connection, attempt: ledger.Attempt) -> dict[date, str]:
    """What must be caught."""
    return {}


def _decide(mart: Warehouse, attempt: ledger.Attempt, generation: int, *, red: bool) -> None:
    if red:
        _refuse(mart, attempt)
    else:
        writer.write(mart, attempt, writer.frame(generation, DAYS, 5))


def _refuse(mart: Warehouse, attempt: ledger.Attempt) -> None:
    with mart.transaction() as connection:
        gate.refuse_days(connection, attempt, [Verdict(day, {"contract": "broken"}) for day in DAYS])


def _everything(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """What readers can see: the values, their versions, and the gate."""
    values = connection.execute(
        "select business_date, segment, quantity, version, run_id from unit_economics.daily_orders order by 1, 2"
    ).fetchall()
    gate = connection.execute(
        "select business_date, passed, attempt from unit_economics.gate where asset = %s order by 1", [ASSET]
    ).fetchall()
    return [*values, *gate]
