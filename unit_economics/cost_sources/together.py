"""Several cost sources read as one: the charges of a day are complete, or the day is absent.

Here: which source is asked for which days, and adding up what they hand over. Not here: anything about one provider.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Any

import pandas as pd

from unit_economics.business_days import BusinessCalendar, DayRange, ranges
from unit_economics.entries.adapters import CostSource, Delivery, Kept
from unit_economics.exact import EXACT
from unit_economics.outside import Outside
from unit_economics.schemas import CHARGES, COSTS, DIMENSIONS, empty

_TOTALS = ["business_date", "billing_currency", "charge_rows", *COSTS]


@dataclass(frozen=True)
class Asked:
    """What is wanted of every source: which days, in whose calendar, with what kept of a charge."""

    days: DayRange
    calendar: BusinessCalendar
    kept: Kept
    outside: Outside

    def of(self, source: CostSource) -> list[DayRange]:
        """The ranges of days that a source covers."""
        return ranges(day for day in self.days if source.covers(day))

    @property
    def how(self) -> dict[str, Any]:
        """The keyword arguments of a source's `read` and `glance`."""
        return {"calendar": self.calendar, "kept": self.kept, "outside": self.outside}


def glance_all(sources: Mapping[str, CostSource], asked: Asked) -> str | None:
    """What all sources look like without reading them; None where one of them can't be told so."""
    seen = [source.glance(part, **asked.how) for source in sources.values() for part in asked.of(source)]
    told = [glance for glance in seen if glance is not None]
    return "; ".join(told) if told and len(told) == len(seen) else None


def read_all(sources: Mapping[str, CostSource], asked: Asked) -> Delivery:
    """The charges of these days out of every source that covers them.

    A day that one of its sources lacks is absent altogether: a part of a day's cost would be a wrong number.
    """
    days = asked.days
    parts = [
        _named(name, source.read(part, **asked.how)) for name, source in sources.items() for part in asked.of(source)
    ]
    uncovered = {
        day: "no cost source covers this day"
        for day in days
        if not any(source.covers(day) for source in sources.values())
    }
    absent = {day: reason for part in parts for day, reason in part.absent.items()} | uncovered
    if len(parts) == 1:
        return replace(_without(parts[0], absent), absent=absent)
    if not parts:
        return Delivery(empty(CHARGES), empty(CHARGES)[_TOTALS], absent)
    return _without(_joined(parts, absent), absent)


def _named(name: str, part: Delivery) -> Delivery:
    absent = {day: f"{name}: {reason}" for day, reason in part.absent.items()}
    return replace(part, absent=absent, fingerprint=f"{name}={part.fingerprint}")


def _joined(parts: Sequence[Delivery], absent: Mapping[date, str]) -> Delivery:
    keys = ["business_date", *DIMENSIONS]
    charges = [part.charges for part in parts if len(part.charges)] or [empty(CHARGES)]
    totals = [part.source_totals for part in parts if len(part.source_totals)] or [parts[0].source_totals]
    return Delivery(
        _summed(pd.concat(charges, ignore_index=True), keys)[list(CHARGES.columns)],
        _summed(pd.concat(totals, ignore_index=True), ["business_date", "billing_currency"]),
        absent,
        "; ".join(part.fingerprint for part in parts),
    )


def _summed(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    if not frame.duplicated(keys).any():
        return frame
    grouped = frame.groupby(keys, dropna=False, sort=False, as_index=False)
    summed = grouped.agg({"charge_rows": "sum", **dict.fromkeys(COSTS, _sum_of_stated)})
    # Grouping makes NaN of an empty key; a dimension is a text or None.
    return summed[frame.columns].astype(dict.fromkeys(keys, object)).where(lambda found: found.notna(), None)


def _sum_of_stated(column: "pd.Series[Any]") -> object:
    """The sum, or None where no row states this cost."""
    stated = column.dropna()
    return reduce(EXACT.add, stated) if len(stated) else None


def _without(part: Delivery, absent: Mapping[date, str]) -> Delivery:
    gone = set(absent)
    if not gone:
        return part
    keep = part.charges[~part.charges["business_date"].isin(gone)].reset_index(drop=True)
    totals = part.source_totals[~part.source_totals["business_date"].isin(gone)].reset_index(drop=True)
    return replace(part, charges=keep, source_totals=totals)
