"""What a stand-in for Vantage remembers, in memory.

Here: business metrics with their values, the rows of costs, and reports. Not here: what a report shows
(vantage_reports.py), answering requests (vantage_desk.py).
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

Row = Mapping[str, object]
Parameters = Mapping[str, str]


class ContractError(Exception):
    """A request that the contract answers with a 4xx."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


@dataclass
class Metric:
    """A business metric: its title and its stored rows."""

    title: str
    rows: list[tuple[datetime, str, Decimal]] = field(default_factory=list)

    def merge(self, rows: Sequence[tuple[datetime, str, Decimal]]) -> None:
        """A row of the same moment and label is replaced, any other is added."""
        merged = {(moment, label): amount for moment, label, amount in [*self.rows, *rows]}
        self.rows = [(moment, label, amount) for (moment, label), amount in merged.items()]

    def delete(self, first: datetime, end: datetime, label: str | None) -> int:
        """The number of rows deleted in [first, end), of one label or of all (None)."""
        kept = [row for row in self.rows if not (first <= row[0] < end and label in {None, row[1]})]
        deleted, self.rows = len(self.rows) - len(kept), kept
        return deleted


@dataclass
class Report:
    """A cost report: the settings that it is saved with, and the scale of each business metric attached to it."""

    settings: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)


@dataclass
class Books:
    """All that the stand-in knows. `costs` are rows as GET /costs sends them, oldest first or not; every report's.

    integrations: rows as GET /integrations sends them.
    """

    token: str = field(repr=False)
    scopes: Sequence[str] = ("read", "write")
    metrics: dict[str, Metric] = field(default_factory=dict)
    costs: Sequence[Row] = ()
    reports: dict[str, Report] = field(default_factory=dict)
    integrations: Sequence[Row] = ()
    most_a_page: int = 5000
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add_metric(self, title: str) -> str:
        """The token of a new, empty business metric."""
        token = f"bsnss_mtrc_{len(self.metrics) + 1:016x}"
        self.metrics[token] = Metric(title)
        return token


def sent_rows(body: Row) -> list[tuple[datetime, str, Decimal]]:
    """The values in the body of a PUT or POST, as the contract wants them."""
    try:
        return [_sent_row(row) for row in cast("Sequence[Row]", body.get("values") or [])]
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(422, "values: a date-time and a number each") from error


def _sent_row(row: Row) -> tuple[datetime, str, Decimal]:
    moment, amount = datetime.fromisoformat(str(row["date"])), row["amount"]
    if moment.tzinfo is None or isinstance(amount, bool) or not isinstance(amount, (int, Decimal)):
        raise ValueError
    return moment.astimezone(UTC), str(row.get("label") or ""), Decimal(amount)


def stored_rows(metric: Metric, parameters: Parameters) -> list[dict[str, object]]:
    """The rows as GET values sends them: newest first, amounts as text."""
    first = _moment(parameters.get("start_date", "0001-01-01"))
    rows = sorted((row for row in metric.rows if row[0] >= first), key=lambda row: row[:2], reverse=True)
    return [
        {"date": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "amount": _decimal_text(amount), "label": label or None}
        for moment, label, amount in rows
    ]


def delete_rows(metric: Metric, parameters: Parameters) -> int:
    """The number of rows deleted, as the parameters of DELETE values say."""
    first = _moment(parameters.get("start_date", "0001-01-01"))
    last = parameters.get("end_date", "9998-12-31")
    end = _moment(last) + (timedelta(days=1) if len(last) == len("2024-01-01") else timedelta(microseconds=1))
    return metric.delete(first, end, parameters.get("label"))


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise ContractError(400, f"{written!r} is no ISO 8601 date") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _decimal_text(amount: Decimal) -> str:
    return f"{amount:f}" if "." in f"{amount:f}" else f"{amount:f}.0"
