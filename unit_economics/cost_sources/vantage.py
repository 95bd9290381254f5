"""Costs from Vantage's API (GET /costs), as FOCUS-shaped charges.

Here: the entry `kind: vantage`, the settings of the call, and what a row of costs is as a charge. Not here: how a call
is made (vantage_api.py), and whether all the rows are there (vantage_pages.py).

Vantage counts its days in UTC only, and states one cost a row: the amortized one or the billed one.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal, NamedTuple

import pandas as pd
from pydantic import Field, model_validator

from unit_economics.adapters import CostSource, Delivery, Variable
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.vantage_pages import WHERE, Bill, read_bill
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.schemas import CHARGE_CATEGORIES, CHARGES, COSTS, DIMENSIONS, EXACT, empty
from unit_economics.vantage import answers
from unit_economics.vantage.answers import Json
from unit_economics.vantage.api import VantageApi

_GROUPINGS = ("provider", "service", "account_id", "region", "charge_type")
_LIMIT = 5000
_STORED = Decimal("1e-12")
"""The last decimal of a cost, as in a bill of FOCUS files."""
_ZONES_OF_UTC = {"UTC", "UCT", "GMT", "Zulu", "Universal", "Greenwich"}
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


class VantageCosts(CostSource):
    """`kind: vantage`: the costs of one cost report, or of one filter in a workspace."""

    kind: Literal["vantage"]  # pyright: ignore[reportIncompatibleVariableOverride]  entries are frozen
    cost_report: Annotated[str, Field(pattern=r"^rprt_[A-Za-z0-9_]+$")] | None = None
    filter: str | None = Field(None, min_length=1, description="VQL, like (costs.provider = 'aws')")
    workspace: Annotated[str, Field(pattern=r"^wrkspc_[A-Za-z0-9_]+$")] | None = None
    token: Variable = "VANTAGE_API_TOKEN"  # noqa: S105  the name, not the secret
    amortize: bool = Field(default=True, description="True: the amount is the effective cost; False: the billed cost")
    include_credits: bool = True
    include_refunds: bool = True
    include_discounts: bool = True
    include_tax: bool = True

    @model_validator(mode="after")
    def _one_of(self) -> "VantageCosts":
        if (self.cost_report is None) == (self.filter is None):
            raise ValueError("give either `cost_report` or `filter`")
        if self.workspace is not None and self.filter is None:
            raise ValueError("`workspace` goes with `filter`; a cost report knows its own")
        return self

    def read(
        self, days: DayRange, *, calendar: BusinessCalendar, tag_keys: Sequence[str], outside: Outside
    ) -> Delivery:
        """The charges of these days in one call (of as many pages as it takes); raises `Refusal`."""
        _refuse_other_zone(calendar)
        parameters = self.parameters(days, tag_keys)
        with VantageApi.connect(outside, self.token) as api:
            bill = read_bill(api.cost_pages(parameters))
        return self._delivery(bill, days, tag_keys, parameters)

    def parameters(self, days: DayRange, tag_keys: Sequence[str]) -> dict[str, str]:
        """The whole query; a setting left out would be the one saved with the report, which anyone may change."""
        chosen = {"cost_report_token": self.cost_report, "filter": self.filter, "workspace_token": self.workspace}
        return {
            **{name: value for name, value in chosen.items() if value is not None},
            "start_date": str(days.first),
            "end_date": str(days.last),
            "groupings": ",".join([*_GROUPINGS, *(_tag_grouping(key) for key in tag_keys)]),
            "date_bin": "day",
            "order": "asc",
            "limit": str(_LIMIT),
            **{f"settings[{name}]": value for name, value in self._settings().items()},
        }

    def _settings(self) -> dict[str, str]:
        switches = {
            "include_credits": self.include_credits,
            "include_refunds": self.include_refunds,
            "include_discounts": self.include_discounts,
            "include_tax": self.include_tax,
            "amortize": self.amortize,
            "unallocated": False,
            "show_previous_period": False,
        }
        return {**{name: str(value).lower() for name, value in switches.items()}, "aggregate_by": "cost"}

    def _delivery(self, bill: Bill, days: DayRange, tag_keys: Sequence[str], parameters: dict[str, str]) -> Delivery:
        charges: dict[_Charge, list[Decimal]] = defaultdict(list)
        totals: dict[tuple[date, str], list[Decimal]] = defaultdict(list)
        for row in bill.rows:
            charge, amount = _charge(row, days, tag_keys), _amount(row)
            charges[charge].append(amount)
            totals[charge.business_date, charge.billing_currency].append(amount)
        present = {charge.business_date for charge in charges}
        absent = [] if self.absent_day == "zero" else [day for day in days if day not in present]
        return Delivery(
            charges=self._charges(charges),
            source_totals=self._totals(totals),
            absent={day: f"Vantage has no cost of {day} yet" for day in absent},
            fingerprint=_fingerprint(bill, parameters),
        )

    def _costs(self, amounts: Sequence[Decimal]) -> dict[str, Decimal | None]:
        stated = "effective_cost" if self.amortize else "billed_cost"
        return {cost: answers.exact_sum(amounts) if cost == stated else None for cost in COSTS}

    def _charges(self, charges: dict[_Charge, list[Decimal]]) -> pd.DataFrame:
        rows = [
            {**charge._asdict(), **self._costs(amounts), "charge_rows": len(amounts)}
            for charge, amounts in charges.items()
        ]
        return _frame(rows, ["business_date", *DIMENSIONS, *COSTS, "charge_rows"])

    def _totals(self, totals: dict[tuple[date, str], list[Decimal]]) -> pd.DataFrame:
        rows = [
            {"business_date": day, "billing_currency": currency, "charge_rows": len(amounts), **self._costs(amounts)}
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


def _tag_grouping(key: str) -> str:
    if "," in key:
        remedy = "Leave it out, or use FOCUS files"
        raise UsageRefusal(f"Vantage can't be asked for a tag with a comma ({key!r})", where="tags", remedy=remedy)
    return f"tag:{key}"


def _refuse_other_zone(calendar: BusinessCalendar) -> None:
    zone = calendar.timezone.key
    if zone.removeprefix("Etc/") not in _ZONES_OF_UTC:
        raise UsageRefusal(
            f"Vantage counts its days in UTC, not in {zone}",
            where="business_day.timezone",
            remedy="Set it to UTC, or read the bill from FOCUS files, which state the hour",
        )


def _fingerprint(bill: Bill, parameters: dict[str, str]) -> str:
    asked = json.dumps(parameters, sort_keys=True)
    content = hashlib.sha256(json.dumps(bill.rows, sort_keys=True, default=str).encode()).hexdigest()
    return f"GET /costs {asked} pages={bill.pages} rows={len(bill.rows)} sha256={content}"
