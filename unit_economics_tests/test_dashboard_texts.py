"""Texts of bills, orders, catalogue and checks stay texts on every page, in every drawing, file and island of data."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.testclient import TestClient

from unit_economics.dashboard import render
from unit_economics.dashboard.charts import svg
from unit_economics.dashboard.pages import PAGES
from unit_economics.dashboard.render import templates
from unit_economics_tests.dashboard_outside import browser, inline_code
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

ENDS = "</script><zqx>"
QUOTES = "\"><img src=x onzq=1><b zq='"
LINK = "javascript:zqx('1')"
TURNED = "\u202egnik\u2066\u200bzq\ufeff\u0085"
CDATA = "]]></svg><zqx zq=1>&lt;zqx&gt;<!--"
FORMULA = "=cmd|'/zq'!A1"
PAYLOADS = (ENDS, QUOTES, LINK, TURNED, CDATA, FORMULA)
CATALOGUE = f"""
business_day: {{closes_after: PT0S}}
cost_sources:
  bill: {{kind: focus, path: ./focus}}
cost_scopes:
  all: {{}}
  market: {{by: {{tag: market}}}}
  service: {{by: {{column: service_name}}}}
  paid: {{where: {{tags: {{market: {json.dumps(ENDS)}}}}}}}
metrics:
  cost_per_order:
    unit: {json.dumps(ENDS)}
    owner: team:zq
    units:
      {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n, segment: market}}
dashboard: {{dagster: "http://127.0.0.1:3000"}}
"""
FIRST, LAST = date(2026, 3, 7), date(2026, 3, 20)
DAYS = [FIRST + timedelta(days=n) for n in range(14)]


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Two weeks whose markets, services, segments, run, reasons and alerts are all hostile."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 24, 9, tzinfo=UTC)
    shop.sql("create table public.counted (date date, market text, n bigint)")
    rows: list[dict[str, str]] = []
    for number, day in enumerate(DAYS):
        for part, text in enumerate(PAYLOADS):
            shop.sql("insert into public.counted values (%s, %s, %s)", day, text, 100 + 10 * part + number)
            hours = {"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"}
            tags = json.dumps({"market": text})
            rows.append(charge(**hours, EffectiveCost=str(50 + part * number), Tags=tags, ServiceName=text))
    write_bill(shop.folder / "focus", *rows)
    assert shop.run(str(FIRST), str(LAST)).success
    shop.catalogue = CATALOGUE.replace("team:zq", json.dumps(QUOTES))
    said = [{"check": CDATA, "what": text} for text in PAYLOADS]
    shop.sql("update unit_economics.verdict set failures = %s, passed = false", json.dumps(said))
    shop.sql("update unit_economics.ledger set run_id = %s", QUOTES)
    shop.sql("update unit_economics.attempt set run_id = %s", LINK)
    for text in PAYLOADS:
        put = "insert into unit_economics.outbox (cause, title, body) values (%s, %s, %s)"
        shop.sql(put, f"check/daily_orders/{text}", text, text)
    return shop


@pytest.fixture
def client(shop: World) -> Iterator[TestClient]:
    with browser(shop) as client:
        yield client


class _Taken(HTMLParser):
    """A page taken apart: its texts, its elements, and the data in its islands."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts, self.islands, self.foreign = list[str](), list[str](), list[str]()
        self._in_script = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        self.foreign += [tag] if tag in ("zqx", "img") else []
        self.foreign += [f"{tag} {name}" for name, _ in attrs if "zq" in name or name.startswith("on")]
        self.foreign += [
            f"{tag} to {value}" for _, value in attrs if (value or "").lower().lstrip().startswith("javascript:")
        ]
        self.texts += [value for _, value in attrs if value]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # the parser's signature
        self._in_script = False

    def handle_comment(self, data: str) -> None:
        self.foreign.append(f"comment {data}")

    def handle_data(self, data: str) -> None:
        (self.islands if self._in_script and data.strip() else self.texts).append(data)


VIEWS = [
    *(f"{page.path}?window=7d&by={by}" for page in PAGES for by in ("market", "service")),
    *(f"{page.path}?window=7d&day={LAST}&scope=paid" for page in PAGES),
]


def of_slices(text: str) -> list[tuple[str, dict[str, str]]]:
    """The pages about one slice."""
    scopes = [f"market:market={text}", f"service:{text}"]
    return [(page.path, {"window": "7d", "scope": scope}) for page in PAGES for scope in scopes]


def test_nothing_on_any_page_came_from_a_text(client: TestClient) -> None:
    asked: list[tuple[str, dict[str, str] | None]] = [(view, None) for view in VIEWS]
    asked += [one for text in PAYLOADS for one in of_slices(text)]
    seen: list[str] = []
    for address, query in asked:
        answer = client.get(address, params=query)
        assert answer.status_code == 200, (address, query)
        page = _Taken(answer.text)
        assert (page.foreign, inline_code(answer.text)) == ([], []), (address, query)
        assert all(isinstance(json.loads(island), dict) and "<" not in island for island in page.islands)
        seen += page.texts
    together = "\n".join(seen)
    assert [text for text in PAYLOADS if text not in together] == [], "they are all shown, so they were all tried"


@pytest.mark.parametrize("text", [ENDS, QUOTES, CDATA, f'<a href="{LINK}">'])
def test_a_text_that_is_not_escaped_would_be_seen(text: str) -> None:
    assert _Taken(f"<p title='{text}'>").foreign or _Taken(f"<p>{text}</p>").foreign


@pytest.mark.parametrize("careless", ["the templates", "the drawings"])
def test_templates_or_drawings_that_escape_nothing_would_be_seen(
    careless: str, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    if careless == "the templates":
        bare = templates().overlay(autoescape=False)
        monkeypatch.setattr(render, "templates", lambda: bare)
    else:
        monkeypatch.setattr(svg, "_escaped", str)
    assert _Taken(client.get("/?window=7d&by=market").text).foreign


def test_in_a_file_a_text_is_one_cell(client: TestClient) -> None:
    answer = client.get("/slices.csv?window=7d&by=market")
    assert answer.headers["content-type"].startswith("text/csv"), answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert {row["name"].removeprefix("'") for row in rows} == {*PAYLOADS}
    assert not any(row["name"].startswith("=") for row in rows), "a spreadsheet would reckon with it"


def test_a_picture_can_be_drawn_of_any_text(client: TestClient) -> None:
    for text in PAYLOADS:
        params: dict[str, Any] = {"window": "7d", "scope": f"market:market={text}"}
        answer = client.get("/headline.png", params=params)
        assert (answer.status_code, answer.content[:4]) == (200, b"\x89PNG")
