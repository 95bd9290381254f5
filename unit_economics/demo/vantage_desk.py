"""How a stand-in for Vantage answers a request, without any network.

Here: the part of the published contract that the platform uses. Not here: what is remembered (vantage_books.py),
serving it (vantage_server.py), and misbehaving (the tests do that).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast
from urllib.parse import urlencode

from unit_economics.demo.vantage_books import (
    Books,
    ContractError,
    Metric,
    Parameters,
    Row,
    delete_rows,
    sent_rows,
    stored_rows,
)
from unit_economics.demo.vantage_reports import cost_rows, report_of, shown_report, unit_cost_rows

_HOURLY = 1000


@dataclass(frozen=True)
class Asked:
    """One request: `base` is the scheme and host it came in by, `path` begins after /v2."""

    method: str
    path: str
    parameters: Parameters = field(default_factory=dict)
    authorization: str = ""
    body: bytes = b""
    base: str = "http://127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """One answer: its status, JSON content and headers."""

    status: int
    content: object
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The content as it goes over the wire."""
        return json.dumps(self.content).encode()


@dataclass(frozen=True)
class Desk:
    """Answers from the books, one request at a time."""

    books: Books

    def answer(self, asked: Asked) -> Answer:
        """The answer to one request; one at a time."""
        with self.books.lock:
            self.books.asked += 1
            try:
                status, content = self._answer(asked)
            except ContractError as error:
                status, content = error.status, {"errors": [str(error)]}
        return Answer(status, content, self._rate_limit())

    def _answer(self, asked: Asked) -> tuple[int, object]:
        self._refuse_stranger(asked)
        match [asked.method, *asked.path.strip("/").split("/")]:
            case ["GET", "ping"]:
                return 200, {}
            case ["GET", "me"]:
                return 200, self._me()
            case ["GET", ("costs" | "unit_costs" | "cost_reports") as what, *rest]:
                return 200, self._of_money(asked, what, rest)
            case ["GET", "integrations"]:
                return 200, self._page(asked, "integrations", self.books.integrations)
            case ["GET", "business_metrics"]:
                listed = [_shown(token, metric) for token, metric in self.books.metrics.items()]
                return 200, self._page(asked, "business_metrics", listed)
            case ["POST", "business_metrics"]:
                return 201, self._create(_object(asked.body))
            case [_, "business_metrics", token, *rest] if token in self.books.metrics:
                return self._metric(asked, token, rest)
            case _:
                raise ContractError(404, "Not found")

    def _refuse_stranger(self, asked: Asked) -> None:
        if asked.authorization != f"Bearer {self.books.token}":
            raise ContractError(401, "Unauthorized")
        if asked.method != "GET" and "write" not in self.books.scopes:
            raise ContractError(403, "The token has no write scope")

    def _of_money(self, asked: Asked, what: str, rest: Sequence[str]) -> object:
        match [what, *rest]:
            case ["costs"]:
                return self._costs(asked)
            case ["unit_costs"]:
                return self._page(asked, what, unit_cost_rows(self.books, asked.parameters))
            case ["cost_reports", token]:
                return shown_report(token, report_of(self.books, token))
            case _:
                raise ContractError(404, "Not found")

    def _metric(self, asked: Asked, token: str, rest: Sequence[str]) -> tuple[int, object]:
        metric = self.books.metrics[token]
        match [asked.method, *rest]:
            case ["GET"]:
                return 200, _shown(token, metric)
            case ["PUT"]:
                metric.merge(sent_rows(_object(asked.body)))
                return 200, _shown(token, metric)
            case ["GET", "values"]:
                return 200, self._page(asked, "values", stored_rows(metric, asked.parameters))
            case ["DELETE", "values"]:
                return 200, {"deleted_count": delete_rows(metric, asked.parameters)}
            case _:
                raise ContractError(404, "Not found")

    def _create(self, body: Row) -> object:
        title = body.get("title")
        if not isinstance(title, str) or not title:
            raise ContractError(422, "title is missing")
        token = self.books.add_metric(title)
        self.books.metrics[token].merge(sent_rows(body))
        return _shown(token, self.books.metrics[token])

    def _costs(self, asked: Asked) -> object:
        rows = cost_rows(self.books, asked.parameters)
        rows.sort(key=lambda row: str(row["accrued_at"]), reverse=asked.parameters.get("order") != "asc")
        total = sum((Decimal(str(row["amount"])) for row in rows), Decimal(0)).quantize(Decimal("0.01"))
        currency = rows[0]["currency"] if rows else "USD"
        return {**self._page(asked, "costs", rows), "total_cost": {"amount": str(total), "currency": currency}}

    def _page(self, asked: Asked, key: str, rows: Sequence[object]) -> dict[str, object]:
        number, limit = _natural(asked, "page", 1), min(_natural(asked, "limit", 1000), self.books.most_a_page)
        last = max(1, -(-len(rows) // limit))
        links = {"self": number, "first": 1, "next": number + 1, "last": last, "prev": number - 1}
        urls = {name: _link(asked, page) if 1 <= page <= last else None for name, page in links.items()}
        return {"links": urls, key: rows[(number - 1) * limit : number * limit]}

    def _me(self) -> object:
        bearer = {"description": "stand-in", "created_at": "2024-01-01T00:00:00Z", "scope": list(self.books.scopes)}
        return {"default_workspace_token": "wrkspc_standin", "workspaces": [], "bearer_token": bearer}

    def _rate_limit(self) -> dict[str, str]:
        reset = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        left = max(0, _HOURLY - self.books.asked % _HOURLY)
        return {
            "x-rate-limit-limit": str(_HOURLY),
            "x-rate-limit-remaining": str(left),
            "x-rate-limit-reset": str(int(reset.timestamp())),
        }


def _shown(token: str, metric: Metric) -> dict[str, object]:
    empty: dict[str, object] = {"cost_report_tokens_with_metadata": [], "import_type": "csv", "integration_token": ""}
    return {"token": token, "title": metric.title, "created_by_token": "usr_standin", **empty}


def _object(body: bytes) -> Row:
    refuse: Callable[[str], object] = _no_number
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=refuse)
    except ValueError as error:
        raise ContractError(400, "the body is not JSON") from error
    if not isinstance(found, dict):
        raise ContractError(400, "the body is not an object")
    return cast("Row", found)


def _no_number(name: str) -> object:
    raise ValueError(name)


def _natural(asked: Asked, name: str, default: int) -> int:
    written = asked.parameters.get(name, str(default))
    if not written.isascii() or not written.isdigit() or not 1 <= int(written) <= 10**6:
        raise ContractError(400, f"{name} must be 1 or more")
    return int(written)


def _link(asked: Asked, page: int) -> str:
    return f"{asked.base}/v2{asked.path}?{urlencode({**asked.parameters, 'page': str(page)})}"
