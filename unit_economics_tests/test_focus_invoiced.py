"""What a bill says of invoices: the same charges on the same days, by another cut."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from unit_economics import schemas
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.vantage import VantageCosts
from unit_economics.entries.adapters import Invoiced
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics_tests.focus_bills import DAY, charge, read_bill, write_bill

UTC = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))


def read_invoiced(
    path: Path, first: date = DAY, last: date | None = None, *, zone: str = "UTC", **settings: object
) -> Invoiced:
    source = FocusFiles.model_validate({"kind": "focus", "path": str(path), **settings})
    calendar = BusinessCalendar(ZoneInfo(zone), timedelta(hours=2))
    found = source.read_invoiced(DayRange(first, last or first), calendar=calendar, outside=Outside({}))
    schemas.INVOICED_COSTS.validate(found.rows, lazy=True)
    return found


def by_day(found: Invoiced) -> dict[tuple[date, str], tuple[int, Decimal]]:
    """The rows added up by day and currency."""
    sums: dict[tuple[date, str], tuple[int, Decimal]] = {}
    names = ["business_date", "billing_currency", "charge_rows", "billed_cost"]
    for day, currency, rows, billed in found.rows[names].itertuples(index=False, name=None):
        before = sums.get((day, currency), (0, Decimal(0)))
        sums[day, currency] = (before[0] + rows, before[1] + billed)
    return sums


def invoiced(**changes: str) -> dict[str, str]:
    """A charge that says by which invoice it is billed."""
    stated = {
        "InvoiceId": "INV-1",
        "InvoiceIssuerName": "AWS Inc",
        "BillingAccountId": "42",
        "BillingPeriodStart": "2024-09-01T00:00:00Z",
        "ChargeClass": "",
    }
    return charge(**{**stated, **changes})


def test_a_day_is_billed_by_invoice_issuer_account_and_period(tmp_path: Path) -> None:
    write_bill(tmp_path, invoiced(), invoiced(), invoiced(InvoiceId="INV-2"), invoiced(ChargeClass="Correction"))
    rows = read_invoiced(tmp_path).rows
    assert set(rows["invoice_issuer_name"]) == {"AWS Inc"}
    assert set(rows["billing_account_id"]) == {"42"}
    assert set(rows["billing_period"]) == {date(2024, 9, 1)}
    assert sorted(zip(rows["invoice_id"], rows["charge_class"].fillna(""), rows["billed_cost"], strict=True)) == [
        ("INV-1", "", Decimal(3)),
        ("INV-1", "Correction", Decimal("1.5")),
        ("INV-2", "", Decimal("1.5")),
    ]


def test_a_file_without_the_columns_has_no_invoice_and_no_period(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    rows = read_invoiced(tmp_path).rows
    empty = ["invoice_issuer_name", "billing_account_id", "invoice_id", "billing_period", "charge_class"]
    assert rows[empty].isna().all(axis=None)
    assert list(rows["billed_cost"]) == [Decimal("1.5")]


def test_moments_of_one_day_are_one_period_however_they_are_written(tmp_path: Path) -> None:
    starts = ("2024-09-01", "2024-09-01T00:00:00Z", "2024-09-01 07:00:00")
    write_bill(tmp_path, *(invoiced(BillingPeriodStart=start) for start in starts))
    rows = read_invoiced(tmp_path).rows
    assert list(rows["billing_period"]) == [date(2024, 9, 1)]
    assert list(rows["charge_rows"]) == [3]


def test_periods_in_parquet_are_read_whatever_type_holds_them(tmp_path: Path) -> None:
    frame = pd.DataFrame([invoiced()])
    for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        frame[name] = frame[name].astype(float)
    frame["BillingPeriodStart"] = pd.to_datetime(frame["BillingPeriodStart"], utc=True)
    frame.to_parquet(tmp_path / "bill.parquet")
    assert list(read_invoiced(tmp_path).rows["billing_period"]) == [date(2024, 9, 1)]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
@pytest.mark.parametrize("long_charges", ["start", "spread"])
def test_every_day_is_billed_exactly_what_its_charges_are(tmp_path: Path, zone: str, long_charges: str) -> None:
    hours = [
        invoiced(ChargePeriodStart=f"2024-09-1{d}T0{h}:00:00Z", ChargePeriodEnd=f"2024-09-1{d}T0{h + 1}:00:00Z")
        for d in range(3)
        for h in (1, 6, 8)
    ]
    month = {"ChargePeriodStart": "2024-09-10T00:00:00Z", "ChargePeriodEnd": "2024-09-13T00:00:00Z"}
    write_bill(tmp_path, *hours, invoiced(**month, BilledCost="10", InvoiceId="INV-2"))
    days = (date(2024, 9, 10), date(2024, 9, 12))
    charges = read_bill(tmp_path, *days, zone=zone, long_charges=long_charges).source_totals
    found = read_invoiced(tmp_path, *days, zone=zone, long_charges=long_charges)
    names = ["business_date", "billing_currency", "charge_rows", "billed_cost"]
    expected = {(day, currency): (rows, billed) for day, currency, rows, billed in charges[names].to_numpy().tolist()}
    assert by_day(found) == dict(found.totals) == expected


def test_real_bills_add_up_by_invoice_to_the_charges(shared_data: Path) -> None:
    folder = shared_data / "d3_synthetic_focus12_13" / "input"
    days = (date(2026, 5, 1), date(2026, 5, 31))
    for path in sorted(folder.glob("*cost_and_usage*.csv")):
        found = read_invoiced(path, *days)
        charges = read_bill(path, *days).source_totals
        assert sum(total[1] for total in found.totals.values()) == charges["billed_cost"].sum()
        assert by_day(found) == dict(found.totals)
        assert len(set(found.rows["invoice_id"])) == 2


def test_a_period_that_is_no_date_is_refused_by_row_and_field(tmp_path: Path) -> None:
    write_bill(tmp_path, invoiced(), invoiced(BillingPeriodStart="September"))
    with pytest.raises(Refusal, match=r"bill\.csv, row 3, field BillingPeriodStart: 'September' is no date"):
        read_invoiced(tmp_path)
    assert len(read_bill(tmp_path).charges) == 1  # the charges themselves don't need it


def test_a_source_that_states_no_invoices_says_so_and_is_never_nothing() -> None:
    source = VantageCosts.model_validate({"kind": "vantage", "cost_report": "rprt_1"})
    assert source.no_invoices == "a source of kind vantage does not state by which invoice a charge is billed"
    with pytest.raises(UsageRefusal, match="does not state by which invoice"):
        source.read_invoiced(DayRange(DAY, DAY), calendar=UTC, outside=Outside({}))
