"""The tables that hold a day's rows, and a row as the text that is stored: what is hashed is what is copied.

Not here: when rows are written (replace_days.py), or what they may hold (schemas.py and the migrations' constraints).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from unit_economics.exact import EXACT, MONEY_STEP
from unit_economics.schemas import INVOICED_BY, MARGIN_PARTS, MARGIN_RATIOS, MARGIN_SUMS
from unit_economics.warehouse.ledger import SourceTotal

_QUANTIZE = EXACT.quantize
_EMPTY = r"\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class Table:
    """A table of rows: its name, its columns beside asset, business_date and version, and which hold money."""

    name: str
    columns: tuple[str, ...]
    money: frozenset[str]

    def lines(self, frame: pd.DataFrame) -> dict[date, list[str]]:
        """The rows of each day as COPY text, sorted, so that the same rows always give the same lines."""
        by_day: dict[date, list[str]] = defaultdict(list)
        texts = [_texts(frame[column], money=column in self.money) for column in self.columns]
        lines = map("\t".join, zip(*texts, strict=True))
        for day, line in zip(frame["business_date"].tolist(), lines, strict=True):
            by_day[day].append(line)
        return {day: sorted(of_day) for day, of_day in by_day.items()}


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
    if money:
        return map(_money, column.tolist())
    of_one_type = column.dtype.kind in "ib"  # whole numbers or truths, and none of them empty
    return map(str if of_one_type else _Texts().__getitem__, column.tolist())


def _money(value: object) -> str:
    if not isinstance(value, Decimal):
        return _EMPTY
    text = str(_QUANTIZE(value, MONEY_STEP))  # twice as fast as format(), but for small amounts it says 1E-12
    return format(Decimal(text), "f") if "E" in text else text


class _Texts(dict[object, str]):
    """The text of each value of a column: a dimension has few of them, so most are looked up."""

    def __missing__(self, value: object) -> str:
        text = _text(value)
        if value is None or type(value) is str:  # others may be equal and still have two texts: 1 and True
            self[value] = text
        return text


def _text(value: object) -> str:
    if value is None or value is pd.NA or value != value:  # NaN is pandas' other way to say empty
        return _EMPTY
    return format(value, "f") if isinstance(value, Decimal) else str(value).translate(_ESCAPES)


UNIT_QUANTITIES = Table("unit_quantity", ("segment", "quantity", "unit"), frozenset({"quantity"}))

SLICED_QUANTITIES = Table("unit_quantity", ("segment", "dimensions", "quantity", "unit"), frozenset({"quantity"}))
"""The same where a source tells dimensions; without any, a row says nothing of them and is what it always was."""

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

RULED_CHARGES = Table("charge_day", (*CHARGES.columns, "taken_by", "is_untagged"), CHARGES.money)
"""The same where the catalogue has rules; without any, a row says nothing of them and is what it always was."""

INVOICED_COSTS = Table("invoiced_cost", (*INVOICED_BY, "billed_cost", "charge_rows"), frozenset({"billed_cost"}))

ALLOCATED_COSTS = Table(
    "allocated_cost",
    (
        "cost_scope",
        "billing_currency",
        "cost_basis",
        "variant",
        "step",
        "rule",
        "source",
        "target",
        "amount",
        "untagged",
        "charge_rows",
    ),
    frozenset({"amount", "untagged"}),
)

UNIT_COST_SLICES = Table(
    "unit_cost_slice",
    (
        *("slice", "dimensions", "cost_scope", "billing_currency", "cost_basis", "cost", "charge_rows"),
        *("quantity", "unit", "unit_cost", "reason"),
    ),
    frozenset({"cost", "quantity"}),
)

UNIT_COSTS = Table(
    "unit_cost",
    ("cost_scope", "billing_currency", "cost_basis", "cost", "charge_rows", "quantity", "unit", "unit_cost", "reason"),
    frozenset({"cost", "quantity"}),
)

EXCHANGE_RATES = Table(
    "exchange_rate", ("currency", "rate", "rate_date", "reporting_currency", "source"), frozenset[str]()
)

UNIT_MARGINS = Table(
    "unit_margin",
    (
        *("currency", "quantity", "unit", *MARGIN_PARTS, "refunds_basis", *MARGIN_SUMS),
        *("margin_after", "contribution_margin", *MARGIN_RATIOS, "reason"),
    ),
    frozenset(("quantity", *MARGIN_PARTS, *MARGIN_SUMS, "contribution_margin")),
)

FORMULA_VALUES = Table("formula_value", ("value", "unit", "reason", "inputs"), frozenset())
