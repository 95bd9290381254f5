"""The demo's invoices: one a month that lies wholly in its days; the last of them has support that no charge knows.

Here: their amounts and the file. Not here: the charges (bill.py), or holding one against the other (proof/).
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from unit_economics.business_days import DayRange
from unit_economics.demo.answer_key import InvoiceAnswer
from unit_economics.demo.bill import Charge
from unit_economics.demo.bill_file import EVERYWHERE
from unit_economics.demo.headline import COMPLETE_AFTER

FILE = "invoices.csv"
SUPPORT_RATE = Decimal("0.03")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class DemoInvoice:
    """One invoice as the provider sends it; `amount`, which holds the other three, is in whole cents of USD."""

    invoice_id: str
    issuer: str
    billing_account_id: str
    period: str
    currency: str
    amount: Decimal
    status: str
    tax: Decimal
    credits: Decimal
    support: Decimal


def invoices_of(charges: Iterable[Charge], days: DayRange) -> list[DemoInvoice]:
    """The invoices of the months that are complete and were the shop's from their first day on, oldest first."""
    months: dict[str, list[Charge]] = {}
    for charge in charges:
        if _is_whole(charge, days):
            months.setdefault(str(charge["InvoiceId"]), []).append(charge)
    ordered = sorted(months.items())
    return [_invoice(name, of_month, is_last=name == ordered[-1][0]) for name, of_month in ordered]


def answers_of(invoices: Iterable[DemoInvoice]) -> dict[str, InvoiceAnswer]:
    """The same for the answer key, by number."""
    return {one.invoice_id: InvoiceAnswer(one.amount, one.support) for one in invoices}


def write_invoices(folder: Path, invoices: Sequence[DemoInvoice]) -> None:
    """Write `folder`/invoices.csv, as docs/reconciliation.md describes it."""
    with (folder / FILE).open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(field.name for field in fields(DemoInvoice))
        lines.writerows(astuple(one) for one in invoices)


def _is_whole(charge: Charge, days: DayRange) -> bool:
    first, end = _moment(charge, "BillingPeriodStart").date(), _moment(charge, "BillingPeriodEnd").date()
    return days.first <= first and end + COMPLETE_AFTER <= days.end


def _invoice(name: str, charges: Sequence[Charge], *, is_last: bool) -> DemoInvoice:
    billed = sum(_billed(charges), Decimal(0))
    support = (billed * SUPPORT_RATE).quantize(_CENT) if is_last else Decimal(0)
    return DemoInvoice(
        invoice_id=name,
        issuer=str(EVERYWHERE["InvoiceIssuerName"]),
        billing_account_id=str(EVERYWHERE["BillingAccountId"]),
        period=f"{_moment(charges[0], 'BillingPeriodStart'):%Y-%m}",
        currency=str(EVERYWHERE["BillingCurrency"]),
        amount=billed.quantize(_CENT) + support,
        status="issued",
        tax=sum(_billed(charges, "Tax"), Decimal(0)).quantize(_CENT),
        credits=sum(_billed(charges, "Credit"), Decimal(0)).quantize(_CENT),
        support=support,
    )


def _billed(charges: Iterable[Charge], category: str | None = None) -> Iterator[Decimal]:
    for charge in charges:
        if category in (None, charge["ChargeCategory"]):
            yield Decimal(str(charge["BilledCost"]))


def _moment(charge: Charge, column: str) -> datetime:
    found = charge[column]
    assert isinstance(found, datetime)  # noqa: S101  # the charge is our own; this tells the type checker so
    return found
