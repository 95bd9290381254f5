"""What each target pays: the charges by their rules, then shared cost in double entry. Frames in, frames out.

Here: from rows of charges to direct cost, and from its division to rows. Not here: which rule takes a charge
(rules.py), how a pool is divided (double_entry.py), the division by units (unit_cost.py).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

import pandas as pd

from unit_economics.allocation.double_entry import Direct, Line, Quantities, allocate
from unit_economics.allocation.rules import BETWEEN
from unit_economics.catalogue import Catalogue
from unit_economics.entries.allocation import LEFT_OUT, OVERLAP, OWN_LINES, UNALLOCATED, Allocation, Driver
from unit_economics.entries.cost_scope import CostScope
from unit_economics.exact import EXACT, RATIO, total
from unit_economics.schemas import ALLOCATED_COSTS

DECLARED = ""
"""The variant that is the answer; the others say how much of it is a choice."""
Place = tuple[date, str, str]
"""Day, currency and rule or target; or day, scope and currency."""
_NAMED = 3


@dataclass(frozen=True)
class Unbased:
    """A pool that nobody could be made to pay, or a quantity that nobody is there for, on one day."""

    day: date
    scope: str
    why: str


@dataclass(frozen=True)
class Summed:
    """The charges of one rule, day and currency; None where a charge does not state this cost."""

    amount: Decimal | None = Decimal(0)
    untagged: Decimal | None = Decimal(0)
    charge_rows: int = 0

    def plus(self, amount: Decimal | None, rows: int, *, is_untagged: bool) -> "Summed":
        """With one more row of charges."""
        untagged = amount if is_untagged else Decimal(0)
        return Summed(total(self.amount, amount), total(self.untagged, untagged), self.charge_rows + rows)


def allocated_costs(
    catalogue: Catalogue, charges: pd.DataFrame, quantities: Quantities
) -> tuple[pd.DataFrame, list[Unbased]]:
    """Rows of `schemas.ALLOCATED_COSTS` for every scope with rules, and what found no basis.

    charges: rows like `schemas.CHARGES`, put to their rules by the catalogue as it is now.
    """
    rows: list[tuple[object, ...]] = []
    unbased: list[Unbased] = []
    for name, allocation in catalogue.allocations.items():
        scope = catalogue.cost_scopes[name]
        found = direct_costs(name, scope, charges)
        direct = [
            Direct(day, currency, rule, _target(allocation, rule), summed.amount, summed.charge_rows)
            for (day, currency, rule), summed in sorted(found.items())
        ]
        for variant in [None, *allocation.variants]:
            done = allocate(allocation, direct, quantities, variant)
            rows += [_row(name, scope, variant, line, found) for line in done.lines]
            unbased += [Unbased(day, name, why) for day, why in done.unbased.items() if variant is None]
        unbased += _strangers(catalogue, name, quantities)
    frame = pd.DataFrame(rows, columns=list(ALLOCATED_COSTS.columns), dtype=object)
    return frame.astype({"step": "int64", "charge_rows": "int64"}), unbased


def _strangers(catalogue: Catalogue, name: str, quantities: Quantities) -> Iterator[Unbased]:
    """What a driver measured for somebody whom no rules know: mostly a name that is spelled in two ways."""
    known = set[str]().union(*(allocation.targets for allocation in catalogue.allocations.values()))
    for driver in sorted({key.driver for key in catalogue.allocations[name].keys if isinstance(key, Driver)}):
        for day, measured in quantities.drivers.get(driver, {}).items():
            strange = sorted(segment for segment, quantity in measured.items() if quantity and segment not in known)
            if strange:
                who = ", ".join(strange[:_NAMED]) + (f" and {len(strange) - _NAMED} more" if strange[_NAMED:] else "")
                yield Unbased(day, name, f"driver {driver} measures {who}, to whom no rule gives a charge")


def direct_costs(name: str, scope: CostScope, charges: pd.DataFrame) -> dict[Place, Summed]:
    """What each rule takes, by day and currency; where several take the whole charge, `overlap` takes it off again."""
    found: dict[Place, Summed] = {}
    columns = ("business_date", "billing_currency", "taken_by", "is_untagged", f"{scope.basis}_cost", "charge_rows")
    for day, currency, taken, is_untagged, amount, count in zip(*(charges[c] for c in columns), strict=True):
        stated = amount if isinstance(amount, Decimal) else None
        for rule, times in _entries(_rules(taken)[name]):
            before = found.get((day, currency, rule), Summed())
            share = None if stated is None else EXACT.multiply(stated, times)
            rows = count if times > 0 else 0
            found[day, currency, rule] = before.plus(share, rows, is_untagged=is_untagged)
    return found


@dataclass(frozen=True)
class Shares:
    """How much of a day's cost no rule took, and how much had no tag that the rules look at; None of no cost."""

    day: date
    scope: str
    currency: str
    cost: Decimal | None
    unallocated_share: Decimal | None
    untagged_share: Decimal | None


def shares(allocated: pd.DataFrame) -> list[Shares]:
    """The shares of each day, scope and currency, by the declared keys; None where a cost is not stated."""
    columns = ("business_date", "cost_scope", "billing_currency", "variant", "target", "amount", "untagged")
    found: dict[Place, list[Decimal | None]] = {}
    for day, scope, currency, variant, target, amount, untagged in zip(*(allocated[c] for c in columns), strict=True):
        if variant == DECLARED:
            sums = found.setdefault((day, scope, currency), [Decimal(0)] * 3)
            rest = amount if target == UNALLOCATED else Decimal(0)
            for n, part in enumerate((amount, rest, untagged)):
                sums[n] = total(sums[n], part if isinstance(part, Decimal) else None)
    return [Shares(*place, cost, _part(rest, cost), _part(bare, cost)) for place, (cost, rest, bare) in found.items()]


def _part(amount: Decimal | None, cost: Decimal | None) -> Decimal | None:
    return RATIO.divide(amount, cost) if cost and amount is not None else None


def target_costs(name: str, allocation: Allocation, allocated: pd.DataFrame) -> dict[Place, tuple[Decimal | None, int]]:
    """The cost of each target by day and currency, and its direct charges; what is declared out is nobody's cost."""
    declared = allocated[(allocated["cost_scope"] == name) & (allocated["variant"] == DECLARED)]
    found: dict[Place, tuple[Decimal | None, int]] = {}
    columns = ("business_date", "billing_currency", "target", "amount", "charge_rows")
    for day, currency, target, amount, count in zip(*(declared[c] for c in columns), strict=True):
        if target != LEFT_OUT:
            cost, rows = found.get((day, currency, target), (Decimal(0), 0))
            stated = amount if isinstance(amount, Decimal) else None
            found[day, currency, target] = (total(cost, stated), rows + int(count))
    for day, currency in set(zip(declared["business_date"], declared["billing_currency"], strict=True)):
        for target in allocation.targets:
            found.setdefault((day, currency, target), (Decimal(0), 0))
    return dict(sorted(found.items()))


def _entries(rules: Sequence[str]) -> Iterator[tuple[str, int]]:
    yield from ((rule, 1) for rule in rules)
    if len(rules) > 1:
        yield OVERLAP, 1 - len(rules)


@lru_cache(maxsize=65_536)
def _rules(taken_by: str) -> dict[str, list[str]]:
    return {scope: rules.split(BETWEEN) for scope, rules in json.loads(taken_by).items()}


def _target(allocation: Allocation, rule: str) -> str:
    return rule if rule in OWN_LINES else allocation.target_of[rule]


def _row(
    name: str, scope: CostScope, variant: str | None, line: Line, found: dict[Place, Summed]
) -> tuple[object, ...]:
    untagged = found[line.day, line.currency, line.rule].untagged if line.step == 0 else Decimal(0)
    entry = (line.step, line.rule, line.source, line.target, line.amount, untagged, line.charge_rows)
    return (line.day, name, line.currency, scope.basis, variant or DECLARED, *entry)
