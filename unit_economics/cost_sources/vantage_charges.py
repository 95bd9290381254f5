"""What Vantage's costs are as charges: one call, and its rows summed by day and dimension.

Here: a row of costs as a charge, and their sums. Not here: the entry and the settings of the call (vantage.py), whether
all the rows are there (vantage_pages.py), and how a call is made (vantage/api.py).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import pandas as pd

from unit_economics.allocation.rules import is_untagged, taken_by, written
from unit_economics.business_days import DayRange
from unit_economics.cost_sources.vantage import VantageCosts
from unit_economics.cost_sources.vantage_pages import WHERE, Bill, read_bill
from unit_economics.entries.adapters import Delivery, Kept
from unit_economics.entries.conditions import Charge
from unit_economics.exact import EXACT
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.schemas import CHARGE_CATEGORIES, CHARGES, COSTS, DIMENSIONS, empty
from unit_economics.vantage import answers
from unit_economics.vantage.api import VantageApi
from unit_economics.web_api.strict_json import Json

_STORED = Decimal("1e-12")
"""The last decimal of a cost, as in a bill of FOCUS files."""
_OTHERS = {"sub_account_id": "account_id", "service_name": "service", "region_id": "region"}
_STATED = ("provider_name", "charge_category", *_OTHERS)
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
    taken_by: str
    is_untagged: bool


def read(entry: VantageCosts, days: DayRange, kept: Kept, outside: Outside) -> Delivery:
    """The charges of these days in one call (of as many pages as it takes); raises `Refusal`."""
    _refuse_unknown_columns(kept)
    looked_at = [allocation.tag_keys for allocation in kept.allocations.values()]
    parameters = entry.parameters(days, sorted(set(kept.tag_keys).union(*looked_at)))
    with VantageApi.connect(outside, entry.token) as api:
        bill = read_bill(api.cost_pages(parameters))
    return _delivery(entry, bill, days, kept, parameters)


def _refuse_unknown_columns(kept: Kept) -> None:
    for scope, allocation in kept.allocations.items():
        unknown = sorted(allocation.columns - {*_STATED})
        if unknown:
            raise UsageRefusal(
                f"Vantage states no {unknown[0]}, so no rule can look at it",
                where=f"cost_scopes.{scope}.allocation",
                remedy=f"Let the rules look at {', '.join(_STATED)} or tags, or read the bill from FOCUS files",
            )


def _delivery(entry: VantageCosts, bill: Bill, days: DayRange, kept: Kept, parameters: dict[str, str]) -> Delivery:
    charges: dict[_Charge, list[Decimal]] = defaultdict(list)
    totals: dict[tuple[date, str], list[Decimal]] = defaultdict(list)
    for row in bill.rows:
        charge, amount = _charge(row, days, kept), _amount(row)
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


def _charge(row: Json, days: DayRange, kept: Kept) -> _Charge:
    day = answers.utc_moment(row, "accrued_at", WHERE).date()
    if day not in days:
        raise Refusal(f"a row of {day} was not asked for", where=WHERE, remedy="Report it to Vantage")
    kind = answers.text(row, "charge_type", WHERE)
    provider, category = _needed(row, "provider"), kind if kind in CHARGE_CATEGORIES else "n/a"
    others = {name: answers.text(row, stated, WHERE) for name, stated in _OTHERS.items()}
    keys = set(kept.tag_keys).union(*(allocation.tag_keys for allocation in kept.allocations.values()))
    tags = _tags(row, keys)
    charge = Charge({**others, "provider_name": provider, "charge_category": category}, tags)
    taken = {scope: taken_by(allocation, day, charge) for scope, allocation in kept.allocations.items()}
    return _Charge(
        business_date=day,
        provider_name=provider,
        charge_category=category,
        **others,
        tags=_canonical({key: value for key, value in tags.items() if key in kept.tag_keys}),
        billing_currency=_needed(row, "currency"),
        taken_by=written(taken),
        is_untagged=bool(taken) and is_untagged(keys, charge),
    )


def _canonical(tags: Mapping[str, str]) -> str:
    return json.dumps(tags, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _amount(row: Json) -> Decimal:
    """The amount as it can be stored: charges and totals must be sums of the same numbers."""
    return answers.amount(row, "amount", WHERE).quantize(_STORED, ROUND_HALF_UP, EXACT)


def _needed(row: Json, key: str) -> str:
    value = answers.text(row, key, WHERE)
    if not value:
        raise Refusal(f"a row has no {key!r}", where=WHERE, remedy="Report it to Vantage")
    return value


def _tags(row: Json, tag_keys: Collection[str]) -> dict[str, str]:
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
