"""The calls of Vantage's API that the platform makes, one method each.

Here: paths, parameters and paging. Not here: how a call is carried out (web_api/), and what a cost or a
published value means to the platform (cost_sources/, sinks/).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self, cast

import httpx

from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.vantage import answers
from unit_economics.web_api.address import HomeAddress
from unit_economics.web_api.client import Fault, Limits, WebApi
from unit_economics.web_api.credentials import Credentials, Token
from unit_economics.web_api.place import Place
from unit_economics.web_api.strict_json import Json
from unit_economics.web_api.waits import Clock

ADDRESS = "https://api.vantage.sh/v2"
PLACE = Place(
    "Vantage",
    "VANTAGE_API_URL",
    f"{ADDRESS}, or leave it out",
    rights="business metrics need a token with the scopes read and write",
    remedy="Check the tokens and names in the catalogue",
)
MOST_PAGES = 1000
PAGE = 1000
"""Rows asked for a page of a list that has no links: the smallest maximum that any version of the contract names,
because a server that silently gives less than it was asked for would look like the end of the list."""


@dataclass(frozen=True)
class VantageApi:
    """The operations, over one connection pool; use it as a context manager."""

    http: WebApi

    @classmethod
    def connect(
        cls,
        outside: Outside,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """The API at VANTAGE_API_URL with the token in the variable called `token`; nothing is sent yet."""
        home = HomeAddress.read(outside.setting("VANTAGE_API_URL", ADDRESS), PLACE)
        secret = Credentials.bearer(Token(token, outside.secret(token)))
        limits, clock = limits or Limits(), clock or Clock(outside.now)
        return cls(WebApi(home, secret, transport=transport, limits=limits, clock=clock))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.__exit__()

    def me(self) -> Json:
        """Who the token is, and what it may do."""
        return self._get("/me")

    def cost_pages(self, parameters: Mapping[str, str]) -> Iterator[Json]:
        """Every page of costs for exactly these parameters, in the order of the links."""
        return self._pages("/costs", "costs", dict(parameters), limit=None)

    def integrations(self) -> list[Json]:
        """Every provider that Vantage reads, with its `status` and when it was `last_updated`."""
        pages = self._pages("/integrations", "integrations", {}, limit=PAGE)
        return [row for page in pages for row in answers.rows(page, "integrations", "Vantage GET /integrations")]

    def unit_costs(self, report: str, first: date, last: date) -> list[Json]:
        """What a cost report shows as the cost of a unit, day by day, of every metric that is attached to it.

        It takes no settings: it goes by those that are saved with the report (`cost_report`).
        """
        days = {"cost_report_token": report, "start_date": str(first), "end_date": str(last)}
        pages = self._pages("/unit_costs", "unit_costs", {**days, "date_bin": "day", "order": "asc"}, limit=PAGE)
        return [row for page in pages for row in answers.rows(page, "unit_costs", "Vantage GET /unit_costs")]

    def cost_report(self, report: str) -> Json:
        """One cost report, with the settings that it is saved with."""
        return self._get(f"/cost_reports/{report}")

    def metric(self, metric: str) -> Json:
        """One business metric, without its values."""
        return self._get(_path(metric))

    def values(self, metric: str, first: date) -> list[Json]:
        """Every stored row of a business metric from `first` on, all labels; the API knows no upper bound."""
        path = f"{_path(metric)}/values"
        pages = self._pages(path, "values", {"start_date": str(first)}, limit=PAGE)
        return [row for page in pages for row in answers.rows(page, "values", f"Vantage GET {path}")]

    def put_values(self, metric: str, values: Sequence[Mapping[str, object]]) -> None:
        """Merge these rows into a business metric; after a `Fault` only a read shows whether it happened."""
        self.http.call("PUT", self._url(_path(metric)), {"values": list(values)})

    def delete_day(self, metric: str, day: date, label: str) -> None:
        """Delete the rows of one day and one label; `""` is the rows without one.

        Both bounds and the label are always sent: a call that leaves them out deletes every value there is.
        """
        bounds = {"start_date": str(day), "end_date": str(day), "label": label}
        self.http.call("DELETE", self._url(f"{_path(metric)}/values", bounds))

    def find_metric(self, title: str) -> str | None:
        """The token of the business metric with exactly this title; two of them are refused."""
        pages = self._pages("/business_metrics", "business_metrics", {}, limit=PAGE)
        listed = [row for page in pages for row in answers.rows(page, "business_metrics", "Vantage")]
        tokens = [_token(row) for row in listed if row.get("title") == title]
        if len(tokens) > 1:
            raise Refusal(
                f"{len(tokens)} business metrics are called {title!r}",
                where="Vantage /business_metrics",
                remedy="Delete or rename all but one, then run it again",
            )
        return tokens[0] if tokens else None

    def create_metric(self, title: str) -> str:
        """The token of the business metric with this title, created where there is none; never sent twice."""
        found = self.find_metric(title)
        if found is not None:
            return found
        try:
            return _token(self.http.call("POST", self._url("/business_metrics"), {"title": title}))
        except Fault:
            created = self.find_metric(title)
            if created is None:
                raise
            return created

    def _url(self, path: str, parameters: Mapping[str, str] | None = None) -> httpx.URL:
        return self.http.home.url(path, dict(parameters or {}))

    def _get(self, path: str) -> Json:
        return self.http.call("GET", self._url(path))

    def _pages(self, path: str, key: str, parameters: dict[str, str], *, limit: int | None) -> Iterator[Json]:
        asked = {**parameters, "page": "1", **({"limit": str(limit)} if limit else {})}
        url: httpx.URL | None = self._url(path, asked)
        seen: set[str] = set()
        while url is not None:
            _refuse_endless(url, seen)
            page = self.http.call("GET", url)
            yield page
            is_full = limit is not None and _length(page, key) >= limit
            url = self._after(url, page, number=len(seen) + 1 if is_full else None)

    def _after(self, url: httpx.URL, page: Json, *, number: int | None) -> httpx.URL | None:
        links = page.get("links")
        if isinstance(links, dict) and "next" in links:
            written = cast("Json", links)["next"]
            if written is not None and not isinstance(written, str):
                raise Refusal("the link to the next page is no text", where=f"Vantage {url.path}", remedy="Report it")
            return self.http.home.next_url(url, written) if written else None
        return url.copy_set_param("page", str(number)) if number else None


def _length(page: Json, key: str) -> int:
    found = page.get(key)
    return len(cast("list[object]", found)) if isinstance(found, list) else 0


def _refuse_endless(url: httpx.URL, seen: set[str]) -> None:
    name = str(sorted(url.params.multi_items()))
    if name in seen or len(seen) >= MOST_PAGES:
        what = "the pages lead in a circle" if name in seen else f"there are more than {MOST_PAGES} pages"
        raise Refusal(what, where=f"Vantage {url.path}", remedy="Ask for fewer days; if it stays, report it to Vantage")
    seen.add(name)


def _path(metric: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", metric):
        raise UsageRefusal(
            "the token of the business metric holds characters that none has",
            where="environment",
            remedy="Copy it from Vantage, like bsnss_mtrc_...",
        )
    return f"/business_metrics/{metric}"


def _token(metric: Json) -> str:
    token = metric.get("token")
    if not isinstance(token, str) or not token:
        raise Refusal(
            "a business metric has no token", where="Vantage /business_metrics", remedy="Report it to Vantage"
        )
    return token
