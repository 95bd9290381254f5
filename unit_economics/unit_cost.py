"""The arithmetic: unit cost = cost / units, for every day and cost scope. Frames in, frames out.

Here: choosing a scope's charges, exact sums, the division, and the reason where there is no answer.
Not here: the words of the reasons (reasons.py), any I/O, any judgement of the inputs (checks.py), what rules and
shares make of the bill (allocation/allocated.py).

Source of the formula: FinOps Framework, "Unit Economics": cost of a scope divided by the demand driver, both of the
same period. Ratios aggregate as ratio of sums, never as mean of ratios (the view function `unit_cost_over`).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache, reduce

import pandas as pd

from unit_economics.allocation.allocated import target_costs
from unit_economics.catalogue import Catalogue
from unit_economics.entries.cost_scope import By, CostScope, as_list
from unit_economics.entries.dimension import NO_VALUE
from unit_economics.exact import EXACT, RATIO, total
from unit_economics.reasons import NO_CHARGES, NO_UNITS, NOT_ALLOCATED, NOT_STATED, ZERO_UNITS
from unit_economics.schemas import ALLOCATED_COSTS, UNIT_COSTS, empty

Whole = tuple[date, str]
"""A day and a currency."""


@dataclass(frozen=True)
class Cost:
    """The cost of one scope, day and currency; `lacking` says why there is no amount, where there is none."""

    day: date
    scope: str
    currency: str
    amount: Decimal | None
    charge_rows: int
    lacking: str = NOT_STATED


def unit_costs(
    catalogue: Catalogue,
    metric: str,
    days: Iterable[date],
    charges: pd.DataFrame,
    units: pd.DataFrame,
    free_days: Collection[date] = (),
    allocated: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Rows of `schemas.UNIT_COSTS` for these days.

    charges: rows like `schemas.CHARGES`; units: rows like `schemas.UNITS`, all segments of a day added up; free_days:
    the days whose bill is there without any charge, because the catalogue says that such a day cost nothing;
    allocated: rows like `schemas.ALLOCATED_COSTS`, for the scopes that have rules.
    """
    quantities = _quantities(units)
    by_rules = empty(ALLOCATED_COSTS) if allocated is None else allocated
    without = {day: Decimal(0) if day in free_days else None for day in days}
    unit = catalogue.metrics[metric].unit
    rows = [
        (
            *(metric, cost.day, cost.scope, cost.currency, scope.basis, cost.amount, cost.charge_rows),
            *ratio(cost, quantities.get(cost.day), unit),
        )
        for name, scope in catalogue.scopes_of(metric).items()
        for cost in costs_of(name, scope, charges, by_rules, without, catalogue.currency)
    ]
    frame = pd.DataFrame(rows, columns=list(UNIT_COSTS.columns), dtype=object)
    return frame.astype({"charge_rows": "int64"})


def costs_of(
    name: str,
    scope: CostScope,
    charges: pd.DataFrame,
    allocated: pd.DataFrame,
    without: Mapping[date, Decimal | None],
    currency: str,
) -> Iterator[Cost]:
    """The cost of a scope on each day, of every value or target where it is split; `without`: of what has no charge."""
    if scope.allocation is None:
        yield from scope_costs(name, scope, charges, without, currency)
        return
    found = target_costs(name, scope.allocation, allocated)
    seen, charged = {day for day, _, _ in found}, set(charges["business_date"])
    for (day, of_currency, target), (amount, rows) in found.items():
        if day in without:
            yield Cost(day, f"{name}:{target}", of_currency, amount, rows)
    for day, amount in without.items():
        if day not in seen:
            lacking = NOT_ALLOCATED if day in charged else NO_CHARGES
            for target in scope.allocation.targets:
                yield Cost(day, f"{name}:{target}", currency, amount, 0, lacking)


def scope_costs(
    name: str, scope: CostScope, charges: pd.DataFrame, without: Mapping[date, Decimal | None], currency: str
) -> Iterator[Cost]:
    """The cost of a scope on each day: one a value where the scope is split, one a currency, never two in one sum.

    An unsplit scope has a row on every day, with the amount of `without` where no charge is there; of a split scope
    only the values that occur on a day are known.
    """
    found = _sums(name, scope, scope_charges(scope, charges))
    yield from found
    if scope.by is None:
        seen = {cost.day for cost in found}
        for day, amount in without.items():
            if day not in seen:
                yield Cost(day, name, currency, amount, 0, NO_CHARGES)


def sums(rows: pd.DataFrame, column: str) -> Mapping[Whole, Decimal | None]:
    """The exact sum of a column by day and currency; None where a row of it states no amount."""
    values: dict[Whole, list[Decimal | None]] = {}
    for day, currency, value in zip(rows["business_date"], rows["billing_currency"], rows[column], strict=True):
        values.setdefault((day, currency), []).append(value if isinstance(value, Decimal) else None)
    return {whole: reduce(total, of_whole) for whole, of_whole in values.items()}


def scope_charges(scope: CostScope, charges: pd.DataFrame) -> pd.DataFrame:
    """The charges that belong to a scope."""
    keep = pd.Series(data=True, index=charges.index)
    for column, values in scope.where.columns.items():
        keep &= charges[column].isin(values)
    for key, values in scope.where.tags.items():
        keep &= _tag(charges, key).isin(as_list(values))
    return charges[keep]


def _sums(name: str, scope: CostScope, charges: pd.DataFrame) -> list[Cost]:
    amounts: dict[tuple[date, str, str], tuple[Decimal | None, int]] = {}
    columns = (charges["business_date"], scope_names(name, scope, charges), charges["billing_currency"])
    for day, value, currency, amount, count in zip(
        *columns, charges[f"{scope.basis}_cost"], charges["charge_rows"], strict=True
    ):
        before, rows = amounts.get((day, value, currency), (Decimal(0), 0))
        stated = amount if isinstance(amount, Decimal) else None
        amounts[day, value, currency] = (total(before, stated), rows + count)
    return [Cost(*key, summed, rows) for key, (summed, rows) in sorted(amounts.items())]


def scope_names(name: str, scope: CostScope, charges: pd.DataFrame) -> "pd.Series[str]":
    """What each charge's scope is called: the scope itself, or where it is split that value of it."""
    if scope.by is None:
        return pd.Series(name, index=charges.index, dtype=object)
    head = f"{name}:{scope.by.tag}=" if scope.by.tag is not None else f"{name}:"
    return head + values_of(scope.by, charges)


def values_of(by: By, charges: pd.DataFrame) -> "pd.Series[str]":
    """The value of a column or a tag of every charge, `(none)` where it has none."""
    return _tag(charges, by.tag) if by.tag is not None else charges[by.column].fillna(NO_VALUE)


def _tag(charges: pd.DataFrame, key: str) -> "pd.Series[str]":
    return charges["tags"].map(lambda text: _tags(text).get(key, NO_VALUE)).astype(object)


@lru_cache(maxsize=65_536)
def _tags(text: str) -> Mapping[str, str]:
    return json.loads(text)


def _quantities(units: pd.DataFrame) -> dict[date, Decimal]:
    totals: dict[date, Decimal] = {}
    for day, quantity in zip(units["business_date"], units["quantity"], strict=True):
        totals[day] = EXACT.add(totals.get(day, Decimal(0)), quantity)
    return totals


def ratio(cost: Cost, quantity: Decimal | None, unit: str) -> tuple[Decimal | None, str, Decimal | None, str | None]:
    """quantity, unit, unit_cost, reason: the unit cost, or in plain words why there is none."""
    reasons = [
        *([cost.lacking] if cost.amount is None else []),
        *([NO_UNITS] if quantity is None else [ZERO_UNITS] if quantity == 0 else []),
    ]
    if reasons or cost.amount is None or not quantity:
        return quantity, unit, None, "; ".join(reasons)
    return quantity, unit, RATIO.divide(cost.amount, quantity), None
