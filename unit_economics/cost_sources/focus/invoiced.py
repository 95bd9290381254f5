"""FOCUS files by invoice: a second, narrower scan of the same bill, for what each invoice billed on each day.

Here: what is asked of the scan, and its rows as `schemas.INVOICED_COSTS`. Not here: the scan and the rule by which a
charge belongs to a day, which are those of the charges (query.py, day_rule.py), or any invoice's amount.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import cast

import pandas as pd

from unit_economics import schemas
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.query import INVOICED_FIELDS, Asked
from unit_economics.cost_sources.focus.reading import scanned
from unit_economics.cost_sources.focus.scan import Row
from unit_economics.entries.adapters import Invoiced
from unit_economics.outside import Outside

_BILLED = "billed_cost"
_NAMES = ["is_faulty", "is_total", "business_date", *INVOICED_FIELDS, _BILLED, "charge_rows", "file"]


def read_invoiced(entry: FocusFiles, days: DayRange, calendar: BusinessCalendar, outside: Outside) -> Invoiced:
    """What these days were billed by invoice; raises `Refusal` rather than leave out a row or a file."""
    covered = [day for day in days if entry.covers(day)]
    if not covered:
        return Invoiced(schemas.empty(schemas.INVOICED_COSTS), {})
    asked = Asked(
        days=DayRange(covered[0], covered[-1]),
        calendar=calendar,
        tag_keys=(),
        is_spread=entry.long_charges == "spread",
        null_words=tuple(entry.null_words),
        fields=INVOICED_FIELDS,
        costs=(_BILLED,),
    )
    rows = scanned(entry, asked, outside).rows
    return Invoiced(_frame([row for row in rows if not row[1]]), _totals([row for row in rows if row[1]]))


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    if not rows:
        return schemas.empty(schemas.INVOICED_COSTS)
    frame = pd.DataFrame(rows, columns=_NAMES, dtype=object)
    starts = [date.fromisoformat(text) if isinstance(text, str) else None for text in frame["billing_period"]]
    frame["billing_period"] = pd.Series(starts, index=frame.index, dtype=object)
    by = ["business_date", *schemas.INVOICED_BY]
    ordered = frame.sort_values(by, na_position="first", ignore_index=True)
    return ordered[list(schemas.INVOICED_COSTS.columns)].astype({"charge_rows": "int64"})


def _totals(rows: Sequence[Row]) -> dict[tuple[date, str], tuple[int, Decimal]]:
    found = pd.DataFrame(rows, columns=_NAMES, dtype=object)
    columns = (found[name] for name in ("business_date", "billing_currency", "charge_rows", _BILLED))
    named = cast("zip[tuple[date, str, int, Decimal]]", zip(*columns, strict=True))
    return {(day, currency): (int(count), billed) for day, currency, count, billed in named}
