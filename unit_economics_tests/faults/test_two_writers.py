"""Two writers of the same day at the same moment never double it (P4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import psycopg
import pytest

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.ledger import Attempt, LateAttempt
from unit_economics.warehouse.migrations import migrate
from unit_economics_tests.faults import oracle, writer
from unit_economics_tests.faults.writer import ASSET

PAIRS = 200
NAIVE_PAIRS = 60
DAY = date(2026, 3, 1)
ONE_DAY = DayRange(DAY, DAY)


@pytest.fixture
def mart(database: str) -> Warehouse:
    warehouse = Warehouse(database)
    migrate(warehouse, {ASSET: "units"})
    return warehouse


def test_200_pairs_of_writers_never_double_a_day(mart: Warehouse) -> None:
    outcomes = list[str]()
    bad = list[str]()
    with psycopg.connect(mart.url, autocommit=True) as connection, ThreadPoolExecutor(2) as both:
        for pair in range(PAIRS):
            together = Barrier(2)
            attempts = [writer.begin(mart, ONE_DAY), writer.begin(mart, ONE_DAY)]
            writing = [
                both.submit(_write_together, together, mart, attempt, 2 * pair + number)
                for number, attempt in enumerate(attempts)
            ]
            results = [one.result(60) for one in writing]
            assert results[1] == "written", "the newer attempt is never refused"
            outcomes.append(results[0])
            bad += oracle.wrong_days(connection, ASSET, ONE_DAY)
            _holds(connection, 2 * pair + 1)
        bad += oracle.wrong_history(connection, ASSET)
        assert oracle.believed_at_once(connection, ASSET) == 1
    assert bad == []
    assert set(outcomes) == {"written", "late"}, "both orders must have happened for this to say anything"


def test_the_judge_sees_the_days_that_naive_pairs_double(mart: Warehouse) -> None:
    with psycopg.connect(mart.url, autocommit=True) as connection, ThreadPoolExecutor(2) as both:
        connection.execute("create table naive (day date, generation integer, segment integer)")
        doubled = 0
        for pair in range(NAIVE_PAIRS):
            together = Barrier(2)
            list(both.map(_naive, [together] * 2, [mart.url] * 2, (2 * pair, 2 * pair + 1)))
            rows = connection.execute("select count(*), count(distinct generation) from naive").fetchone()
            doubled += rows == (20, 2)
    assert doubled > NAIVE_PAIRS / 2


def _write_together(together: Barrier, mart: Warehouse, attempt: Attempt, generation: int) -> str:
    rows = writer.frame(generation, ONE_DAY, 10)
    together.wait(30)
    try:
        writer.write(mart, attempt, rows)
    except LateAttempt:
        return "late"
    return "written"


def _naive(together: Barrier, url: str, generation: int) -> None:
    """What must be caught: delete and insert in one transaction, with no lock and no key."""
    with psycopg.connect(url) as connection:
        connection.execute("select 1")
        together.wait(30)
        connection.execute("delete from naive where day = %s", [DAY])
        connection.execute("insert into naive select %s, %s, generate_series(1, 10)", [DAY, generation])


def _holds(connection: psycopg.Connection[Any], generation: int) -> None:
    found = connection.execute("select min(quantity), count(*) from unit_economics.daily_orders").fetchone()
    assert found == (1000 * generation, 10)
