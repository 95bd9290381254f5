"""A shop whose bill says by which invoice its charges are billed: two days of September 2024, and October.

Here: the catalogue, the bill and the invoices of the tests. Not here: expectations.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
business_day: {first_day: 2024-09-01}
cost_sources:
  bill: {kind: focus, path: ./focus, absent_day: zero}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: orders}
reconciliation: %s
"""
HEADER = "invoice_id,issuer,billing_account_id,period,currency,amount,status\n"
FIRST, LAST = "2024-09-01", "2024-09-30"


def catalogue(reconciliation: str = "{invoices: {kind: csv, path: ./invoices.csv}}") -> str:
    """The catalogue with these settings."""
    return CATALOGUE % reconciliation


def billed(day: str = "2024-09-10", cost: str = "50", **changes: str) -> dict[str, str]:
    """A charge of one hour of a day, on invoice INV-9 of September."""
    stated = {
        "ChargePeriodStart": f"{day}T10:00:00Z",
        "ChargePeriodEnd": f"{day}T11:00:00Z",
        "BilledCost": cost,
        "EffectiveCost": cost,
        "InvoiceId": "INV-9",
        "InvoiceIssuerName": "AWS",
        "BillingAccountId": "42",
        "BillingPeriodStart": "2024-09-01T00:00:00Z",
        "ChargeClass": "",
    }
    return charge(**{**stated, **changes})


def opened(shop: World, *rows: dict[str, str]) -> World:
    """The shop with this bill, 100 orders a day, and a clock in the middle of October."""
    shop.now = datetime(2024, 10, 15, 9, tzinfo=UTC)
    shop.sql("create table public.orders (day date, orders bigint)")
    shop.sql(
        "insert into public.orders select d::date, 100 from generate_series(date '2024-09-01', '2024-10-31', '1 day') d"
    )
    write_bill(shop.folder / "focus", *(rows or [billed(), billed("2024-09-11")]))
    return shop


def state(shop: World, *invoices: str) -> None:
    """Write the file of invoices, a line each."""
    (shop.folder / "invoices.csv").write_text(HEADER + "".join(f"{line}\n" for line in invoices))


def invoice(amount: str, *, name: str = "INV-9", status: str = "issued", account: str = "42") -> str:
    """A line of the file: an invoice of September in USD."""
    return f"{name},AWS,{account},2024-09,USD,{amount},{status}"


def every(shop: World, view: str, columns: str, order: str = "1") -> Sequence[tuple[object, ...]]:
    """The rows of a view."""
    return shop.sql(f"select {columns} from unit_economics.{view} order by {order}")
