"""The catalogue's `reconciliation`: where invoices are stated, and how far the bill may be from one.

Here: the settings. Not here: reading the file (invoices.py), or judging an invoice (insight/reconciling.py).
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from unit_economics.entries.entry import Entry
from unit_economics.exact import EXACT

RECONCILIATION_IS = "Holds every invoice against what was billed for it; without it nothing is read by invoice"


class InvoiceFile(Entry):
    """A CSV file with a row an invoice; what was stated by hand stands beside it."""

    kind: Literal["csv"]
    path: str = Field(min_length=1, description="Of a CSV file, from the catalogue's folder")


class Reconciliation(Entry):
    """`reconciliation: {}` takes the defaults."""

    invoices: InvoiceFile | None = Field(default=None, description="Where invoices are stated, beside by hand")
    tolerance: Decimal = Field(
        default=Decimal("0.001"), ge=0, lt=1, description="The part of an invoice that may stay unexplained"
    )
    tolerance_amount: Decimal = Field(
        default=Decimal(0), ge=0, description="How much may stay unexplained anyway, in the invoice's currency"
    )
    close_days: bool = Field(default=True, description="A day whose every charge is on a reconciled invoice is closed")

    def allowed(self, amount: Decimal) -> Decimal:
        """How much of an invoice of this amount may stay unexplained."""
        return max(EXACT.multiply(amount.copy_abs(), self.tolerance), self.tolerance_amount)
