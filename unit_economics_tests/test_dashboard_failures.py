"""What becomes of a page where the mart is away, slow, empty or refuses, an address means nothing, or code fails."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from unit_economics.dashboard.mart import lines, reader
from unit_economics.dashboard.mart.reader import READING_URL, Reader
from unit_economics.dashboard.pages import PAGES
from unit_economics.dashboard.web import app as dashboard_app
from unit_economics.refusals import Refusal, Unreachable
from unit_economics.warehouse.connection import DATABASE_URL
from unit_economics_tests.dashboard_outside import browser, serving, stocked
from unit_economics_tests.doorway import Doorway, doorway
from unit_economics_tests.faults.bad_servers import postgres_that_refuses_passwords
from unit_economics_tests.processes import await_
from unit_economics_tests.world import World

CATALOGUE = """
business_day: {closes_after: PT0S}
currency: EUR
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  market: {by: {tag: market}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.earned, day: date, quantity: amount}
"""
PATHS = [*(page.path for page in PAGES), "/days.csv", "/slices.csv", "/headline.png"]
LONGEST = 3.0
"""Seconds that a reader waits at most to be told that the mart is away."""
SLOW = "select pg_sleep(5)"


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """A mart with a day of everything."""
    return stocked(world(CATALOGUE))


@pytest.fixture
def door(shop: World) -> Iterator[Doorway]:
    """The way to that mart; the shop's dashboard takes it."""
    with doorway(shop.url) as door:
        shop.variables = {DATABASE_URL: door.url}
        yield door


def unread(client: TestClient, path: str = "/") -> httpx.Response:
    """The answer that the mart is away; it must come soon, and claim nothing."""
    begin = time.monotonic()
    answer = client.get(path)
    assert time.monotonic() - begin < LONGEST
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert claims(answer.text) == []
    assert "Nothing is lost" in answer.text
    return answer


def claims(html: str) -> list[str]:
    """What only a page that was read may say."""
    return [words for words in ("omplete to", "chip", "tile", "€", "postgresql://") if words in html]


def comes_back(client: TestClient) -> None:
    await_(lambda: client.get("/").status_code == 200, "the page is back", 10)
    assert [client.get(path).status_code for path in ("/", "/on-call")] == [200, 200]


# --- the mart away


def test_what_a_page_claims_would_be_seen(shop: World) -> None:
    with browser(shop) as client:
        assert {"omplete to", "chip", "tile"} <= {*claims(client.get("/").text)}


def test_a_dashboard_that_starts_before_its_mart_says_so_on_every_page_and_reads_it_when_it_comes(
    shop: World, door: Doorway
) -> None:
    door.shut()
    with browser(shop) as client:
        for path in PATHS:
            unread(client, path)
        door.open()
        comes_back(client)


def test_a_mart_that_takes_connections_and_never_answers_is_away_too(shop: World, door: Doorway) -> None:
    door.silent = True
    with browser(shop) as client:
        unread(client)
        door.silent = False
        comes_back(client)


@pytest.mark.parametrize("how", ["shut", "silent"])
def test_a_mart_that_goes_while_pages_are_read_and_comes_back(how: str, shop: World, door: Doorway) -> None:
    with browser(shop) as client:
        assert at_once(client, 20) == {200}, "so that every connection is made and kept"
        if how == "shut":
            door.shut()
        else:
            door.silent = True
        unread(client)
        unread(client, "/on-call")
        if how == "shut":
            door.open()
        door.silent = False
        comes_back(client)


def test_who_waits_behind_a_mart_that_is_away_is_told_as_soon(shop: World, door: Doorway) -> None:
    door.silent = True
    with browser(shop) as client:
        begin = time.monotonic()
        assert at_once(client, 20) == {503}
        assert time.monotonic() - begin < LONGEST


def test_a_mart_that_falls_silent_within_a_page_is_left(
    shop: World, door: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render(_page: object, scene: Any, _asset: object) -> str:
        door.silent = True
        scene.connection.execute("select 1")
        return "read"

    monkeypatch.setattr(reader, "PAGE_SECONDS", 0.5)
    monkeypatch.setattr(dashboard_app, "render", render)
    with browser(shop) as client:
        unread(client)


def at_once(client: TestClient, times: int, path: str = "/") -> set[int]:
    """The statuses of so many requests at the same time."""
    with ThreadPoolExecutor(times) as pool:
        return {answer.status_code for answer in pool.map(lambda _: client.get(path), range(times))}


# --- connections


def connections(shop: World) -> list[int]:
    query = "select pid from pg_stat_activity where datname = current_database() and application_name = %s"
    return [pid for (pid,) in shop.sql(query, "unit-economics dashboard")]


def test_twenty_readers_at_once_are_all_answered_over_four_connections(shop: World) -> None:
    with browser(shop) as client:
        assert at_once(client, 20) == {200}
        assert 1 <= len(connections(shop)) <= lines.MOST_CONNECTIONS == 4


def test_connections_that_were_killed_are_replaced_without_a_page_lost(shop: World) -> None:
    with browser(shop) as client:
        assert at_once(client, 20) == {200}
        killed = connections(shop)
        for pid in killed:
            shop.sql("select pg_terminate_backend(%s)", pid)
        assert client.get("/").status_code == 200
        assert at_once(client, 20) == {200}
        assert not {*killed} & {*connections(shop)}


def test_without_the_question_whether_it_lives_a_killed_connection_would_cost_a_page(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_answers", lambda _: True)
    with browser(shop) as client:
        assert client.get("/").status_code == 200
        shop.sql("select pg_terminate_backend(%s)", *connections(shop))
        assert client.get("/").status_code == 503
        assert client.get("/").status_code == 200


def test_a_page_for_which_no_connection_comes_free_says_so(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TURN_SECONDS", 0.1)
    with closing(Reader(shop.url)) as of:
        with ExitStack() as held:
            for _ in range(lines.MOST_CONNECTIONS):
                held.enter_context(of.snapshot("viewer"))
            with pytest.raises(Unreachable, match="more pages to answer"), of.snapshot("viewer"):
                raise AssertionError
        assert _reads(of)


def _reads(of: Reader) -> bool:
    with of.snapshot("viewer") as connection:
        return connection.execute("select 1").fetchall() == [(1,)]


def test_a_question_that_takes_too_long_is_given_up(shop: World) -> None:
    begin = time.monotonic()
    with closing(Reader(shop.url)) as of:
        with pytest.raises(Unreachable, match="did not answer within 2 s"), of.snapshot("viewer") as connection:
            connection.execute(SLOW)
        assert time.monotonic() - begin < LONGEST
        assert _reads(of)


def test_a_table_that_somebody_locks_holds_no_page_up(shop: World) -> None:
    with psycopg.connect(shop.url) as other, browser(shop) as client:
        assert client.get("/").status_code == 200
        other.execute("lock table unit_economics.ledger in access exclusive mode")
        assert "did not answer within 2 s" in unread(client).text
        other.rollback()
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        "create table x ()",
        "set transaction read write",
        "update alerts set title = 'x'",
        "reset role; delete from verdict",
    ],
)
def test_a_page_can_not_write(wish: str, shop: World) -> None:
    refused = pytest.raises((psycopg.Error, Refusal))
    with closing(Reader(shop.url)) as of, refused, of.snapshot("finance") as connection:
        connection.execute("select 1")
        connection.execute(wish.encode())
        raise AssertionError(wish)


# --- an empty mart, and one of another release


def test_a_mart_that_was_never_used_is_made_by_the_first_page(world: Callable[..., World]) -> None:
    empty = world(CATALOGUE)
    with browser(empty) as client:
        assert empty.sql("select to_regnamespace('unit_economics')") == [(None,)], "not by starting"
        pages = {path: client.get(path) for path in ("/", "/on-call")}
    assert {answer.status_code for answer in pages.values()} == {200}
    assert "No complete day of cost_per_order yet" in pages["/"].text


def test_who_may_only_read_makes_nothing_and_is_told_what_to_run(shop: World) -> None:
    shop.sql("drop schema unit_economics cascade")
    shop.variables = {DATABASE_URL: "", READING_URL: shop.url}
    with browser(shop) as client:
        answer = client.get("/")
    assert answer.status_code == 503
    assert "has not got what this release reads" in answer.text
    assert "unit-economics doctor" in answer.text
    assert shop.sql("select to_regnamespace('unit_economics')") == [(None,)]


def test_a_login_that_there_is_not_is_named_in_the_log_and_on_no_page(
    shop: World, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = psycopg.conninfo.make_conninfo(shop.url, user="nobody_at_all")
    shop.variables = {READING_URL: wrong}
    host = psycopg.conninfo.conninfo_to_dict(wrong)["host"]
    with browser(shop) as client:
        pages = [client.get(path) for path in PATHS]
    assert {page.status_code for page in pages} == {503}
    assert not any(word in page.text for page in pages for word in ("nobody_at_all", str(host), "FATAL"))
    assert 'role "nobody_at_all" does not exist' in caplog.text
    assert str(host) in caplog.text


def test_a_mart_of_a_newer_release_is_not_touched_and_says_which_to_run(shop: World) -> None:
    shop.sql("insert into unit_economics.migration (number, name, checksum) values (9999, 'later', 'x')")
    with browser(shop) as client:
        answer = client.get("/")
    assert answer.status_code == 503
    assert "run the release that last wrote to this database" in answer.text


# --- addresses that mean nothing

MARK = "<zq'\"&>"
NAMES = st.sampled_from(["metric", "scope", "by", "window", "range", "to", "day", "x", MARK])
TEXTS = st.one_of(
    st.text(max_size=40).map(lambda text: quote(text + MARK, safe="")),
    st.binary(max_size=20).map(lambda data: quote(data, safe="")),
    st.dates().map(str),
    st.sampled_from(
        [
            *("cost_per_order", "all", "market", "market:", "market:market=", "all:x", "7d", "12m", "3y", "1990-01-01"),
            *("2199-12-31", "0001-01-01", "9999-12-31", "2026-02-30", "2026-W10-1", "20260301", "%00", "%ff", "%"),
            *(quote("market:market=" + MARK), "market:%00", "x" * 30_000, "%3C" * 10_000, "&" * 30_000),
        ]
    ),
)
SOUND = st.fixed_dictionaries(
    {},
    optional={
        "scope": st.sampled_from(["all", "market", "market:market=", quote("market:market=" + MARK)]),
        "window": st.sampled_from(["7d", "28d", "90d", "12m"]),
        "range": st.sampled_from(["90d", "12m", "3y"]),
        "by": st.sampled_from(["market", ""]),
        "to": st.dates(date(1990, 1, 1), date(2199, 12, 31)).map(str),
        "day": st.dates(date(1990, 1, 1), date(2199, 12, 31)).map(str),
    },
)
QUERIES = st.tuples(SOUND, st.lists(st.tuples(NAMES.map(quote), TEXTS), max_size=1)).map(
    lambda parts: "&".join(f"{name}={value}" for name, value in [*parts[0].items(), *parts[1]])
)


def test_no_query_is_a_fault_and_nothing_of_it_comes_back_as_markup(shop: World) -> None:
    statuses: list[int] = []
    with browser(shop) as client:

        @settings(max_examples=150, suppress_health_check=[*HealthCheck])
        @given(st.sampled_from([*PATHS, "/static/x/y", "/nothing"]), QUERIES, st.text(max_size=20))
        @example("/", f"scope=market:{quote(MARK)}&to=1990-01-01&range=3y", MARK)
        @example("/debug", "day=1990-01-01&to=2199-12-31", "x")
        @example("/", "scope=market:market=%00", "en")
        def ask(path: str, query: str, language: str) -> None:
            headers = {"accept-language": quote(language)}
            answer = client.get(f"{path}?{query}", headers=headers)
            statuses.append(answer.status_code)
            assert answer.status_code in (200, 404)
            assert len(answer.content) < 100_000
            assert answer.headers["content-type"].startswith(("text/csv", "image/png")) or "<zq" not in answer.text

        ask()
    assert min(statuses.count(status) for status in (200, 404)) > 30


@pytest.mark.parametrize(
    "address",
    [
        *("/?metric=cost_per_cat", "/?scope=nothing", "/?window=6d", "/?range=1d", "/?by=nothing", "/?to=yesterday"),
        *("/?to=0001-01-01", "/?day=2026-02-30", "/?scope=market:" + "x" * 601, "/?scope=market:%00", "/none"),
    ],
)
def test_an_address_that_means_nothing_is_not_found_and_leads_home(address: str, shop: World) -> None:
    with browser(shop) as client:
        answer = client.get(address)
    assert answer.status_code == 404
    assert '<a href="/">To the executive page</a>' in answer.text
    assert len(answer.text) < 5_000


def test_a_slice_that_there_is_not_has_an_empty_page(shop: World) -> None:
    with browser(shop) as client:
        answer = client.get("/?scope=market:market%3DAtlantis")
    assert answer.status_code == 200
    assert "Atlantis" in answer.text


# --- faults of the program


def _broken(*_: object) -> str:
    raise ZeroDivisionError("canary-in-the-fault")


def test_a_fault_tells_the_reader_nothing_and_the_log_all(
    shop: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dashboard_app, "render", _broken)
    with serving(shop) as url, httpx.Client(trust_env=False) as client:
        answer = client.get(url)
    assert answer.status_code == 500
    assert not any(word in answer.text for word in ("canary", "ZeroDivision", "Traceback", ".py", "chip"))
    assert "fault of the program" in answer.text
    [logged] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "canary-in-the-fault" in str(logged.exc_info)


def test_an_ordinary_failure_is_one_line_of_the_log_with_server_and_reason(
    shop: World, door: Doorway, caplog: pytest.LogCaptureFixture
) -> None:
    door.shut()
    with browser(shop) as client:
        unread(client)
    [logged] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert f"127.0.0.1:{door.port} (UNIT_ECONOMICS_DATABASE_URL)" in logged
    assert "Connection refused" in logged
    assert "\n" not in logged


@pytest.mark.parametrize("variable", [DATABASE_URL, READING_URL])
@pytest.mark.parametrize("how", ["closed", "refusing"])
def test_the_password_is_in_no_page_and_no_log(
    how: str, variable: str, shop: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = ("canary%2Fword", "canary/word", "canaryuser")
    caplog.set_level(logging.DEBUG)
    with postgres_that_refuses_passwords() as port:
        at = f"127.0.0.1:{port if how == 'refusing' else 1}/db"
        shop.variables = {variable: f"postgresql://{secrets[2]}:{secrets[0]}@{at}"}
        with browser(shop) as client:
            said = [client.get(path).text for path in ("/", "/on-call", "/health", "/nothing")]
    said += [caplog.text, *capfd.readouterr()]
    assert "does not answer" in said[0]
    assert not any(secret in text for secret in secrets[:2] for text in said)
    assert not any(secrets[2] in page for page in said[:4])
