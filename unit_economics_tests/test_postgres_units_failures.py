"""Rules of the PostgreSQL unit source when the database fails: it is said plainly, retried, and shows no secret."""

import socket
import threading
import traceback
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
import tenacity
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.database_url import server_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.unit_sources.postgres import PostgresUnits
from unit_economics.unit_sources.postgres import session as postgres_session
from unit_economics.unit_sources.postgres.question import Question
from unit_economics.unit_sources.postgres.session import Session, ask

DAY = date(2025, 3, 3)
SECRET = "hunter2"
ENOUGH = timedelta(seconds=20)


class Line:
    """A TCP line to the database that hands over so many bytes on each connection, then breaks or freezes."""

    def __init__(self, database: str, *allowances: int, freezes: bool = False) -> None:
        given = conninfo_to_dict(database)
        self.path = str(Path(str(given["host"])) / ".s.PGSQL.5432")
        self.allowances, self.freezes, self.connections = list(allowances), freezes, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = str(self.listener.getsockname()[1])
        self.url = make_conninfo(database, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")
        self.open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.path)
                self.open += [client, server]
                allowed = self.allowances[self.connections] if self.connections < len(self.allowances) else 1 << 40
                self.connections += 1
                threading.Thread(target=self._carry, args=(client, server, 1 << 40), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, allowed), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, allowed: int) -> None:
        with suppress(OSError):
            while allowed > 0 and (data := source.recv(65536)):
                target.sendall(data[:allowed])
                allowed -= len(data)
            if not (self.freezes and allowed <= 0):
                source.shutdown(socket.SHUT_RDWR)
                target.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for line in (self.listener, *self.open):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unit_economics.unit_sources.postgres.session.WAIT", tenacity.wait_none())


def run(database: str, *statements: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def quantity(database: str, timeout: timedelta = ENOUGH) -> Decimal:
    entry = {"kind": "postgres", "dsn": "ORDERS_DATABASE_URL", "relation": "total_orders", "day": "d", "quantity": "n"}
    source = PostgresUnits.model_validate(entry | {"statement_timeout": timeout})
    calendar = BusinessCalendar(ZoneInfo("UTC"), timedelta())
    outside = Outside({"ORDERS_DATABASE_URL": database}, now=lambda: datetime(2025, 4, 1, tzinfo=UTC))
    [found] = source.count(DayRange(DAY, DAY), calendar=calendar, unit="Order", outside=outside).units["quantity"]
    return found


@pytest.fixture
def orders(database: str) -> str:
    run(database, f"create view total_orders as select '{DAY}'::date as d, 7 as n")
    return database


def test_a_line_that_breaks_at_any_byte_is_tried_again_and_the_count_is_right(orders: str) -> None:
    tried_again = 0
    for allowance in range(0, 1600, 61):
        line = Line(orders, allowance)
        try:
            assert quantity(line.url) == 7
            tried_again += line.connections == 2
        finally:
            line.close()
    assert tried_again > 5


def test_a_line_that_keeps_breaking_is_given_up_after_three_attempts(orders: str) -> None:
    line = Line(orders, 500, 500, 500)
    with pytest.raises(Unreachable, match=r"PostgreSQL at 127\.0\.0\.1:\d+ \(ORDERS_DATABASE_URL\): no connection"):
        quantity(line.url)
    line.close()
    assert line.connections == 3


def test_a_frozen_server_is_given_up_after_the_deadline(orders: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_session, "GRACE", timedelta(seconds=0.2))
    line = Line(orders, 700, 700, 700, freezes=True)
    with pytest.raises(Unreachable, match="no answer within"):
        quantity(line.url, timedelta(milliseconds=50))
    line.close()
    assert line.connections == 1


def test_a_server_that_ends_the_session_is_asked_three_times(database: str) -> None:
    run(
        database,
        f"create view total_orders as select '{DAY}'::date as d, pg_terminate_backend(pg_backend_pid())::int as n",
    )
    line = Line(database)
    with pytest.raises(Unreachable, match="the conversation broke off: terminating connection"):
        quantity(line.url)
    line.close()
    assert line.connections == 3


def test_o24_a_slow_view_is_stopped_and_asked_three_times(database: str) -> None:
    run(database, f"create view total_orders as select '{DAY}'::date as d, length(pg_sleep(30)::text) as n")
    line = Line(database)
    with pytest.raises(Unreachable, match=r"total_orders in ORDERS_DATABASE_URL: no answer within 0\.05 s"):
        quantity(line.url, timedelta(milliseconds=50))
    line.close()
    assert line.connections == 3


def test_a_locked_table_is_not_waited_for_longer_than_the_timeout(database: str) -> None:
    run(database, "create table total_orders (d date, n int)")
    with psycopg.connect(database) as migration:
        migration.execute("lock table total_orders in access exclusive mode")
        with pytest.raises(Unreachable, match="no answer within"):
            quantity(database, timedelta(milliseconds=50))


@pytest.mark.parametrize("wrong", [{"dbname": "nosuch"}, {"user": "nosuch"}, {"user": "nologin"}])
def test_a_refused_login_is_not_tried_again(orders: str, wrong: dict[str, str]) -> None:
    with suppress(psycopg.errors.DuplicateObject):
        run(orders, "create role nologin nologin")
    line = Line(orders)
    with pytest.raises(Unreachable, match="the login was refused"):
        quantity(make_conninfo(line.url, **wrong, password=SECRET))
    line.close()
    assert line.connections == 1


UNUSABLE = [
    f"postgresql://shop:{SECRET}@127.0.0.1:1/shop",
    f"postgresql://shop:{SECRET}@nosuch.invalid/shop",
    f"postgresql://shop:a@{SECRET}@127.0.0.1:1/shop",
    f"postgresql://shop:a/{SECRET}@127.0.0.1:1/shop",
    f"postgresql://shop:12/{SECRET}@127.0.0.1:1/shop",
    f"postgresql://shop:{SECRET}/a@127.0.0.1:1/shop",
    f"postgresql://shop:%zz{SECRET}@127.0.0.1:1/shop",
    f"postgresql://shop:[{SECRET}]@[127.0.0.1:1/shop",
    f"postgresql://shop@127.0.0.1:1/shop?password={SECRET}&colour={SECRET}",
    f"postgresql://shop@127.0.0.1:1/shop?connect_timeout={SECRET}",
    f"mysql://shop:{SECRET}@127.0.0.1:1/shop",
    f"host=127.0.0.1 port=1 password='{SECRET}",
    SECRET,
]


@pytest.mark.parametrize("url", UNUSABLE)
def test_no_message_and_no_cause_shows_the_password(url: str) -> None:
    with pytest.raises(Refusal) as caught:
        quantity(url)
    assert isinstance(caught.value, Unreachable | UsageRefusal)
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(UsageRefusal, match="the variable ORDERS_DATABASE_URL is not set"):
        quantity(" ")


def test_the_session_has_its_deadlines_and_one_read_only_snapshot(orders: str) -> None:
    wanted = {
        "statement_timeout": "20s",
        "lock_timeout": "20s",
        "client_connection_check_interval": "2s",
        "default_transaction_read_only": "on",
        "transaction_read_only": "on",
        "transaction_isolation": "repeatable read",
        "timezone": "UTC",
        "application_name": "unit_economics",
    }
    question = Question(sql.SQL("select current_setting(unnest(%s::text[]))").format(), [list(wanted)])
    answer = ask(server_of(orders, "D"), "t", ENOUGH, lambda session: session.rows(question))
    assert [value for (value,) in answer] == list(wanted.values())


def test_o26_rows_that_arrive_between_two_questions_are_not_seen(database: str) -> None:
    run(database, "create table orders (n int)")
    question = Question(sql.SQL("select count(*) from orders").format())

    def conversation(session: Session) -> list[object]:
        before = session.rows(question)
        run(database, "insert into orders values (1)")
        return [before, session.rows(question)]

    assert ask(server_of(database, "D"), "t", ENOUGH, conversation) == [[(0,)], [(0,)]]


def test_o28_the_session_really_can_not_write(database: str) -> None:
    run(database, "create table orders (n int)")
    for writing in (
        "insert into orders values (1)",
        "drop table orders",
        "create table x ()",
        "set transaction read write",
    ):
        question = Question(sql.SQL(writing).format())
        with pytest.raises(Refusal, match="reading it would write"):
            ask(server_of(database, "D"), "t", ENOUGH, lambda session, asked=question: session.rows(asked))
