"""What several cost sources billed by invoice, read as one.

Here: asking each source for the days that it covers, and adding up what they hand over. Not here: the charges
themselves (together.py), or anything about one provider.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import reduce

import pandas as pd

from unit_economics.cost_sources.together import Asked
from unit_economics.entries.adapters import CostSource, Invoiced
from unit_economics.exact import EXACT
from unit_economics.schemas import INVOICED_BY, INVOICED_COSTS, empty


def unreadable(sources: Mapping[str, CostSource]) -> dict[str, str]:
    """The sources that can't be told by invoice, each with the reason."""
    return {name: reason for name, source in sources.items() if (reason := source.no_invoices)}


def read_all_invoiced(sources: Mapping[str, CostSource], asked: Asked) -> Invoiced:
    """What these days were billed by invoice, out of every source that states it; the others are `unreadable`."""
    parts = [
        source.read_invoiced(days, calendar=asked.calendar, outside=asked.outside)
        for source in sources.values()
        if source.no_invoices is None
        for days in asked.of(source)
    ]
    rows = pd.concat([empty(INVOICED_COSTS), *(part.rows for part in parts)], ignore_index=True)
    totals: dict[tuple[date, str], tuple[int, Decimal]] = {}
    for part in parts:
        for key, (count, billed) in part.totals.items():
            before = totals.get(key, (0, Decimal(0)))
            totals[key] = (before[0] + count, EXACT.add(before[1], billed))
    return Invoiced(_summed(rows), totals)


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Two sources may have charges of one invoice."""
    keys = ["business_date", *INVOICED_BY]
    if not rows.duplicated(keys).any():
        return rows
    grouped = rows.groupby(keys, dropna=False, sort=False, as_index=False)
    summed = grouped.agg({"billed_cost": lambda costs: reduce(EXACT.add, costs), "charge_rows": "sum"})
    # Grouping makes NaN of an empty key; it is a text, a date or None.
    return summed[rows.columns].astype(dict.fromkeys(keys, object)).where(lambda found: found.notna(), None)
