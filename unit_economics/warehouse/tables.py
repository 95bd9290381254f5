"""The tables that hold a day's rows, and a row as the text that is stored: what is hashed is what is copied.

Not here: when rows are written (replace_days.py), or what they may hold (schemas.py and the migrations' constraints).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from unit_economics.exact import EXACT
from unit_economics.warehouse.ledger import SourceTotal

MONEY_STEP = Decimal("1e-12")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class Table:
    """A table of rows: its name, its columns beside asset, business_date and version, and which hold money."""

    name: str
    columns: tuple[str, ...]
    money: frozenset[str]

    def lines(self, frame: pd.DataFrame) -> dict[date, list[str]]:
        """The rows of each day as COPY text, sorted, so that the same rows always give the same lines."""
        by_day: dict[date, list[str]] = {}
        texts = [_texts(frame[column], money=column in self.money) for column in self.columns]
        for day, *fields in zip(frame["business_date"], *texts, strict=True):
            by_day.setdefault(day, []).append("\t".join(fields))
        return {day: sorted(lines) for day, lines in by_day.items()}


def content_hash(lines: Iterable[str]) -> str:
    """The hash of a day's rows."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def source_totals(frame: pd.DataFrame) -> list[SourceTotal]:
    """The `source_totals` of a delivery as they are kept: a decimal as text, since JSON's own numbers are floats."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: object) -> str | int | None:
    if isinstance(value, str | Decimal | date):
        return _text(value)
    return None if value is None or value is pd.NA or value != value else int(str(value))


def _texts(column: "pd.Series[Any]", *, money: bool) -> Iterator[str]:
    return map(_money if money else _text, column)


def _money(value: object) -> str:
    return format(value.quantize(MONEY_STEP, context=EXACT), "f") if isinstance(value, Decimal) else r"\N"


def _text(value: object) -> str:
    if value is None or value is pd.NA or value != value:  # NaN is pandas' other way to say empty
        return r"\N"
    return format(value, "f") if isinstance(value, Decimal) else str(value).translate(_ESCAPES)


UNIT_QUANTITIES = Table("unit_quantity", ("segment", "quantity", "unit"), frozenset({"quantity"}))

CHARGES = Table(
    "charge_day",
    (
        "provider_name",
        "sub_account_id",
        "service_name",
        "region_id",
        "charge_category",
        "tags",
        "billing_currency",
        "billed_cost",
        "effective_cost",
        "list_cost",
        "contracted_cost",
        "charge_rows",
    ),
    frozenset({"billed_cost", "effective_cost", "list_cost", "contracted_cost"}),
)

UNIT_COSTS = Table(
    "unit_cost",
    ("cost_scope", "billing_currency", "cost_basis", "cost", "charge_rows", "quantity", "unit", "unit_cost", "reason"),
    frozenset({"cost", "quantity"}),
)
