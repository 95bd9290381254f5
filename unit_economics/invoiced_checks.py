"""The proof that a day billed by invoice is the day's bill: in every currency, to the last digit.

Here: judging rows by invoice against what the source summed and what is stored of the charges. Not here: reading them
(cost_sources/), or holding an invoice against them (insight/reconciling.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.checks import Finding, contract
from unit_economics.entries.adapters import Invoiced
from unit_economics.exact import EXACT
from unit_economics.promises import CONSERVATION
from unit_economics.schemas import INVOICED_COSTS

Totals = Mapping[tuple[date, str], tuple[int, Decimal]]
"""{(day, currency): (charge rows, billed cost)}."""


def invoiced_findings(
    found: Invoiced, days: Sequence[date], stored: Totals, not_compared: Mapping[date, str]
) -> list[Finding]:
    """Contract and conservation.

    stored: what `cloud_costs` holds of these days; not_compared: the days that it has charges of which no invoice is
    stated, each with the reason: those are held against the source's own sums only.
    """
    parts = _sums(found.rows)
    judged = [*contract(INVOICED_COSTS, found.rows, days)]
    for day in days:
        said = _apart(day, parts, found.totals, "the source states")
        said += [] if day in not_compared else _apart(day, parts, stored, "cloud_costs holds")
        text = "; ".join(said) or not_compared.get(day, "")
        judged.append(Finding(day, CONSERVATION, passed=not said, text=text))
    return judged


def _apart(day: date, parts: Totals, whole: Totals, who: str) -> list[str]:
    keys = sorted(key for key in {*parts, *whole} if key[0] == day and parts.get(key) != whole.get(key))
    return [
        f"by invoice {key[1]} has {_shown(parts.get(key))}, {who} {_shown(whole.get(key))}: the bill changed"
        " between two readings, so run the day again"
        for key in keys
    ]


def _shown(total: tuple[int, Decimal] | None) -> str:
    return "no charge" if total is None else f"{total[1].normalize():f} billed in {total[0]} charges"


def _sums(rows: pd.DataFrame) -> dict[tuple[date, str], tuple[int, Decimal]]:
    sums: dict[tuple[date, str], tuple[int, Decimal]] = {}
    names = ("business_date", "billing_currency", "charge_rows", "billed_cost")
    for day, currency, count, billed in zip(*(rows[name] for name in names), strict=True):
        before = sums.get((day, currency), (0, Decimal(0)))
        sums[day, currency] = (before[0] + int(count), EXACT.add(before[1], billed))
    return sums
