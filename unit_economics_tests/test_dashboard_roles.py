"""What a role is told is decided in PostgreSQL: revenue is in no answer to a viewer, whatever a panel asks for."""

import re
from collections.abc import Callable, Generator
from itertools import count
from typing import Any

import psycopg
import pytest

from unit_economics.dashboard.mart.reader import READING_URL, reader_of
from unit_economics.dashboard.pages import PAGES
from unit_economics.dashboard.web import app as dashboard_app
from unit_economics.warehouse.connection import DATABASE_URL
from unit_economics.warehouse.roles import FINANCE, VIEWER
from unit_economics_tests.dashboard_outside import browser, stocked
from unit_economics_tests.world import World

VIEWERS = """
business_day: {closes_after: PT0S}
currency: EUR
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  service: {by: {column: service_name}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.earned, day: date, quantity: amount}
dashboard: {everyone: viewer}
"""
FINANCES = VIEWERS.replace("everyone: viewer", "everyone: finance")
QUERIES = ("", "?window=7d", "?range=3y&window=12m", "?by=service", "?day=2026-03-01", "?scope=service:x")
EVERYTHING = [f"{path}{query}" for path in (*(page.path for page in PAGES), "/days.csv") for query in QUERIES]
_numbers = count()


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """A day of everything; its revenue was 98765.43 first and is 197530.86 now, and its checks say so."""
    return stocked(world(VIEWERS))


def everything(shop: World) -> str:
    """All that the dashboard ever says, in one text."""
    with browser(shop) as client:
        answers = [client.get(address) for address in EVERYTHING]
        assert {answer.status_code for answer in answers} == {200}
        return "\n".join(f"{answer.text}{answer.headers}" for answer in answers)


def amounts(text: str) -> set[str]:
    """The digits of revenue, and of what is made of it, that a text holds, however they are grouped."""
    bare = re.sub(r"(?<=\d)[,.\u2009\u202f\xa0](?=\d)", "", text)
    return {
        digits for digits in ("9876543", "98765", "19753086", "197530", "19752886", "1975", "987654") if digits in bare
    }


def test_revenue_and_margin_are_on_no_page_of_a_viewer(shop: World) -> None:
    seen = everything(shop)
    assert amounts(seen) == set()
    assert "Contribution margin" not in seen


def test_finance_sees_them_so_that_the_search_would_find_them(shop: World) -> None:
    shop.catalogue = FINANCES
    seen = everything(shop)
    assert "Contribution margin" in seen
    assert amounts(seen) >= {"98765", "1975"}


def asks_for_revenue(_page: object, scene: Any, _asset: object) -> str:
    """A panel that tries."""
    return str(scene.connection.execute("select * from daily_order_revenue").fetchall())


def test_a_panel_that_asks_for_revenue_is_refused_by_the_database(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_app, "render", asks_for_revenue)
    with browser(shop) as client:
        refused = client.get("/")
    assert refused.status_code == 503
    assert "does not let this page read as viewer" in refused.text
    assert (amounts(refused.text), "Traceback" in refused.text) == (set(), False)
    shop.catalogue = FINANCES
    with browser(shop) as client:
        assert "197530.86" in client.get("/").text


def test_without_the_role_taken_on_it_would_be_read(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_app, "render", asks_for_revenue)
    shop.sql(f"grant select on unit_economics.daily_order_revenue to {VIEWER}")
    with browser(shop) as client:
        assert "197530.86" in client.get("/").text


@pytest.fixture
def login(shop: World) -> Generator[str]:
    """A login that may do nothing but read as a viewer."""
    name = f"dashboard_{next(_numbers)}"
    shop.sql(f"create role {name} login")
    shop.sql(f"grant {VIEWER} to {name}")
    yield psycopg.conninfo.make_conninfo(shop.url, user=name)
    shop.sql(f"drop role {name}")


def test_a_login_of_the_viewers_is_enough_for_every_page_and_no_other_url_is_used(shop: World, login: str) -> None:
    shop.variables = {DATABASE_URL: "", READING_URL: login}
    assert amounts(everything(shop)) == set()


def test_that_login_is_no_way_to_finance_and_says_what_to_grant(shop: World, login: str) -> None:
    shop.catalogue, shop.variables = FINANCES, {DATABASE_URL: "", READING_URL: login}
    with browser(shop) as client:
        refused = client.get("/")
    assert refused.status_code == 503
    assert f"grant {FINANCE} to the login of {READING_URL}" in refused.text
    assert amounts(refused.text) == set()


def test_a_page_leaves_no_role_on_the_connection_that_the_next_one_gets(shop: World) -> None:
    shop.catalogue = FINANCES
    with browser(shop) as client:
        assert client.get("/").status_code == 200
    reader = reader_of(shop.deployment())
    asked = "select current_user, current_setting('transaction_read_only')"
    with reader.snapshot("finance") as connection:
        assert connection.execute(asked).fetchall() == [(FINANCE, "on")]
    with reader.snapshot("viewer") as connection:
        assert connection.execute(asked).fetchall() == [(VIEWER, "on")]
    reader.close()
