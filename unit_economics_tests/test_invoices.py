"""Invoices as they are stated: every field is judged, and the file says where it is wrong."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from unit_economics.entries.reconciliation import InvoiceFile, Reconciliation
from unit_economics.invoice_file import read_invoices
from unit_economics.invoices import Invoice, month_after, period_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics_tests.invoiced_shop import HEADER, invoice


def read(folder: Path, *lines: str, header: str = HEADER) -> list[Invoice]:
    (folder / "invoices.csv").write_text(header + "".join(f"{line}\n" for line in lines))
    return read_invoices(InvoiceFile(kind="csv", path="invoices.csv"), Outside({}, folder=folder))


def test_a_row_is_an_invoice_and_what_is_empty_is_not_stated(tmp_path: Path) -> None:
    header = "note,currency,amount,status,period,issuer,invoice_id,tax,credits\n"
    (found,) = read(tmp_path, "late,EUR,1.000000000001,paid,2026-12,Acme,7,0.5,", header=header)
    period = (date(2026, 12, 1), date(2027, 1, 1))
    assert found == Invoice(
        "7", "Acme", None, *period, "EUR", Decimal("1.000000000001"), "paid", {"tax": Decimal("0.5")}, "late"
    )


def test_a_period_is_a_month_or_half_open() -> None:
    assert period_of("2026-02") == (date(2026, 2, 1), date(2026, 3, 1))
    assert period_of("2026-10-15/2026-11-15") == (date(2026, 10, 15), date(2026, 11, 15))
    assert [period_of(text) for text in ("2026", "2026-13", "2026-10-01/2026-10-01", "2026-10-01", "")] == [None] * 5
    assert month_after(date(2026, 12, 31)) == date(2027, 1, 28)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("INV-9,AWS,42,2024-09,USD,1e3,issued", "line 2, field amount: '1e3' is not an amount like 1234.56"),
        ("INV-9,AWS,42,2024-09,USD,1.0000000000001,issued", "line 2, field amount"),
        ("INV-9,AWS,42,2024-09,USD,,issued", "line 2, field amount: is empty: write an amount"),
        ("INV-9,AWS,42,2024-13,USD,1,issued", "line 2, field period: '2024-13' is not a month like 2026-10"),
        ("INV-9,AWS,42,2024-09,usd,1,issued", "line 2, field currency: 'usd' is not a currency like USD"),
        ("INV-9,AWS,42,2024-09,USD,1,sent", "line 2, field status: 'sent' is not one of provisional, issued"),
        (",AWS,42,2024-09,USD,1,issued", "line 2, field invoice_id: is empty"),
        ("INV-9,AWS,42,2024-09,USD,1", "line 2: has 6 values where the first row has 7"),
        (f"{invoice('1')}\n{invoice('2')}", "line 3: invoice INV-9 in USD is there a second time"),
        ('"INV-9,AWS,42,2024-09,USD,1,issued', "is no CSV"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_field(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(tmp_path, line)
    assert said in str(refused.value)


@pytest.mark.parametrize("header", ["invoice_id,issuer\n", HEADER.replace("\n", ",vat\n"), ""])
def test_a_file_with_other_columns_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(Refusal, match="line 1: its first row is not invoice_id, issuer, period"):
        read(tmp_path, header=header)


def test_the_tolerance_is_a_part_of_the_invoice_or_an_amount_whichever_is_more() -> None:
    rules = Reconciliation(tolerance=Decimal("0.01"), tolerance_amount=Decimal(2))
    assert [rules.allowed(Decimal(amount)) for amount in (100, -1000)] == [2, 10]
