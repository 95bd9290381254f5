"""Which nowcasts a mart has: of every scope's cost on the days that still fill, by the providers and services in it.

Here: from charges and unit costs as they stand to estimates. Not here: the estimate of one day (insight/nowcast.py), or
any reading and storing (proof/nowcast.py).

A scope that is split by rules has charges of no provider of its own, since cost is shared between its targets: each of
its targets goes by the whole bill, in proportion. What is not there yet is expected of a scope that providers and
services alone decide: of an account or a tag nobody knows whose it will be.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from unit_economics.catalogue import Catalogue
from unit_economics.entries.cost_scope import Basis, CostScope
from unit_economics.entries.dimension import NO_VALUE
from unit_economics.exact import EXACT, RATIO, total
from unit_economics.exchange import Exchange, stored
from unit_economics.insight.completion import WHOLE, Cell, Curves
from unit_economics.insight.nowcast import Nowcast, Part, nowcast
from unit_economics.insight.prior import Prior, Rules
from unit_economics.reasons import NO_UNITS, UNITS_OPEN, ZERO_UNITS
from unit_economics.unit_cost import scope_charges, scope_names

Place = tuple[date, str, str]
"""A day, a scope's name, a currency."""


@dataclass(frozen=True)
class Observed:
    """A provisional unit cost as it stands; definition and bill_definition are what it and its bill mean."""

    metric: str
    day: date
    scope: str
    currency: str
    cost: Decimal
    quantity: Decimal | None
    unit: str
    version: int
    definition: str
    bill_definition: str
    units_complete: bool


@dataclass(frozen=True)
class Estimate:
    """A nowcast of one observed unit cost; the unit costs are None for the reason."""

    of: Observed
    age: int
    basis: Basis
    cost: Nowcast
    reason: str | None

    def per_unit(self, cost: Decimal) -> Decimal | None:
        """A cost by the day's units."""
        return RATIO.divide(cost, self.of.quantity) if self.reason is None and self.of.quantity else None


def complete_age(catalogue: Catalogue) -> int:
    """The age at which every source's day is complete but for what is slower: 1 where it is on the first morning."""
    return max(_age(source.complete_after) for source in catalogue.cost_sources.values())


def slower_ages(catalogue: Catalogue) -> Mapping[tuple[str, str | None], int]:
    """The ages at which the providers and services are complete that a cost source names as slower."""
    found: dict[tuple[str, str | None], int] = {}
    for source in catalogue.cost_sources.values():
        for one in source.slower:
            place = one.provider, one.service
            found[place] = max(found.get(place, 0), _age(one.complete_after))
    return found


def latest_age(catalogue: Catalogue) -> int:
    """The age at which a day is complete that has charges of all that is slower."""
    return max([complete_age(catalogue), *slower_ages(catalogue).values()])


def _age(complete_after: timedelta) -> int:
    return -(-complete_after // timedelta(days=1)) + 1


def rules_of(catalogue: Catalogue) -> Rules | None:
    """What the catalogue declares, by age from 1 on; None where nothing is to be estimated."""
    entry = catalogue.nowcast
    if entry is None:
        return None
    return Rules(Prior(dict(enumerate(entry.prior, start=1)), entry.prior_spread), entry.level)


def bases_of(catalogue: Catalogue) -> Sequence[Basis]:
    """The costs that a curve is needed of."""
    scopes = (scope for name in catalogue.measured for scope in catalogue.scopes_of(name).values())
    return sorted({scope.basis for scope in scopes})


def estimates(
    catalogue: Catalogue,
    observed: Iterable[Observed],
    charges: pd.DataFrame,
    ages: Mapping[date, int],
    curves: Mapping[Basis, Curves],
    rules: Rules,
    exchange: Exchange | None = None,
) -> Iterator[Estimate]:
    """A nowcast of each of these whose charges are here as they were when it was computed; the others will follow.

    charges: rows like `schemas.CHARGES`; ages: by day, how old it was when its charges were last looked at, 1 and more
    (without one nobody has looked); exchange: by what the unit costs were converted.
    """
    parts: dict[str, Mapping[Place, Sequence[Part] | None]] = {}
    for one in observed:
        name = one.scope.partition(":")[0]
        scope = catalogue.cost_scopes[name]
        if name not in parts:
            parts[name] = parts_of(name, scope, charges, exchange)
        place = (one.day, name if scope.allocation else one.scope, one.currency)
        of_scope, age = parts[name].get(place), ages.get(one.day)
        if of_scope is None or age is None or not (scope.allocation or _sum(of_scope) == one.cost):
            continue
        of_basis = curves[scope.basis]
        absent = absent_cells(scope, one.currency, of_basis, {part.cell for part in of_scope if part.amount})
        whole = nowcast(of_scope, age, of_basis, rules, absent)
        cost = in_proportion(whole, _sum(of_scope), one.cost) if scope.allocation else whole
        yield Estimate(one, age, scope.basis, cost, _no_unit_cost(one))


def parts_of(
    name: str, scope: CostScope, charges: pd.DataFrame, exchange: Exchange | None = None
) -> Mapping[Place, Sequence[Part] | None]:
    """What each service costs in each value of a scope, converted; None where a part is not stated or has no rate.

    Of a scope with rules: the whole bill.
    """
    found: dict[Place, dict[Cell, Decimal | None]] = {}
    of_scope = scope_charges(scope, charges)
    services, currencies = of_scope["service_name"].fillna(NO_VALUE), of_scope["billing_currency"]
    cells = zip(of_scope["provider_name"], services, currencies, strict=True)
    days = zip(of_scope["business_date"], scope_names(name, scope, of_scope), strict=True)
    for (day, value), cell, amount in zip(days, map(Cell._make, cells), of_scope[f"{scope.basis}_cost"], strict=True):
        costs = found.setdefault((day, value, exchange.into if exchange else cell.currency), {})
        costs[cell] = total(costs.get(cell, Decimal(0)), amount if isinstance(amount, Decimal) else None)
    return {place: _converted(place[0], costs, exchange) for place, costs in found.items()}


def _converted(day: date, costs: Mapping[Cell, Decimal | None], exchange: Exchange | None) -> Sequence[Part] | None:
    parts: list[Part] = []
    for cell, cost in costs.items():
        rate = exchange.rate(day, cell.currency) if exchange else Decimal(1)
        if cost is None or rate is None:
            return None
        parts.append(Part(cell, EXACT.multiply(cost, rate), rate))
    return parts


def absent_cells(scope: CostScope, currency: str, curves: Curves, there: Collection[Cell]) -> Sequence[Cell]:
    """The services that a scope would hold and does not yet; none where more than provider and service decides it."""
    columns = scope.where.columns
    if scope.by or scope.where.tags or columns.keys() - {"provider_name", "service_name"}:
        return ()
    providers, services = columns.get("provider_name"), columns.get("service_name")
    return [
        cell
        for cell in curves.cells
        if cell not in there
        and cell.service != WHOLE
        and cell.currency == currency
        and (providers is None or cell.provider in providers)
        and (services is None or cell.service in services)
    ]


def in_proportion(whole: Nowcast, there: Decimal, part: Decimal) -> Nowcast:
    """A part of a cost as it grows with the whole; as it is where either is a credit."""
    if there <= 0 or part <= 0:
        return Nowcast(part, part, part, "observed")

    def grown(one: Decimal) -> Decimal:
        return stored(RATIO.divide(EXACT.multiply(part, one), there))

    return Nowcast(grown(whole.cost), grown(whole.low), grown(whole.high), whole.method, whole.snapshots)


def _sum(parts: Sequence[Part]) -> Decimal:
    amount = Decimal(0)
    for part in parts:
        amount = EXACT.add(amount, part.amount)
    return stored(amount)


def _no_unit_cost(of: Observed) -> str | None:
    if of.quantity is None:
        return NO_UNITS
    if of.quantity == 0:
        return ZERO_UNITS
    return None if of.units_complete else UNITS_OPEN
