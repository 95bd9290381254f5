"""The arithmetic of the margin: what a day's units earned beside what they cost. Values in, rows out; pure.

net revenue = gross - discounts - refunds - chargebacks
contribution margin = net revenue - variable cost - fees; after the fully loaded cost where no variable one is declared

Here: converting, subtracting, dividing, and the reason where there is no answer. Not here: what third parties take
(fees.py), what a scope costs (unit_cost.py), any I/O. A window is a ratio of sums (the SQL function `margin_over`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.catalogue import Catalogue
from unit_economics.exact import EXACT, RATIO, total
from unit_economics.exchange import Exchange, no_rate, stored
from unit_economics.fees import Sold, fees_of
from unit_economics.reasons import (
    NO_CHARGES,
    NO_COST,
    NO_REVENUE,
    NO_UNITS,
    NOT_ABOVE_ZERO,
    OTHER_CURRENCIES,
    ZERO_UNITS,
)
from unit_economics.revenue import net_of
from unit_economics.revenue_names import COMPONENTS, DISCOUNTS, GROSS
from unit_economics.schemas import UNIT_MARGINS

Amount = Decimal | None


@dataclass(frozen=True)
class ScopeCost:
    """What a cost scope costs on a day in one currency, or why that is not known."""

    currency: str
    amount: Amount
    reason: str | None = None


@dataclass(frozen=True)
class Known:
    """What is stored of some days.

    exchange: the rates of these days; units: each day's; by: the same told apart, by dimension, day and value;
    earned: by day and component, in the currency of revenue; costs: by day and cost scope; billed: the days whose
    bill is there.
    """

    exchange: Exchange
    units: Mapping[date, Decimal] = field(default_factory=dict)
    by: Mapping[str, Mapping[date, Mapping[str, Decimal]]] = field(default_factory=dict)
    earned: Mapping[date, Mapping[str, Decimal]] = field(default_factory=dict)
    costs: Mapping[tuple[date, str], Sequence[ScopeCost]] = field(default_factory=dict)
    billed: frozenset[date] = frozenset()


@dataclass(frozen=True)
class DayMargin:
    """One day: amounts in one currency, each empty where it is not known or not declared."""

    quantity: Amount
    net_revenue: Amount
    fees: Amount
    variable_cost: Amount
    cost: Amount
    lacking: Sequence[str] = ()

    @property
    def contribution(self) -> Amount:
        """What is left of net revenue after the cost and the fees."""
        paid = total(self.cost, self.fees)
        return None if self.net_revenue is None or paid is None else EXACT.subtract(self.net_revenue, paid)

    @property
    def reason(self) -> str | None:
        """Why a part of the margin is empty; None where all of it is there."""
        units = [NO_UNITS] if self.quantity is None else [] if self.quantity else [ZERO_UNITS]
        earned = [NO_REVENUE] if self.net_revenue is None else [] if self.net_revenue > 0 else [NOT_ABOVE_ZERO]
        return "; ".join(dict.fromkeys([*units, *earned, *self.lacking])) or None

    @property
    def ratios(self) -> tuple[Amount, Amount, Amount, Amount]:
        """Revenue, variable cost with fees, and margin per unit; margin in percent of net revenue."""
        margin = self.contribution
        per_unit = [_per(a, self.quantity) for a in (self.net_revenue, total(self.variable_cost, self.fees), margin)]
        percent = _per(None if margin is None else EXACT.multiply(margin, Decimal(100)), self.net_revenue)
        return per_unit[0], per_unit[1], per_unit[2], percent


def _per(amount: Amount, by: Amount) -> Amount:
    return RATIO.divide(amount, by) if amount is not None and by is not None and by > 0 else None


def costs_by_scope(rows: pd.DataFrame) -> Mapping[tuple[date, str], Sequence[ScopeCost]]:
    """What every scope costs on each day, of rows like `schemas.UNIT_COSTS`."""
    found: dict[tuple[date, str], list[ScopeCost]] = {}
    names = ("business_date", "cost_scope", "billing_currency", "cost", "reason")
    for day, scope, currency, cost, reason in zip(*(rows[name] for name in names), strict=True):
        found.setdefault((day, scope), []).append(ScopeCost(currency, cost, reason))
    return found


def unit_margins(
    catalogue: Catalogue, metric: str, days: Iterable[date], known: Known
) -> tuple[pd.DataFrame, Mapping[date, Sequence[str]]]:
    """Rows of `schemas.UNIT_MARGINS`, and the days that have none since a rate or a price is missing, each with why."""
    rows: list[tuple[object, ...]] = []
    faults: dict[date, Sequence[str]] = {}
    for day in days:
        row = _row(catalogue, metric, day, known)
        if isinstance(row, tuple):
            rows.append(row)
        else:
            faults[day] = row
    return pd.DataFrame(rows, columns=pd.Index(list(UNIT_MARGINS.columns)), dtype=object), faults


def _row(catalogue: Catalogue, metric: str, day: date, known: Known) -> tuple[object, ...] | list[str]:
    entry = catalogue.metrics[metric]
    native = (entry.earns and entry.earns.currency) or catalogue.currency
    earned = known.earned.get(day)
    if earned is not None and known.exchange.rate(day, native) is None:
        return [f"revenue: {no_rate([native], catalogue.currency, day)}"]
    parts = {name: _converted(known.exchange, day, native, amount) for name, amount in (earned or {}).items()}
    sold = _sold(day, known, parts if earned is not None else None)
    charged = fees_of({name: catalogue.fees[name] for name in entry.fees}, sold, known.exchange)
    if charged.faults:
        return list(charged.faults)
    scopes = catalogue.margin_scopes(metric)
    costs = {cost: _cost(known, day, scope, catalogue.currency) for cost, scope in scopes.items()}
    after = "variable" if "variable" in scopes else "fully_loaded"
    amounts = {cost: found.amount for cost, found in costs.items()}
    lacking = [f"cost scope {scopes[after]}: {costs[after].reason}"] if costs[after].amount is None else []
    net = net_of(parts) if earned is not None else None
    fees = None if charged.amount is None else stored(charged.amount)
    of_day = DayMargin(sold.quantity, net, fees, amounts.get("variable"), amounts[after], lacking)
    components = [parts.get(name) if entry.earns else None for name in COMPONENTS]
    basis = entry.earns.refunds_basis if entry.earns else None
    return (
        *(metric, day, catalogue.currency, sold.quantity, entry.unit, *components, basis, net, fees),
        *(amounts.get("fully_loaded"), amounts.get("run"), amounts.get("variable"), f"{after}_cost"),
        *(of_day.contribution, *of_day.ratios, of_day.reason),
    )


def _converted(exchange: Exchange, day: date, currency: str, amount: Decimal) -> Decimal:
    """Rounded as it is stored, so that the stored amounts add up to the last digit."""
    return stored(exchange.amount(day, currency, amount) or Decimal(0))


def _sold(day: date, known: Known, parts: Mapping[str, Decimal] | None) -> Sold:
    by = {dimension: of_days.get(day, {}) for dimension, of_days in known.by.items()}
    sold = Sold(day, known.units.get(day), by)
    if parts is None:
        return sold
    kept = {name: amount for name, amount in parts.items() if GROSS not in parts or name in (GROSS, DISCOUNTS)}
    return replace(sold, paid=net_of(kept))


def _cost(known: Known, day: date, scope: str, currency: str) -> ScopeCost:
    """One amount in the catalogue's currency; what is in several is not added up."""
    found = known.costs.get((day, scope), [])
    if len(found) != 1 or found[0].currency != currency:
        return ScopeCost(currency, None, OTHER_CURRENCIES if found else NO_COST)
    one = found[0]
    if one.amount is None and (one.reason or "").startswith(NO_CHARGES) and day in known.billed:
        return ScopeCost(currency, Decimal(0))
    return one
