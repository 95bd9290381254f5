"""What Vantage's costs are as charges: one call, and its rows summed by day and dimension.

Here: a row of costs as a charge, and their sums. Not here: the entry and the settings of the call (vantage.py), whether
all the rows are there (vantage_pages.py), and how a call is made (vantage/api.py).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import pandas as pd

from unit_economics.adapters import Delivery
from unit_economics.business_days import DayRange
from unit_economics.cost_sources.vantage import VantageCosts
from unit_economics.cost_sources.vantage_pages import WHERE, Bill, read_bill
from unit_economics.exact import EXACT
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics.schemas import CHARGE_CATEGORIES, CHARGES, COSTS, DIMENSIONS, empty
from unit_economics.vantage import answers
from unit_economics.vantage.answers import Json
from unit_economics.vantage.api import VantageApi

_STORED = Decimal("1e-12")
"""The last decimal of a cost, as in a bill of FOCUS files."""
_TOTALS = ("business_date", "billing_currency", "charge_rows", *COSTS)


class _Charge(NamedTuple):
    """What makes two rows the same charge: the day and the dimensions."""

    business_date: date
    provider_name: str
    sub_account_id: str | None
    service_name: str | None
    region_id: str | None
    charge_category: str
    tags: str
    billing_currency: str


def read(entry: VantageCosts, days: DayRange, tag_keys: Sequence[str], outside: Outside) -> Delivery:
    """The charges of these days in one call (of as many pages as it takes); raises `Refusal`."""
    parameters = entry.parameters(days, tag_keys)
    with VantageApi.connect(outside, entry.token) as api:
        bill = read_bill(api.cost_pages(parameters))
    return _delivery(entry, bill, days, tag_keys, parameters)


def _delivery(
    entry: VantageCosts, bill: Bill, days: DayRange, tag_keys: Sequence[str], parameters: dict[str, str]
) -> Delivery:
    charges: dict[_Charge, list[Decimal]] = defaultdict(list)
    totals: dict[tuple[date, str], list[Decimal]] = defaultdict(list)
    for row in bill.rows:
        charge, amount = _charge(row, days, tag_keys), _amount(row)
        charges[charge].append(amount)
        totals[charge.business_date, charge.billing_currency].append(amount)
    present = {charge.business_date for charge in charges}
    absent = [] if entry.absent_day == "zero" else [day for day in days if day not in present]
    return Delivery(
        charges=_charges(entry, charges),
        source_totals=_totals(entry, totals),
        absent={day: f"Vantage has no cost of {day} yet" for day in absent},
        fingerprint=_fingerprint(bill, parameters),
    )


def _costs(entry: VantageCosts, amounts: Sequence[Decimal]) -> dict[str, Decimal | None]:
    stated = "effective_cost" if entry.amortize else "billed_cost"
    return {cost: answers.exact_sum(amounts) if cost == stated else None for cost in COSTS}


def _charges(entry: VantageCosts, charges: dict[_Charge, list[Decimal]]) -> pd.DataFrame:
    rows = [
        {**charge._asdict(), **_costs(entry, amounts), "charge_rows": len(amounts)}
        for charge, amounts in charges.items()
    ]
    return _frame(rows, ["business_date", *DIMENSIONS, *COSTS, "charge_rows"])


def _totals(entry: VantageCosts, totals: dict[tuple[date, str], list[Decimal]]) -> pd.DataFrame:
    rows = [
        {"business_date": day, "billing_currency": currency, "charge_rows": len(amounts), **_costs(entry, amounts)}
        for (day, currency), amounts in totals.items()
    ]
    return _frame(rows, _TOTALS)


def _frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    if not rows:
        return empty(CHARGES)[list(columns)]
    # Without `object`, pandas would turn a column of nothing but None, or an account like 0012, into something else.
    return pd.DataFrame(rows, columns=list(columns), dtype=object).astype({"charge_rows": "int64"})


def _charge(row: Json, days: DayRange, tag_keys: Sequence[str]) -> _Charge:
    day = answers.utc_moment(row, "accrued_at", WHERE).date()
    if day not in days:
        raise Refusal(f"a row of {day} was not asked for", where=WHERE, remedy="Report it to Vantage")
    kind = answers.text(row, "charge_type", WHERE)
    return _Charge(
        business_date=day,
        provider_name=_needed(row, "provider"),
        sub_account_id=answers.text(row, "account_id", WHERE),
        service_name=answers.text(row, "service", WHERE),
        region_id=answers.text(row, "region", WHERE),
        charge_category=kind if kind in CHARGE_CATEGORIES else "n/a",
        tags=json.dumps(_tags(row, tag_keys), sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        billing_currency=_needed(row, "currency"),
    )


def _amount(row: Json) -> Decimal:
    """The amount as it can be stored: charges and totals must be sums of the same numbers."""
    return answers.amount(row, "amount", WHERE).quantize(_STORED, ROUND_HALF_UP, EXACT)


def _needed(row: Json, key: str) -> str:
    value = answers.text(row, key, WHERE)
    if not value:
        raise Refusal(f"a row has no {key!r}", where=WHERE, remedy="Report it to Vantage")
    return value


def _tags(row: Json, tag_keys: Sequence[str]) -> dict[str, str]:
    pairs = row.get("tags") or []
    found: dict[str, str] = {}
    for pair in pairs if isinstance(pairs, list) else [pairs]:
        written = answers.text({"tags": pair}, "tags", WHERE) or ""
        # A key may hold colons itself, so the longest one asked for that fits is the key.
        key = max((key for key in tag_keys if written.startswith(f"{key}:")), key=len, default=None)
        value = written[len(key) + 1 :] if key else ""
        if not key or not value:
            continue
        if found.setdefault(key, value) != value:
            raise Refusal(f"a row has two values of the tag {key!r}", where=WHERE, remedy="Report it to Vantage")
    return found


def _fingerprint(bill: Bill, parameters: dict[str, str]) -> str:
    asked = json.dumps(parameters, sort_keys=True)
    content = hashlib.sha256(json.dumps(bill.rows, sort_keys=True, default=str).encode()).hexdigest()
    return f"GET /costs {asked} pages={bill.pages} rows={len(bill.rows)} sha256={content}"
