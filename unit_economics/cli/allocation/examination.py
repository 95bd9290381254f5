"""The bill read once more, with every rule that matches each charge in place of the first: what the check looks at.

Here: reading, and what is made of it for one scope. Not here: the judgements (rule_matches.py, suggestions.py and
allocation_checks.py), showing them (check_page.py).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

import pandas as pd

from unit_economics.allocation import rules
from unit_economics.allocation.allocated import Shares, allocated_costs, shares
from unit_economics.allocation.double_entry import Quantities
from unit_economics.allocation.rule_matches import Matches, Met, matches
from unit_economics.allocation.rules import BETWEEN
from unit_economics.allocation.suggestions import COLUMNS, Kind, Suggestion, amounts, features_of, suggestions
from unit_economics.allocation_checks import allocation_findings
from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.checks import Finding
from unit_economics.cost_sources.together import Asked, read_all
from unit_economics.deployment import Deployment
from unit_economics.entries.adapters import Kept
from unit_economics.entries.allocation import UNALLOCATED, Allocation
from unit_economics.exact import RATIO
from unit_economics.warehouse import reading


@dataclass(frozen=True)
class Examined:
    """One scope. kinds: its charges, with what no rule takes open; shares: by day and currency."""

    name: str
    allocation: Allocation
    matches: Matches
    kinds: Sequence[Kind]
    suggestions: Sequence[Suggestion]
    shares: Sequence[Shares]

    @cached_property
    def bill(self) -> dict[str, Decimal | None]:
        """The cost of all days, by currency."""
        return amounts(self.kinds)

    @cached_property
    def left(self) -> dict[str, Decimal | None]:
        """What no rule takes of it."""
        return amounts(kind for kind in self.kinds if kind.is_open)

    def share(self, suggestion: Suggestion) -> dict[str, Decimal | None]:
        """How much of the cost a rule would catch, by currency; None where that can't be told."""
        return {currency: _part(amount, self.bill[currency]) for currency, amount in suggestion.caught.items()}


@dataclass(frozen=True)
class Examination:
    """Several scopes on the days that the bill has; absent: the others; found: what the checks of a run would say."""

    days: DayRange
    absent: Mapping[date, str]
    scopes: Sequence[Examined]
    found: Sequence[Finding]


def examined(of: Deployment, days: DayRange, names: Sequence[str], most: int) -> Examination:
    """Read the bill and look at what these scopes make of it."""
    catalogue = _only(of.catalogue, names)
    allocations = catalogue.allocations
    keys = set(of.catalogue.tag_keys).union(*(one.tag_keys for one in of.catalogue.allocations.values()))
    kept = Kept(sorted(keys), {name: _asking_all(allocation) for name, allocation in allocations.items()})
    delivered = read_all(catalogue.cost_sources, Asked(days, of.calendar, kept, of.outside))
    charges = delivered.charges
    there = sorted(set(charges["business_date"]))
    as_declared = {text: _as_declared(text, allocations) for text in set(charges["taken_by"])}
    declared = charges.assign(taken_by=charges["taken_by"].map(as_declared).astype(object))
    rows, unbased = allocated_costs(catalogue, declared, _quantities(of, days))
    found = allocation_findings(catalogue, there, declared, rows, unbased)
    known = shares(rows)
    scopes = [_examined(catalogue, name, charges, known, most) for name in names]
    return Examination(days, delivered.absent, scopes, [finding for finding in found if not finding.passed])


def _only(catalogue: Catalogue, names: Sequence[str]) -> Catalogue:
    return catalogue.model_copy(update={"cost_scopes": {name: catalogue.cost_scopes[name] for name in names}})


def _asking_all(allocation: Allocation) -> Allocation:
    return allocation.model_copy(update={"overlap": "every_match"})


def _as_declared(taken_by: str, allocations: Mapping[str, Allocation]) -> str:
    """Who takes the charge by the catalogue: the first of those that match, unless each takes it."""
    every = json.loads(taken_by)
    first_wins = {name for name, allocation in allocations.items() if allocation.overlap == "first_wins"}
    return rules.written({name: text.split(BETWEEN)[0] if name in first_wins else text for name, text in every.items()})


def _part(amount: Decimal | None, bill: Decimal | None) -> Decimal | None:
    return RATIO.divide(amount, bill) if amount is not None and bill else None


def _quantities(of: Deployment, days: DayRange) -> Quantities:
    """What shared cost is divided by, as it is stored."""
    with of.warehouse.snapshot() as connection:
        units = {name: reading.units_by_day(connection, units_asset(name), days) for name in of.catalogue.measured}
        drivers = {
            name: reading.units_by_segment(connection, driver_asset(name), days) for name in of.catalogue.drivers
        }
    return Quantities(units, drivers)


def _examined(catalogue: Catalogue, name: str, charges: pd.DataFrame, known: Sequence[Shares], most: int) -> Examined:
    allocation, cost = catalogue.allocations[name], f"{catalogue.cost_scopes[name].basis}_cost"
    met = list(_met(name, cost, charges))
    kinds = list(_kinds(charges, met))
    found = matches(allocation, sorted(set(charges["business_date"])), met)
    own = [one for one in known if one.scope == name]
    return Examined(name, allocation, found, kinds, suggestions(kinds, most), own)


def _met(name: str, cost: str, charges: pd.DataFrame) -> Iterator[Met]:
    for taken, *rest in zip(*(charges[c] for c in ("taken_by", "billing_currency", cost, "charge_rows")), strict=True):
        currency, amount, count = rest
        stated = amount if isinstance(amount, Decimal) else None
        yield Met(tuple(json.loads(taken)[name].split(BETWEEN)), currency, stated, int(count))


def _kinds(charges: pd.DataFrame, met: Sequence[Met]) -> Iterator[Kind]:
    for one, tags, *values in zip(met, charges["tags"], *(charges[column] for column in COLUMNS), strict=True):
        features = list(features_of(dict(zip(COLUMNS, values, strict=True)), json.loads(tags)))
        yield Kind(features, one.currency, one.amount, one.charge_rows, one.rules == (UNALLOCATED,))
