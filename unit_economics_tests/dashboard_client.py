"""A reader's browser without a browser: the dashboard of a `World`, and what is on a page.

Here: asking and taking a page apart. Not here: expectations, or a real browser (browser/).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

from starlette.testclient import TestClient

from unit_economics.dashboard.mart.reader import reader_of
from unit_economics.dashboard.web.app import application
from unit_economics.deployment import Deployment
from unit_economics_tests.world import World


@dataclass(frozen=True)
class Shown:
    """A page as text."""

    html: str

    @property
    def headline(self) -> str:
        """The sentence at the top."""
        return self.texts("h1")[0]

    def texts(self, element: str, css_class: str = "") -> list[str]:
        """What stands in every such element."""
        named = rf'[^>]*class="[^"]*\b{css_class}\b[^"]*"' if css_class else "[^>]*"
        return [text_of(found) for found in re.findall(rf"<{element}\b{named}[^>]*>(.*?)</{element}>", self.html, re.S)]

    def rows(self, caption: str) -> list[list[str]]:
        """The body rows of the table whose caption begins so."""
        for table in re.findall(r"<table\b.*?</table>", self.html, re.S):
            if text_of(re.findall(r"<caption[^>]*>(.*?)</caption>", table, re.S)[0]).startswith(caption):
                body = table.split("<tbody>", 1)[1]
                lines = re.findall(r"<tr\b.*?</tr>", body, re.S)
                return [[text_of(cell) for cell in re.findall(r"<t[dh]\b.*?</t[dh]>", line, re.S)] for line in lines]
        raise AssertionError(f"no table {caption!r}")


def text_of(html: str) -> str:
    """The text of a piece of a page, drawings left out."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<svg\b.*?</svg>", " ", html, flags=re.S))).split())


@contextmanager
def client_of(of: Deployment, **settings: Any) -> Iterator[TestClient]:
    """The dashboard, as a browser on this machine asks it; `settings` are the test client's."""
    with TestClient(application(of, reader_of(of)), base_url="http://127.0.0.1", **settings) as client:
        client.headers["accept-language"] = "en-US"
        yield client


def page_of(of: Deployment, url: str = "/") -> Shown:
    """One page of it; every page must be had."""
    with client_of(of) as client:
        answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return Shown(answer.text)


@contextmanager
def dashboard_of(world: World) -> Iterator[TestClient]:
    """The dashboard of a world."""
    with client_of(world.deployment()) as client:
        yield client


def page(world: World, url: str = "/") -> Shown:
    """One page of a world's dashboard."""
    return page_of(world.deployment(), url)
