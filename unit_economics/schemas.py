"""The data contract: what a row must look like before it may be stored (pandera).

Here: one schema a kind of row, and nothing else. Validate with `lazy=True`; columns are strict and never coerced.
Not here: judgements that need history or another source (checks.py).

Money and quantities are `Decimal` in object columns: pandas has no exact decimal of its own.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandas.api.types import infer_dtype

from unit_economics.currencies import CURRENCIES
from unit_economics.exact import LARGEST, LARGEST_RATE, RATE_DECIMALS

CHARGE_CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment", "n/a")
"""FOCUS 1.0-1.3 `ChargeCategory`; `n/a` for a source that has no such column."""

COSTS = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")
DIMENSIONS = (
    "provider_name",
    "sub_account_id",
    "service_name",
    "region_id",
    "charge_category",
    "tags",
    "billing_currency",
    "taken_by",
    "is_untagged",
)


def _is_exact(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value.copy_abs() < LARGEST


def _is_quantity(value: object) -> bool:
    return isinstance(value, Decimal) and _is_exact(value) and value >= 0


def _is_rate(value: object) -> bool:
    if not (isinstance(value, Decimal) and value.is_finite() and 0 < value < LARGEST_RATE):
        return False
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -RATE_DECIMALS


def _each(rule: Callable[[object], bool], what: str) -> pa.Check:
    return pa.Check(lambda column: column.map(rule), error=what)


def _date() -> pa.Column:
    return pa.Column(object, _each(lambda v: type(v) is date, "a calendar date"))


def _text(*, nullable: bool = False, checks: pa.Check | None = None) -> pa.Column:
    return pa.Column(object, [_IS_TEXT, *([checks] if checks else [])], nullable=nullable)


def _are_texts(column: "pd.Series[Any]") -> "pd.Series[bool] | bool":
    """True where all are, which pandas sees ten times faster than Python; else of each."""
    return infer_dtype(column) == "string" or column.map(lambda value: isinstance(value, str))


_IS_TEXT = pa.Check(_are_texts, error="text")


def _money(*, nullable: bool = True) -> pa.Column:
    return pa.Column(object, _each(_is_exact, "a finite decimal"), nullable=nullable)


def _currency() -> pa.Column:
    return _text(checks=pa.Check.isin(CURRENCIES, error="a currency of ISO 4217"))


def _count(least: int) -> pa.Column:
    return pa.Column("int64", pa.Check.ge(least))


CHARGES = pa.DataFrameSchema(
    {
        "business_date": _date(),
        "provider_name": _text(),
        "sub_account_id": _text(nullable=True),
        "service_name": _text(nullable=True),
        "region_id": _text(nullable=True),
        "charge_category": _text(checks=pa.Check.isin(CHARGE_CATEGORIES)),
        "tags": _text(),
        "billing_currency": _currency(),
        "taken_by": _text(),
        "is_untagged": pa.Column(object, _each(lambda v: type(v) is bool, "true or false")),
        **{cost: _money() for cost in COSTS},
        "charge_rows": _count(1),
    },
    strict=True,
    ordered=True,
    unique=["business_date", *DIMENSIONS],
    name="charges",
)
"""Charges of a day, summed by the dimensions. `tags` is canonical JSON of the kept keys, `{}` where there are none.
`taken_by` is canonical JSON too: by cost scope with rules, the rule that took the charge (`rules.taken_by`).
A cost is empty (None) where the source does not state it; at least one of billed and effective is stated."""

INVOICED_BY = (
    *("provider_name", "publisher_name", "invoice_issuer_name", "billing_account_id", "invoice_id", "billing_period"),
    *("service_name", "charge_category", "charge_class", "billing_currency"),
)

INVOICED_COSTS = pa.DataFrameSchema(
    {
        "business_date": _date(),
        "provider_name": _text(),
        "publisher_name": _text(nullable=True),
        "invoice_issuer_name": _text(nullable=True),
        "billing_account_id": _text(nullable=True),
        "invoice_id": _text(nullable=True),
        "billing_period": pa.Column(object, _each(lambda v: type(v) is date, "a calendar date"), nullable=True),
        "service_name": _text(nullable=True),
        "charge_category": _text(checks=pa.Check.isin(CHARGE_CATEGORIES)),
        "charge_class": _text(nullable=True),
        "billing_currency": _currency(),
        "billed_cost": _money(nullable=False),
        "charge_rows": _count(1),
    },
    strict=True,
    ordered=True,
    unique=["business_date", *INVOICED_BY],
    name="invoiced_costs",
)
"""What a day was billed by invoice; `billing_period` is the day on which the period of the invoice starts."""

UNITS = pa.DataFrameSchema(
    {
        "business_date": _date(),
        "segment": _text(),
        "quantity": pa.Column(object, _each(_is_quantity, "a finite decimal, 0 or more")),
        "unit": _text(),
    },
    strict=True,
    ordered=True,
    unique=["business_date", "segment"],
    name="units",
)
"""Units of a day: one row a day and segment (`all` where there are no segments)."""

SLICED_UNITS = pa.DataFrameSchema(
    {
        "business_date": _date(),
        "segment": _text(),
        "dimensions": _text(),
        "quantity": pa.Column(object, _each(_is_quantity, "a finite decimal, 0 or more")),
        "unit": _text(),
    },
    strict=True,
    ordered=True,
    unique=["business_date", "dimensions"],
    name="sliced units",
)
"""Units of a day told apart by dimensions: `dimensions` is canonical JSON of their values, the segment is `all`."""

ALLOCATED_COSTS = pa.DataFrameSchema(
    {
        "business_date": _date(),
        "cost_scope": _text(),
        "billing_currency": _currency(),
        "cost_basis": _text(),
        "variant": _text(),
        "step": _count(0),
        "rule": _text(),
        "source": _text(nullable=True),
        "target": _text(),
        "amount": _money(),
        "untagged": _money(),
        "charge_rows": _count(0),
    },
    strict=True,
    ordered=True,
    unique=["business_date", "cost_scope", "billing_currency", "variant", "step", "rule", "source", "target"],
    name="allocated_costs",
)
"""What each target pays, direct (step 0) and shared, in double entry; `variant` is empty for the declared keys."""

_EXPLAINED = pa.Check(
    lambda frame: frame["unit_cost"].isna() == frame["reason"].notna(),
    error="a unit cost, or the reason why there is none",
)

UNIT_COSTS = pa.DataFrameSchema(
    {
        "metric": _text(),
        "business_date": _date(),
        "cost_scope": _text(),
        "billing_currency": _currency(),
        "cost_basis": _text(),
        "cost": _money(),
        "charge_rows": _count(0),
        "quantity": _money(),
        "unit": _text(),
        "unit_cost": _money(),
        "reason": _text(nullable=True),
    },
    checks=_EXPLAINED,
    strict=True,
    ordered=True,
    unique=["metric", "business_date", "cost_scope", "billing_currency"],
    name="unit_costs",
)

EXCHANGE_RATES = pa.DataFrameSchema(
    {
        "business_date": _date(),
        "currency": _currency(),
        "rate": pa.Column(object, _each(_is_rate, "a finite decimal above 0, of 18 decimals at most")),
        "rate_date": _date(),
        "reporting_currency": _currency(),
        "source": _text(),
    },
    strict=True,
    ordered=True,
    unique=["business_date", "currency"],
    name="exchange_rates",
)
"""What one unit of a currency is worth on a day; `rate_date` is the rate's own day, earlier where it was carried on."""

MARGIN_PARTS = ("gross", "discounts", "refunds", "chargebacks")
MARGIN_SUMS = ("net_revenue", "fees", "fully_loaded_cost", "run_cost", "variable_cost")
MARGIN_RATIOS = (
    *("revenue_per_unit", "variable_cost_per_unit", "contribution_margin_per_unit", "contribution_margin_percent"),
)
MARGIN_AMOUNTS = (*MARGIN_PARTS, *MARGIN_SUMS, "contribution_margin", *MARGIN_RATIOS)
MARGIN_WHOLE = ["contribution_margin", "contribution_margin_per_unit", "contribution_margin_percent"]

UNIT_MARGINS = pa.DataFrameSchema(
    {
        "metric": _text(),
        "business_date": _date(),
        "currency": _currency(),
        "quantity": _money(),
        "unit": _text(),
        **{part: _money() for part in MARGIN_PARTS},
        "refunds_basis": _text(nullable=True),
        **{one: _money() for one in MARGIN_SUMS},
        "margin_after": _text(),
        "contribution_margin": _money(),
        **{ratio: _money() for ratio in MARGIN_RATIOS},
        "reason": _text(nullable=True),
    },
    checks=pa.Check(
        lambda frame: frame[MARGIN_WHOLE].isna().any(axis=1) == frame["reason"].notna(),
        error="the whole margin, or the reason why a part of it is empty",
    ),
    strict=True,
    ordered=True,
    unique=["metric", "business_date"],
    name="unit_margins",
)
"""What a day's units earned beside what they cost, in the catalogue's currency. `margin_after` names the cost that the
contribution margin is after; what nothing declares (`run_cost`, a component of revenue) is empty."""


UNIT_COST_SLICES = pa.DataFrameSchema(
    {
        "metric": _text(),
        "business_date": _date(),
        "slice": _text(),
        "dimensions": _text(),
        "cost_scope": _text(),
        "billing_currency": _currency(),
        "cost_basis": _text(),
        "cost": _money(),
        "charge_rows": _count(0),
        "quantity": _money(),
        "unit": _text(),
        "unit_cost": _money(),
        "reason": _text(nullable=True),
    },
    checks=_EXPLAINED,
    strict=True,
    ordered=True,
    unique=["metric", "business_date", "slice", "dimensions", "billing_currency"],
    name="unit cost slices",
)
"""A metric taken apart: one row a slice and combination of its values, `dimensions` as canonical JSON."""

FORMULA_VALUES = pa.DataFrameSchema(
    {
        "business_date": _date(),
        "value": _money(),
        "unit": _text(),
        "reason": _text(nullable=True),
        "inputs": _text(),
    },
    checks=pa.Check(
        lambda frame: frame["value"].isna() == frame["reason"].notna(),
        error="a value, or the reason why there is none",
    ),
    strict=True,
    ordered=True,
    unique=["business_date"],
    name="formula values",
)
"""What a formula amounts to: one row a day, `inputs` as canonical JSON of everything that it names."""


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """A frame of this schema without rows."""
    columns = {
        name: pd.Series(dtype="int64" if str(column.dtype) == "int64" else object)
        for name, column in schema.columns.items()
    }
    return pd.DataFrame(columns)
