"""Who may read what: every published view and no table, and of revenue nothing but for finance."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from unit_economics.warehouse import gate, ledger, overview, tables
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.migrations import migrate
from unit_economics.warehouse.roles import FINANCE, VIEWER, grant_reading, missing_roles
from unit_economics_tests import readers
from unit_economics_tests.focus_bills import DAY as BILLED
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.readers import (
    COST,
    DAY,
    DAYS,
    EARNED,
    FOR_FINANCE,
    MARGIN,
    OF_REVENUE,
    ORDERS,
    REVENUE,
    UNIT_COST,
    acting_as,
    refused,
)
from unit_economics_tests.world import World

OF_PROOFS = {"catalogues", "restatement_reports", "month_closes", "restated_after_close"}
"""What this mart has nothing of: it was written without a catalogue's text, and nothing was proved."""
LATER = datetime(2999, 1, 1, tzinfo=UTC)
RIGHTS = ("select", "insert", "update", "delete", "truncate")


@pytest.fixture
def mart(database: str) -> Warehouse:
    return readers.mart(database)


def relations(connection: Connection, kind: str) -> list[str]:
    text = (
        "select relname from pg_class where relnamespace = 'unit_economics'::regnamespace and relkind = %s order by 1"
    )
    return [name for (name,) in connection.execute(text, [kind])]


def rights_on_tables(mart: Warehouse, role: str) -> list[tuple[str, str]]:
    with mart.connection() as connection:
        return [
            (table, right)
            for table in relations(connection, "r")
            for right in RIGHTS
            if connection.execute("select has_table_privilege(%s, %s::regclass, %s)", [role, table, right]).fetchall()
            != [(False,)]
        ]


def all_of(connection: Connection, view: str) -> list[Any]:
    return connection.execute(sql.SQL("select * from {}").format(sql.Identifier(view))).fetchall()


@pytest.mark.parametrize("role", [VIEWER, FINANCE])
def test_a_role_that_reads_has_no_right_on_any_table(mart: Warehouse, role: str) -> None:
    assert rights_on_tables(mart, role) == []
    with acting_as(mart, role) as connection:
        tables_there = relations(connection, "r")
        assert len(tables_there) > 8
        assert all(refused(connection, f"select * from {table}") for table in tables_there)
        changeable = ("day_versions", "attempts", "publications", "alerts")
        assert all(refused(connection, f"delete from {relation}") for relation in (*tables_there, *changeable))
        assert refused(connection, "insert into alerts (title) values ('x')")
        assert refused(connection, "update publications set converged = true")


def test_a_right_on_a_table_would_be_caught(mart: Warehouse) -> None:
    with mart.connection() as connection:
        connection.execute(f"grant select on unit_quantity to {VIEWER}".encode())
    assert rights_on_tables(mart, VIEWER) == [("unit_quantity", "select")]


def test_the_viewer_reads_every_view_but_revenue_and_finance_reads_that_too(mart: Warehouse) -> None:
    with acting_as(mart, VIEWER) as connection:
        views = relations(connection, "v")
        assert len(views) >= 12
        assert [view for view in views if refused(connection, f"select * from {view}")] == sorted(FOR_FINANCE)
    with acting_as(mart, FINANCE) as connection:
        assert {view for view in views if not all_of(connection, view)} == OF_PROOFS
        assert [row[2] for row in all_of(connection, REVENUE)] == [EARNED * 2]


def test_a_login_reads_nothing_until_it_is_a_member_of_the_viewer(mart: Warehouse) -> None:
    name = psycopg.conninfo.conninfo_to_dict(mart.url)["dbname"]
    with mart.connection() as connection:
        connection.execute(f"create role reader_of_{name} login".encode())
    address = psycopg.conninfo.make_conninfo(mart.url, user=f"reader_of_{name}")
    with psycopg.connect(address, autocommit=True) as login, mart.connection() as connection:
        views, every_table = relations(connection, "v"), relations(connection, "r")
        asked = [f"select * from unit_economics.{relation}" for relation in (*views, *every_table)]
        assert all(refused(login, question) for question in asked)
        assert refused(login, "select * from unit_economics.unit_costs_as_of(now())")
        connection.execute(f"grant {VIEWER} to reader_of_{name}".encode())
        allowed = {relation for relation in (*views, *every_table) if not refused(login, asked.pop(0))}
    assert allowed == {*views} - {*FOR_FINANCE}


def test_no_view_reads_with_its_readers_rights(mart: Warehouse) -> None:
    with mart.connection() as connection:
        options = connection.execute(
            "select relname, reloptions from pg_class where relnamespace = 'unit_economics'::regnamespace"
            " and relkind = 'v' and reloptions::text like '%security_invoker%'"
        ).fetchall()
    assert options == []


def seen_by_a_spy(mart: Warehouse, view: str) -> list[str]:
    """The quantities that a viewer's own function is shown when it stands in a condition on a view."""
    spy = (
        "create function pg_temp.spy(numeric) returns boolean language plpgsql cost 0.0000001 as"
        " $$ begin raise notice 'seen %', $1; return true; end $$"
    )
    seen: list[str] = []
    with acting_as(mart, VIEWER) as connection:
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
        connection.execute(spy.encode())
        connection.execute("set enable_indexscan = off")
        connection.execute("set enable_bitmapscan = off")
        connection.execute(f"select * from {view} where pg_temp.spy(quantity)".encode())
    return seen


def test_a_viewers_own_function_sees_no_revenue_through_the_view_of_the_units(mart: Warehouse) -> None:
    assert not any("98765" in seen or "197530" in seen for seen in seen_by_a_spy(mart, ORDERS))
    with mart.connection() as connection:
        connection.execute(f"alter view {ORDERS} reset (security_barrier)".encode())
    assert any("98765" in seen for seen in seen_by_a_spy(mart, ORDERS)), "without the barrier it would"


def test_a_viewers_own_function_sees_no_formula_on_revenue_through_the_view_of_the_others(mart: Warehouse) -> None:
    spy = "create function pg_temp.spy(numeric) returns boolean language plpgsql cost 0.0000001 as"
    seen: list[str] = []
    with acting_as(mart, VIEWER) as connection:
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
        connection.execute(f"{spy} $$ begin raise notice 'seen %', $1; return true; end $$".encode())
        for view in ("formula_values", "formula_value_versions", "cost_share"):
            connection.execute(f"select * from {view} where pg_temp.spy(value)".encode())
    assert seen
    assert not any("98765" in one or "197530" in one for one in seen)


def everything_seen(connection: Connection) -> str:
    views = [view for view in relations(connection, "v") if not refused(connection, f"select * from {view}")]
    return "\n".join(str(all_of(connection, view)) for view in views)


def test_nothing_that_a_viewer_reads_tells_an_amount_of_revenue_or_its_hash(mart: Warehouse) -> None:
    with mart.connection() as connection:
        query = "select content_hash, source_hash from ledger where asset = any(%s)"
        stored = connection.execute(query, [[REVENUE, MARGIN, OF_REVENUE]]).fetchall()
        hashes = {text for row in stored for text in row} - {ledger.NOT_TOLD.hash}
    secrets = {str(EARNED), str(EARNED * 2), *hashes}
    with acting_as(mart, FINANCE) as connection:
        assert all(secret in everything_seen(connection) for secret in secrets)
    with acting_as(mart, VIEWER) as connection:
        seen = everything_seen(connection)
    assert not any(secret in seen for secret in secrets)
    assert all(word in seen for word in ("delivery", "volume_band", "told to finance only", f"{ORDERS} is red"))


def test_a_publication_is_shown_to_a_viewer_and_its_amounts_only_where_they_are_units(mart: Warehouse) -> None:
    asked = "select quantity, held_before, read_back, converged from publications order by publication"
    with acting_as(mart, VIEWER) as connection:
        assert connection.execute(asked).fetchall() == [(1, None, None, True), (None, None, None, True)]
    with acting_as(mart, FINANCE) as connection:
        assert connection.execute(asked).fetchall()[1] == (EARNED * 2, EARNED, EARNED * 2, True)


def test_every_question_of_status_is_answered_to_a_viewer_as_to_the_owner(mart: Warehouse) -> None:
    def asked(connection: Connection) -> list[Any]:
        every_day = ledger.current(connection, [ORDERS, COST, UNIT_COST, REVENUE], DAYS)
        return [
            {key: (row.version, row.status) for key, row in every_day.items()},
            *(ledger.first_day(connection), gate.gate(connection, REVENUE, DAYS)),
            gate.red_days(connection, [REVENUE], DAYS),
            *(set(gate.red_reasons(connection, DAYS)), set(gate.standing_failures(connection, REVENUE, DAYS))),
            *(overview.last_tries(connection, DAYS), overview.waiting_alerts(connection)),
            overview.unit_costs(connection, DAYS, UNIT_COST, None),
            overview.unit_costs(connection, DAYS, UNIT_COST, LATER),
        ]

    with mart.connection() as connection:
        expected = asked(connection)
    with acting_as(mart, VIEWER) as connection:
        assert asked(connection) == expected
    assert all(expected)


def test_a_viewer_calls_the_functions_of_costs_and_not_those_that_would_tell_revenue(mart: Warehouse) -> None:
    with acting_as(mart, VIEWER) as connection:
        whole = "select unit_cost, days from unit_cost_over(%s, %s, %s) where cost_scope = 'all'"
        over = connection.execute(whole, [UNIT_COST, DAY, DAY])
        assert over.fetchall() == [(2, 1)]
        then = connection.execute("select effective_cost from cloud_costs_as_of(%s)", [LATER])
        assert then.fetchall() == [(2,)]
        assert refused(connection, f"select * from unit_quantities_as_of('{REVENUE}', now())")
        assert refused(connection, f"select * from margin_over('{UNIT_COST}', '{DAY}', '{DAY}')")


def test_what_was_believed_then_is_the_same_through_a_view_of_versions(mart: Warehouse) -> None:
    with mart.connection() as connection:
        for number, view in ((1, "unit_cost_versions"), (2, "cloud_cost_versions")):
            versions = connection.execute(
                f"select distinct version, superseded_at is null from {view} order by 1".encode()
            )
            assert versions.fetchall() == [(1, False), (2, True)], number
        (then,) = connection.execute("select recorded_at from unit_cost_versions where version = 1").fetchall()[0]
        costs = connection.execute("select distinct cost from unit_costs_as_of(%s)", [then]).fetchall()
    assert costs == [(1,)]


def test_a_second_migration_grants_nothing_and_writes_nothing(mart: Warehouse) -> None:
    with mart.transaction() as connection:
        grant_reading(connection)
        assert connection.execute("select pg_current_xact_id_if_assigned()").fetchall() == [(None,)]
        assert missing_roles(connection) == []


def test_a_view_that_is_new_or_lost_its_grant_is_granted_by_the_next_migration(mart: Warehouse) -> None:
    with mart.connection() as connection:
        connection.execute(f"revoke select on gate from {VIEWER}".encode())
    migrate(mart, {"daily_calls": "units", "daily_call_revenue": "revenue"})
    with acting_as(mart, VIEWER) as connection:
        allowed = [not refused(connection, f"select * from {view}") for view in ("gate", "daily_calls")]
        assert (allowed, refused(connection, "select * from daily_call_revenue")) == ([True, True], True)


def said(mart: Warehouse, *warnings: str) -> int:
    """The number of stored verdicts after one with these warnings on an unchanged day."""
    verdict = Verdict(DAY, {}, dict.fromkeys(warnings, "look"))
    readers.write(mart, ORDERS, tables.UNIT_QUANTITIES, readers.units(Decimal(2), "Order"), verdict=verdict)
    with mart.connection() as connection:
        return connection.execute("select count(*) from verdict where asset = %s", [ORDERS]).fetchall()[0][0]


def test_a_verdict_is_stored_when_its_warnings_differ_and_only_then(mart: Warehouse) -> None:
    assert [said(mart), said(mart, "volume_band"), said(mart, "volume_band"), said(mart), said(mart)] == [1, 2, 2, 3, 3]


def test_the_gate_shows_the_newest_warnings_of_a_day_that_passed(mart: Warehouse) -> None:
    said(mart, "volume_band")
    with mart.connection() as connection:
        rows = connection.execute("select passed, failures, warnings from gate where asset = %s", [ORDERS]).fetchall()
    assert rows == [(True, [], [{"check": "volume_band", "what": "look"}])]


def source_totals(mart: Warehouse) -> list[Any]:
    columns = "business_date, version, billing_currency, charge_rows, billed_cost, effective_cost"
    with mart.connection() as connection:
        return connection.execute(f"select {columns} from source_totals".encode()).fetchall()


def bill(mart: Warehouse, cost: str, status: str = "complete") -> None:
    read = readers.read_from(Decimal(cost))
    readers.write(mart, COST, tables.CHARGES, readers.charges(Decimal(cost)), read, status)


def test_the_totals_of_the_source_are_those_of_the_rows_that_stand(database: str) -> None:
    mart = Warehouse(database)
    migrate(mart, {})
    bill(mart, "1", "provisional")
    bill(mart, "99999999999999999999999.000000000001", "provisional")
    exactly = [(DAY, 2, "EUR", 1, None, Decimal("99999999999999999999999.000000000001"))]
    assert source_totals(mart) == exactly
    bill(mart, "99999999999999999999999.000000000001")
    assert source_totals(mart) == [(DAY, 3, *exactly[0][2:])], "a day that became complete keeps its totals"


def test_an_attempt_that_changed_nothing_keeps_no_totals(mart: Warehouse) -> None:
    bill(mart, "2")
    with mart.connection() as connection:
        kept = connection.execute(
            "select source_totals is null from attempts where asset = %s order by attempt", [COST]
        )
        assert kept.fetchall() == [(False,), (False,), (True,)]


def test_through_the_whole_graph_the_source_states_what_the_mart_holds(world: Callable[..., World]) -> None:
    bill_of_an_hour = [charge(EffectiveCost=cost, BilledCost=cost) for cost in ("0.1", "0.2")]
    shop = world(_CATALOGUE)
    write_bill(shop.folder / "focus", *bill_of_an_hour)
    shop.run(str(BILLED), str(BILLED), COST)
    shop.run(str(BILLED), str(BILLED), COST)
    costs = "billed_cost, effective_cost, list_cost, contracted_cost"
    stated = shop.sql(f"select {costs}, charge_rows from unit_economics.source_totals")
    assert stated == shop.sql(f"select {costs}, charge_rows from unit_economics.cloud_costs")
    assert stated == [(Decimal("0.3"), Decimal("0.3"), 6, 4, 2)]


_CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
"""
