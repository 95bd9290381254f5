"""The judgements on allocated cost: nothing lost, nothing doubled, every pool paid for, and how much nobody took.

Here: pure functions from rows to findings. Not here: what the rows are made of (allocation/allocated.py), other checks
(checks.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics import schemas
from unit_economics.allocation.allocated import Shares, Unbased, shares
from unit_economics.catalogue import Catalogue
from unit_economics.checks import Finding, contract
from unit_economics.entries.cost_scope import CostScope
from unit_economics.exact import total
from unit_economics.promises import BASIS, CONSERVATION, UNALLOCATED_SHARE, UNTAGGED_SHARE

Totals = Mapping[tuple[date, str], Decimal | None]


def allocation_findings(
    catalogue: Catalogue,
    days: Sequence[date],
    charges: pd.DataFrame,
    rows: pd.DataFrame,
    unbased: Iterable[Unbased],
) -> list[Finding]:
    """Everything that is said of these days."""
    found = contract(schemas.ALLOCATED_COSTS, rows, days)
    found += _conserved(catalogue, days, charges, rows)
    found += _based(days, unbased)
    known = shares(rows)
    found += _shares(catalogue, days, known, UNALLOCATED_SHARE)
    return [*found, *_shares(catalogue, days, known, UNTAGGED_SHARE)]


def _conserved(catalogue: Catalogue, days: Sequence[date], charges: pd.DataFrame, rows: pd.DataFrame) -> list[Finding]:
    wrong: dict[date, str] = {}
    for name in catalogue.allocations:
        bill = _totals(charges, f"{catalogue.cost_scopes[name].basis}_cost")
        for variant, of_variant in rows[rows["cost_scope"] == name].groupby("variant"):
            lines = _totals(of_variant, "amount")
            for (day, currency), amount in bill.items():
                if lines.get((day, currency), Decimal(0)) != amount:
                    under = f" by the keys {variant!r}" if variant else ""
                    held = _plain(lines.get((day, currency)))
                    wrong[day] = f"the lines of {name}{under} add up to {held} {currency}, the bill to {_plain(amount)}"
    return [Finding(day, CONSERVATION, passed=day not in wrong, text=wrong.get(day, "")) for day in days]


def _plain(amount: Decimal | None) -> str:
    return "nothing stated" if amount is None else f"{amount.normalize():f}"


def _totals(frame: pd.DataFrame, column: str) -> Totals:
    """Sums by day and currency; None where one amount is not stated."""
    found: dict[tuple[date, str], Decimal | None] = {}
    for day, currency, amount in zip(frame["business_date"], frame["billing_currency"], frame[column], strict=True):
        stated = amount if isinstance(amount, Decimal) else None
        found[day, currency] = total(found.get((day, currency), Decimal(0)), stated)
    return found


def _based(days: Sequence[date], unbased: Iterable[Unbased]) -> list[Finding]:
    said: dict[date, list[str]] = {}
    for one in unbased:
        said.setdefault(one.day, []).append(f"{one.scope}: {one.why}")
    return [Finding(day, BASIS, day not in said, "warning", "; ".join(said.get(day, []))) for day in days]


def _shares(catalogue: Catalogue, days: Sequence[date], known: Sequence[Shares], check: str) -> list[Finding]:
    found = {day: Finding(day, check) for day in days}
    for one in known:
        share = one.unallocated_share if check == UNALLOCATED_SHARE else one.untagged_share
        most = _most(catalogue.cost_scopes[one.scope], check)
        if share is not None and most is not None and share > most and one.day in found:
            word = check.removesuffix("_share")
            text = f"{share:.1%} of the {one.currency} of {one.scope} is {word}, more than {most:.1%}"
            found[one.day] = Finding(one.day, check, passed=False, severity="warning", text=text)
    return list(found.values())


def _most(scope: CostScope, check: str) -> Decimal | None:
    if scope.allocation is None:
        return None
    return scope.allocation.max_unallocated if check == UNALLOCATED_SHARE else scope.allocation.max_untagged
