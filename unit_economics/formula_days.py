"""What a formula amounts to on each day, with everything it was computed from. Frames in, frames out.

Here: a day's value of every name, and the row that explains itself. Not here: what names stand for (formula_names.py),
several days together (formula_windows.py), any reading (steps/formula.py).

A name without a value has the reason instead, and so has every formula that needs it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.catalogue import Catalogue
from unit_economics.exact import EXACT
from unit_economics.formula_book import Compiled
from unit_economics.formula_names import Measured
from unit_economics.formulas import Missing, evaluate
from unit_economics.insight.variation import LEAST_DAYS, trailing, variation
from unit_economics.reasons import NO_CHARGES, NO_UNITS
from unit_economics.schemas import ALLOCATED_COSTS, CHARGES, FORMULA_VALUES, empty
from unit_economics.unit_cost import Cost, costs_of

Value = Decimal | Missing


@dataclass(frozen=True)
class Stored:
    """What the mart holds that formulas are made of.

    charges, allocated: rows like `schemas.CHARGES` and `schemas.ALLOCATED_COSTS`; billed: the days whose bill is there,
    with or without a charge; quantities: of an asset that counts, by day; history: what is known of the platform's own
    work; unit_costs: of a metric's headline scope, by day, from 27 days before on.
    """

    charges: pd.DataFrame = field(default_factory=lambda: empty(CHARGES))
    allocated: pd.DataFrame = field(default_factory=lambda: empty(ALLOCATED_COSTS))
    billed: Collection[date] = ()
    quantities: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    history: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    unit_costs: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)


def formula_values(catalogue: Catalogue, one: Compiled, days: Sequence[date], stored: Stored) -> pd.DataFrame:
    """Rows of `schemas.FORMULA_VALUES` for these days."""
    known = {name: values_of(catalogue, leaf, days, stored) for name, leaf in one.leaves.items()}
    rows = [_row(one, day, {str(name): values[day] for name, values in known.items()}, stored) for day in days]
    return pd.DataFrame(rows, columns=pd.Index(list(FORMULA_VALUES.columns)), dtype=object)


def _row(one: Compiled, day: date, known: Mapping[str, Value], stored: Stored) -> tuple[object, ...]:
    value = evaluate(one.formula, {reference: known[str(reference)] for reference in one.formula.references})
    inputs = {name: _told(one, name, value, day, stored) for name, value in known.items()}
    text = json.dumps(inputs, ensure_ascii=False, sort_keys=True)
    found, reason = (None, value.reason) if isinstance(value, Missing) else (value, None)
    return day, found, one.entry.unit, reason, text


def _told(one: Compiled, name: str, value: Value, day: date, stored: Stored) -> Mapping[str, object]:
    """A name's part of the explanation; of a variation with the days that it was computed from."""
    told: dict[str, object] = {"reason": value.reason} if isinstance(value, Missing) else {"value": f"{value:f}"}
    leaf = next(leaf for reference, leaf in one.leaves.items() if str(reference) == name)
    if leaf.name.function == "variation":
        days = trailing(stored.unit_costs.get(leaf.entry, {}), day)
        told["days"] = {str(other): f"{unit_cost:f}" for other, unit_cost in days.items()}
    return told


def values_of(catalogue: Catalogue, leaf: Measured, days: Sequence[date], stored: Stored) -> Mapping[date, Value]:
    """The value of one name on each of these days, or why it has none."""
    match leaf.name.function:
        case "cost":
            return _costs(catalogue, leaf, days, stored)
        case "variation":
            return {day: _variation(stored.unit_costs.get(leaf.entry, {}), day) for day in days}
        case "history":
            known, lacking = stored.history.get(leaf.entry, {}), "the platform has no history of this day"
        case "revenue":
            known, lacking = stored.quantities.get(leaf.assets[0], {}), "no revenue of this day is there"
        case "quantity":
            known, lacking = stored.quantities.get(leaf.assets[0], {}), f"no {leaf.entry} of this day is there"
        case _:
            known, lacking = stored.quantities.get(leaf.assets[0], {}), NO_UNITS
    return {day: known.get(day, Missing(lacking)) for day in days}


def _costs(catalogue: Catalogue, leaf: Measured, days: Sequence[date], stored: Stored) -> Mapping[date, Value]:
    """A scope's cost, of one part of it or of all: 0 where the bill is there and no charge is its own.

    The one place where charges become a formula's costs, and so where another currency is refused.
    """
    scope, charged = catalogue.cost_scopes[leaf.entry], set(stored.charges["business_date"])
    is_free = (lambda day: day not in charged) if scope.allocation else (lambda _: True)
    without = {day: Decimal(0) if day in stored.billed and is_free(day) else None for day in days}
    found: dict[date, list[Cost]] = {day: [] for day in days}
    for cost in costs_of(leaf.entry, scope, stored.charges, stored.allocated, without, catalogue.currency):
        if cost.day in found and leaf.name.name in (cost.scope, leaf.entry):
            found[cost.day].append(cost)
    nothing = {day: Decimal(0) if day in stored.billed else Missing(NO_CHARGES) for day in days}
    return {day: _sum(costs, catalogue.currency) if costs else nothing[day] for day, costs in found.items()}


def _sum(costs: Sequence[Cost], currency: str) -> Value:
    total = Decimal(0)
    for cost in costs:
        if cost.currency != currency and (cost.amount or cost.amount is None):
            return Missing(f"there are charges in {cost.currency}, and the catalogue counts in {currency}")
        if cost.amount is None:
            return Missing(cost.lacking)
        total = EXACT.add(total, cost.amount)
    return total


def _variation(unit_costs: Mapping[date, Decimal], day: date) -> Value:
    found = trailing(unit_costs, day)
    value = variation(found)
    few = f"only {len(found)} of the last 28 days have a unit cost, and {LEAST_DAYS} are needed"
    return Missing(few) if value is None else value
