"""A run of the whole graph that is killed leaves nothing torn, and one clean run mends all that it left out (P2)."""

import random
import time
from collections.abc import Iterator

import psycopg
import pytest

from unit_economics_tests.faults import oracle, runs
from unit_economics_tests.faults.nursery import Nursery
from unit_economics_tests.faults.runs import DAYS
from unit_economics_tests.faults.world import COSTS, METRIC, SINK_ASSET, UNITS_ASSET, ShelfTable

ASSETS = (UNITS_ASSET, COSTS, METRIC, SINK_ASSET)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("runs") as nursery:
        yield nursery


@pytest.mark.parametrize("kills", [8, pytest.param(40, marks=pytest.mark.soak)])
def test_killed_runs_leave_every_day_whole_and_one_clean_run_mends_the_rest(
    database: str, nursery: Nursery, kills: int
) -> None:
    assert runs.run(database, 0).success
    started = time.monotonic()
    assert not nursery.run("run", {"url": database, "generation": 1})
    longest_life = 1000 * (time.monotonic() - started)
    chance = random.Random(kills)
    with psycopg.connect(database, autocommit=True) as connection:
        killed, generation = 0, 1
        while killed < kills:
            generation += 1
            assert generation < 5 * kills, "too many runs were over before they were killed"
            end = {"milliseconds": longest_life * chance.uniform(0.1, 1)}
            was_killed = nursery.run("run", {"url": database, "generation": generation}, **end)
            killed += was_killed
            longest_life *= 1.02 if was_killed else 0.7  # the machine is busier at one time than at another
            assert [wrong for asset in ASSETS for wrong in oracle.wrong_days(connection, asset, DAYS)] == []

        last = generation + 1
        assert runs.run(database, last).success
        _holds_what_is_expected(connection, last)
        assert ShelfTable(database).held() == {day: row[0] for day, row in runs.expected(last)["units"].items()}
        assert [wrong for asset in ASSETS for wrong in oracle.wrong_history(connection, asset)] == []


def test_a_clean_run_after_a_clean_run_writes_nothing(database: str) -> None:
    assert runs.run(database, 1).success
    with psycopg.connect(database, autocommit=True) as connection:
        before = connection.execute("select count(*), max(recorded_at) from unit_economics.ledger").fetchone()
        assert runs.run(database, 1).success
        after = connection.execute("select count(*), max(recorded_at) from unit_economics.ledger").fetchone()
    assert after == before


def test_the_judge_sees_a_day_that_a_run_left_half_written(database: str) -> None:
    assert runs.run(database, 1).success
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "delete from unit_economics.charge_day where business_date = '2026-03-16' and service_name = 'storage'"
        )
        connection.execute("update unit_economics.ledger set superseded_at = now() where business_date = '2026-03-17'")
        found = [wrong for asset in ASSETS for wrong in oracle.wrong_days(connection, asset, DAYS)]
    assert len(found) == 1 + len(ASSETS), found


def _holds_what_is_expected(connection: oracle.Connection, generation: int) -> None:
    expected = runs.expected(generation)
    assert oracle.stored(connection, UNITS_ASSET, "quantity") == expected["units"]
    assert oracle.stored(connection, SINK_ASSET, "quantity") == expected["units"]
    assert oracle.stored(connection, METRIC, "cost", "quantity", "unit_cost") == expected["unit costs"]
