"""The components of revenue put together into one delivery: what `revenue` of several sources comes to. Pure.

Here: a row a day and component, of the days that every component has. Not here: the entry (revenue.py), what is
left of the gross (revenue.py), the judgement (revenue_checks.py).
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.entries.adapters import Count
from unit_economics.exact import EXACT
from unit_economics.schemas import UNITS, empty


def together(counts: Mapping[str, Count], unit: str) -> Count:
    """One delivery of all components: a row a day and component, of the days that every component has."""
    refused = _first_word(counts, {name: count.refused for name, count in counts.items()})
    absent = _first_word(counts, {name: count.absent for name, count in counts.items()})
    absent = {day: why for day, why in absent.items() if day not in refused}
    sums: dict[tuple[date, str], Decimal] = {}
    for name, count in counts.items():
        for day, quantity in zip(count.units["business_date"], count.units["quantity"], strict=True):
            if day not in absent and day not in refused:
                sums[day, name] = EXACT.add(sums.get((day, name), Decimal(0)), quantity)
    return Count(_frame(sums, unit), absent, refused, _fingerprint(counts))


def _first_word(counts: Mapping[str, Count], said: Mapping[str, Mapping[date, str]]) -> dict[date, str]:
    """Why a day is not there, by the first component that says so."""
    found: dict[date, str] = {}
    for name in counts:
        for day, why in said[name].items():
            found.setdefault(day, f"{name}: {why}")
    return found


def _frame(sums: Mapping[tuple[date, str], Decimal], unit: str) -> pd.DataFrame:
    if not sums:
        return empty(UNITS)
    rows = [(day, name, amount, unit) for (day, name), amount in sorted(sums.items())]
    return pd.DataFrame(rows, columns=pd.Index(list(UNITS.columns)), dtype=object)


def _fingerprint(counts: Mapping[str, Count]) -> str:
    text = "\n".join(f"{name} {count.fingerprint}" for name, count in counts.items())
    return hashlib.sha256(text.encode()).hexdigest()
