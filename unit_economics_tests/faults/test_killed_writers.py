"""A writer that is killed leaves every day as it was or as it should be: nothing lost, doubled or torn (P1)."""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.migrations import migrate
from unit_economics_tests.faults import oracle, writer
from unit_economics_tests.faults.nursery import Nursery
from unit_economics_tests.faults.writer import ASSET, DAYS, POINTS

KILLS = 300
NAIVE_KILLS = 40


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("writer") as nursery:
        yield nursery


@pytest.fixture
def mart(database: str) -> str:
    """A mart in which every day of the writer is there."""
    warehouse = Warehouse(database)
    migrate(warehouse, {ASSET: "units"})
    writer.write(warehouse, writer.begin(warehouse), writer.frame(0))
    return database


def test_300_kills_at_random_leave_every_day_whole(mart: str, nursery: Nursery) -> None:
    chance = random.Random(20260321)
    ends = [{"calls": chance.randrange(1, 30_000)} for _ in range(KILLS // 2)]
    ends += [{"milliseconds": chance.uniform(0, 60)} for _ in range(KILLS // 2)]
    chance.shuffle(ends)
    killed, bad = 0, list[str]()
    with psycopg.connect(mart, autocommit=True) as connection:
        for number, end in enumerate(ends, 1):
            killed += nursery.run("replace", {"url": mart, "generation": 100 * number}, **end)
            bad += oracle.wrong_days(connection, ASSET, DAYS)
        bad += oracle.wrong_history(connection, ASSET)
        versions = connection.execute("select max(version) from unit_economics.ledger").fetchone()
    assert killed == KILLS
    assert bad == []
    assert versions is not None
    assert versions[0] > KILLS / 10, "hardly any write was committed: the kills came too early to say anything"


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_every_point_leaves_the_old_day_or_the_new_one(mart: str, nursery: Nursery, point: str) -> None:
    assert nursery.run("replace", {"url": mart, "generation": 1}, point=point)
    with psycopg.connect(mart, autocommit=True) as connection:
        assert oracle.wrong_days(connection, ASSET, DAYS) == []
        versions = connection.execute(
            "select distinct version from unit_economics.ledger where superseded_at is null"
        ).fetchall()
        verdicts = connection.execute("select count(*) from unit_economics.verdict").fetchone()
    assert versions == [(2 if point == "after commit" else 1,)]
    assert verdicts == (3,), "a pass after a pass says nothing new"


def test_a_writer_after_a_killed_one_does_not_wait_for_it(mart: str, nursery: Nursery) -> None:
    assert nursery.run("replace", {"url": mart, "generation": 1}, point="mid row copy")
    warehouse = Warehouse(mart)
    writer.write(warehouse, writer.begin(warehouse), writer.frame(7))
    with psycopg.connect(mart, autocommit=True) as connection:
        assert oracle.wrong_days(connection, ASSET, DAYS) == []
        assert oracle.wrong_history(connection, ASSET) == []


def test_the_judge_sees_one_moment_though_a_write_is_committed_as_it_reads(
    mart: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, read = Warehouse(mart), oracle._current

    def overtaken(*arguments: Any) -> list[tuple[Any, ...]]:
        found = read(*arguments)
        writer.write(warehouse, writer.begin(warehouse), writer.frame(8))
        return found

    monkeypatch.setattr(oracle, "_current", overtaken)
    with psycopg.connect(mart, autocommit=True) as connection:
        assert oracle.wrong_days(connection, ASSET, DAYS) == []


def test_the_judge_sees_what_a_naive_writer_leaves_behind(mart: str, nursery: Nursery) -> None:
    chance = random.Random(4)
    torn = 0
    with psycopg.connect(mart, autocommit=True) as connection:
        for number in range(1, NAIVE_KILLS + 1):
            end = {"milliseconds": chance.uniform(5, 60)}
            assert nursery.run("naive", {"url": mart, "generation": 100 * number}, **end)
            torn += bool(oracle.wrong_days(connection, ASSET, DAYS))
    assert torn > 0.5 * NAIVE_KILLS
