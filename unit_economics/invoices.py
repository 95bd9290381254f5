"""An invoice as it is stated, and judging each of its fields: by hand, in a file, or by the bill.

Here: the value, and reading it from texts. Not here: the file (invoice_file.py), keeping it (warehouse/invoices.py), or
holding it against what was billed (insight/reconciling.py).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast, get_args

from unit_economics.currencies import CURRENCIES
from unit_economics.exact import LARGEST
from unit_economics.insight.differences import PARTS, ZERO, Kind
from unit_economics.insight.reconciling import Status
from unit_economics.refusals import Refusal

NEEDED = ("invoice_id", "issuer", "period", "currency", "amount", "status")
KNOWN = (*NEEDED, "billing_account_id", *PARTS, "note")
PERIOD_IS = "a month like 2026-10, or the first day and the day after the last like 2026-10-01/2026-11-01"
_AMOUNT = re.compile(r"-?\d{1,24}(\.\d{1,12})?", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True)
class Invoice:
    """What is stated of an invoice.

    period_end: the day after its last; amount: what is to be paid, None where only the bill names it; parts: how much
    of that is tax, credits (not above 0), a support fee, or bought in a marketplace, as far as it is stated.
    """

    invoice_id: str
    issuer: str
    billing_account_id: str | None
    period_start: date
    period_end: date
    currency: str
    amount: Decimal | None
    status: Status
    parts: Mapping[Kind, Decimal] = field(default_factory=dict[Kind, Decimal])
    note: str = ""


def invoice_of(told: Mapping[str, str], where: str) -> Invoice:
    """The invoice that these texts state; raises `Refusal` with the field that can't be meant. Empty is not stated."""

    def read(name: str, judge: Callable[[str], T | None], what: str) -> T:
        text = told.get(name, "").strip()
        value = judge(text)
        if value is None:
            said = f"{text[:60]!r} is not {what}" if text else f"is empty: write {what}"
            raise Refusal(said, where=f"{where}, field {name}", remedy="Correct it, then try again")
        return value

    start, end = read("period", period_of, PERIOD_IS)
    return Invoice(
        invoice_id=read("invoice_id", _text, "the number of the invoice"),
        issuer=read("issuer", _text, "who issued it, as the bill names them"),
        billing_account_id=told.get("billing_account_id", "").strip() or None,
        period_start=start,
        period_end=end,
        currency=read("currency", lambda text: text if text in CURRENCIES else None, "a currency like USD"),
        amount=read("amount", amount_of, "an amount like 1234.56"),
        status=read("status", _status, f"one of {', '.join(get_args(Status))}"),
        parts={part: read(part, _part(part), _part_is(part)) for part in PARTS if told.get(part, "").strip()},
        note=told.get("note", "").strip(),
    )


def period_of(text: str) -> tuple[date, date] | None:
    """The first day and the day after the last; None where it is no period."""
    if month := _MONTH.fullmatch(text):
        year, number = int(month[1]), int(month[2])
        return date(year, number, 1), month_after(date(year, number, 1))
    first, _, end = text.partition("/")
    try:
        found = date.fromisoformat(first), date.fromisoformat(end)
    except ValueError:
        return None
    return found if found[0] < found[1] else None


def month_after(day: date) -> date:
    """The same day of the next month, of which every month that begins a period has one."""
    first = day.replace(day=1)
    return date(first.year + first.month // 12, first.month % 12 + 1, min(day.day, 28))


def amount_of(text: str) -> Decimal | None:
    """An exact amount of twelve decimals at most; None where it is none."""
    value = Decimal(text) if _AMOUNT.fullmatch(text) else None
    return value if value is not None and value.copy_abs() < LARGEST else None


def _text(text: str) -> str | None:
    return text or None


def _status(text: str) -> Status | None:
    return cast("Status", text) if text in get_args(Status) else None


def _part(part: Kind) -> Callable[[str], Decimal | None]:
    def judge(text: str) -> Decimal | None:
        amount = amount_of(text)
        return None if amount is not None and part == "credits" and amount > ZERO else amount

    return judge


def _part_is(part: Kind) -> str:
    return "an amount like -12.30: credits make an invoice less" if part == "credits" else "an amount like 12.30"
