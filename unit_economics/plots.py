"""The numbers that Dagster plots by day, and the ledger version that a day's partition points to.

Here: choosing and naming them. Not here: reporting them (reporting.py). A plotted number is a float for the eye only;
the exact one is in the mart.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg
import pandas as pd

from unit_economics.allocation import allocated
from unit_economics.entries.adapters import Publication
from unit_economics.reporting import Metadata
from unit_economics.revenue import net_of
from unit_economics.warehouse.replace_days import Replaced

Numbers = dict[str, float | int]


def unit_numbers(units: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """The quantity of each stored day."""
    numbers: dict[date, Numbers] = {day: {"quantity": 0.0} for day in done.versions}
    for day, quantity in zip(units["business_date"], units["quantity"], strict=True):
        if day in numbers:
            numbers[day]["quantity"] += float(quantity)
    return _with_version(done, numbers)


def net_numbers(revenue: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """Every component of the revenue of each stored day, and what is left of it."""
    parts: dict[date, dict[str, Decimal]] = {day: {} for day in done.versions}
    for day, name, amount in zip(*(revenue[name] for name in ("business_date", "segment", "quantity")), strict=True):
        if day in parts:
            parts[day][name] = amount
    named = {day: {**of_day, "net_revenue": net_of(of_day)} for day, of_day in parts.items()}
    return _with_version(done, {day: {n: float(a) for n, a in of_day.items()} for day, of_day in named.items()})


def rate_numbers(rates: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """The rate of every currency on each stored day."""
    numbers: dict[date, Numbers] = {day: {} for day in done.versions}
    for day, currency, rate in zip(*(rates[name] for name in ("business_date", "currency", "rate")), strict=True):
        if day in numbers:
            numbers[day][f"rate_{currency.lower()}"] = float(rate)
    return _with_version(done, numbers)


def margin_numbers(rows: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """Net revenue and margin of each stored day, and the margin in percent."""
    numbers: dict[date, Numbers] = {day: {} for day in done.versions}
    names = ("net_revenue", "fees", "contribution_margin", "contribution_margin_percent")
    for day, *values in zip(rows["business_date"], *(rows[name] for name in names), strict=True):
        if day in numbers:
            for name, value in zip(names, values, strict=True):
                _add(numbers[day], name, value)
    return _with_version(done, numbers)


def cost_numbers(charges: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """The effective and billed cost of each stored day by currency, and its rows."""
    numbers: dict[date, Numbers] = {day: {"charge_rows": 0} for day in done.versions}
    names = ("business_date", "billing_currency", "charge_rows", "effective_cost", "billed_cost")
    for day, currency, rows, effective, billed in zip(*(charges[name] for name in names), strict=True):
        if day in numbers:
            of_day = numbers[day]
            of_day["charge_rows"] += int(rows)
            for name, cost in (("effective_cost", effective), ("billed_cost", billed)):
                _add(of_day, f"{name}_{currency.lower()}", cost)
    return _with_version(done, numbers)


def invoiced_numbers(rows: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """What each stored day was billed by currency, and how many of its charges are on an invoice."""
    numbers: dict[date, Numbers] = {day: {"charge_rows": 0, "charge_rows_on_invoices": 0} for day in done.versions}
    names = ("business_date", "billing_currency", "charge_rows", "billed_cost", "invoice_id")
    for day, currency, count, billed, invoice in zip(*(rows[name] for name in names), strict=True):
        if day in numbers:
            numbers[day]["charge_rows"] += int(count)
            numbers[day]["charge_rows_on_invoices"] += int(count) if invoice else 0
            _add(numbers[day], f"billed_cost_{currency.lower()}", billed)
    return _with_version(done, numbers)


def allocation_numbers(rows: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """For each stored day and scope the shares that no rule took, and that had no tag, of the cost of the day."""
    numbers: dict[date, Numbers] = {day: {} for day in done.versions}
    for share in allocated.shares(rows):
        if share.day in numbers:
            names = {"unallocated": share.unallocated_share, "untagged": share.untagged_share}
            for name, part in names.items():
                _add(numbers[share.day], f"{share.scope}_{name}_percent_{share.currency.lower()}", part, times=100)
    return _with_version(done, numbers)


def unit_cost_numbers(rows: pd.DataFrame, scope: str | None, done: Replaced) -> dict[date, Metadata]:
    """Cost, quantity and cost per 1,000 units of each stored day, for one cost scope."""
    numbers: dict[date, Numbers] = {day: {} for day in done.versions}
    names = ("business_date", "billing_currency", "cost", "quantity", "unit_cost")
    of_scope = rows[rows["cost_scope"] == scope]
    for day, currency, cost, quantity, unit_cost in zip(*(of_scope[name] for name in names), strict=True):
        if day in numbers:
            _add(numbers[day], f"cost_{currency.lower()}", cost)
            numbers[day] |= {"quantity": float(quantity)} if isinstance(quantity, Decimal) else {}
            _add(numbers[day], f"cost_{currency.lower()}_per_1000", unit_cost, times=1000)
    return _with_version(done, numbers)


def slice_numbers(rows: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """How many parts each slice of a stored day has."""
    numbers: dict[date, Numbers] = {day: {} for day in done.versions}
    for day, name in zip(rows["business_date"], rows["slice"], strict=True):
        if day in numbers:
            numbers[day][f"{name}_parts"] = numbers[day].get(f"{name}_parts", 0) + 1
    return _with_version(done, numbers)


def formula_numbers(rows: pd.DataFrame, done: Replaced) -> dict[date, Metadata]:
    """The value of each stored day."""
    numbers: dict[date, Numbers] = {day: {} for day in done.versions}
    for day, value in zip(rows["business_date"], rows["value"], strict=True):
        if day in numbers:
            _add(numbers[day], "value", value)
    return _with_version(done, numbers)


def publication_numbers(
    wanted: Mapping[date, Decimal], publication: Publication, done: Replaced
) -> dict[date, Metadata]:
    """What each day holds at the destination, and whether this run had to change it."""
    changed = {difference.day for difference in publication.differences}
    numbers: dict[date, Numbers] = {day: {"sent": int(day in changed)} for day in done.versions}
    for day in numbers.keys() & wanted.keys():
        numbers[day]["quantity"] = float(wanted[day])
    return _with_version(done, numbers)


def _add(numbers: Numbers, name: str, value: object, *, times: int = 1) -> None:
    if isinstance(value, Decimal):
        numbers[name] = numbers.get(name, 0.0) + float(value * times)


def _with_version(done: Replaced, numbers: Mapping[date, Numbers]) -> dict[date, Metadata]:
    return {
        day: {
            **{name: _number(value) for name, value in of_day.items()},
            "change": dg.MetadataValue.text(done.changes[day]),
            "ledger": dg.MetadataValue.text(f"version {done.versions[day]} of {day}"),
        }
        for day, of_day in numbers.items()
    }


def _number(value: float) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(value)
