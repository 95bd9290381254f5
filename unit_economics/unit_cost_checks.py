"""The proof that a metric's cost scopes are the charges that they say they are: on every day, to the last digit.

Here: judging unit costs against the charges, summed on another way. Not here: making them (unit_cost.py), scopes with
rules, whose targets the books hold (allocation_checks.py), slices by dimensions (slice_checks.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.catalogue import Catalogue
from unit_economics.checks import Finding, contract
from unit_economics.promises import CONSERVATION
from unit_economics.schemas import UNIT_COSTS
from unit_economics.unit_cost import Whole, scope_charges, sums


def unit_cost_findings(
    catalogue: Catalogue, metric: str, days: Sequence[date], rows: pd.DataFrame, charges: pd.DataFrame
) -> list[Finding]:
    """Contract and conservation; charges: those that the rows were made of, in the currency of the rows."""
    apart: dict[date, list[str]] = {day: [] for day in days}
    for name, scope in catalogue.scopes_of(metric).items():
        if scope.allocation is None:
            own = rows[[str(of).split(":", 1)[0] == name for of in rows["cost_scope"]]]
            stated = scope_charges(scope, charges[charges["billing_currency"].notna()])
            for (day, currency), text in _apart(sums(own, "cost"), sums(stated, f"{scope.basis}_cost")).items():
                apart.setdefault(day, []).append(f"{name} in {currency}: {text}")
    judged = [Finding(day, CONSERVATION, passed=not apart[day], text="; ".join(apart[day])) for day in days]
    return [*contract(UNIT_COSTS, rows, days), *judged]


def _apart(parts: Mapping[Whole, Decimal | None], wholes: Mapping[Whole, Decimal | None]) -> dict[Whole, str]:
    """Where they differ. A day without any charge has a row of its own, empty or 0, and is none of them."""
    return {
        whole: f"its values add up to {_plain(parts.get(whole))}, its charges to {_plain(cost)}"
        for whole, cost in wholes.items()
        if parts.get(whole) != cost
    }


def _plain(amount: Decimal | None) -> str:
    return "nothing that is stated" if amount is None else f"{amount.normalize():f}"
