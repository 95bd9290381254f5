"""What is said of a day's exchange rates before they are stored.

Here: that every row is right, that what is needed is there, that nothing is gone. Not here: a rate that the bill turns
out to need (exchange.py, where it is converted).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import pandas as pd

from unit_economics import checks, schemas
from unit_economics.checks import Finding
from unit_economics.exchange import no_rate
from unit_economics.promises import CONTRACT, DELIVERY

Place = tuple[date, str]


def rate_findings(
    days: Iterable[date],
    rows: pd.DataFrame,
    before: Collection[Place],
    absent: Mapping[date, str],
    needed: Sequence[str],
    into: str,
) -> list[Finding]:
    """Everything that is said of the rates of these days.

    before: the days and currencies that are stored; needed: the currencies that every day must have.
    """
    there = set(zip(rows["business_date"], rows["currency"], strict=True))
    present = [day for day in days if day not in absent]
    lacking = {day: [code for code in needed if (day, code) not in there] for day in present}
    found = [_needed(day, lacking[day], into) for day in present if lacking[day]]
    found += checks.contract(schemas.EXCHANGE_RATES, rows, [day for day in present if not lacking[day]])
    return [*found, *(_delivered(day, absent.get(day), before, there) for day in (*present, *absent))]


def _needed(day: date, currencies: Sequence[str], into: str) -> Finding:
    return Finding(day, CONTRACT, passed=False, text=no_rate(currencies, into, day))


def _delivered(day: date, absence: str | None, before: Collection[Place], there: Collection[Place]) -> Finding:
    gone = sorted(code for of_day, code in before if of_day == day and (day, code) not in there)
    if gone:
        text = f"no rate of {', '.join(gone)} any more, though there was one; what was delivered then stands"
        return Finding(day, DELIVERY, passed=False, text=text)
    return Finding(day, DELIVERY, passed=not absence, severity="warning" if absence else "error", text=absence or "")
