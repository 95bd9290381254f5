"""Small FOCUS bills for the tests: rows as dicts, written as CSV, CSV.gz or Parquet, and read back.

Here: making and reading bills. Not here: expectations.
"""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from unit_economics import schemas
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.entries.adapters import Delivery, Kept
from unit_economics.entries.allocation import Allocation
from unit_economics.outside import Outside

DAY = date(2024, 9, 10)
CHARGE = {
    "BilledCost": "1.5",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ChargeDescription": "a virtual machine",
    "ChargePeriodEnd": "2024-09-10T11:00:00Z",
    "ChargePeriodStart": "2024-09-10T10:00:00Z",
    "ContractedCost": "2",
    "EffectiveCost": "1.25",
    "ListCost": "3",
    "ProviderName": "AWS",
    "RegionId": "eu-west-1",
    "ServiceName": "Compute",
    "SubAccountId": "123",
    "Tags": '{"app":"checkout"}',
}


def charge(**changes: str) -> dict[str, str]:
    """One charge of an hour on DAY, with some columns changed."""
    return {**CHARGE, **changes}


def charge_on(day: object, **changes: str) -> dict[str, str]:
    """One charge of an hour on this day."""
    return charge(ChargePeriodStart=f"{day}T10:00:00Z", ChargePeriodEnd=f"{day}T11:00:00Z", **changes)


def csv_text(rows: Sequence[Mapping[str, str]], columns: Sequence[str] | None = None) -> str:
    """The rows as CSV; empty values unquoted, all others quoted where they need it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns or (rows[0] if rows else CHARGE)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_bill(folder: Path, *rows: Mapping[str, str], name: str = "bill.csv") -> Path:
    """A CSV file of these rows in the folder, gzipped where its name says so."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = csv_text(rows).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return path


def read_bill(
    path: Path | str,
    first: date = DAY,
    last: date | None = None,
    *,
    zone: str = "UTC",
    tag_keys: Sequence[str] = (),
    allocations: Mapping[str, Allocation] | None = None,
    outside: Outside | None = None,
    **settings: object,
) -> Delivery:
    """What the source hands over, held against the contract of charges."""
    source = FocusFiles.model_validate({"kind": "focus", "path": str(path), **settings})
    delivery = source.read(
        DayRange(first, last or first),
        calendar=BusinessCalendar(ZoneInfo(zone), timedelta(hours=2)),
        kept=Kept(tag_keys, allocations or {}),
        outside=outside or Outside({}),
    )
    schemas.CHARGES.validate(delivery.charges, lazy=True)
    return delivery


def assert_same_sums(one: Delivery, other: Delivery) -> None:
    """The same charges and totals, to the last digit."""
    pd.testing.assert_frame_equal(one.charges, other.charges)
    pd.testing.assert_frame_equal(one.source_totals, other.source_totals)


def billed(delivery: Delivery) -> Decimal:
    """The sum of the billed cost of all charges."""
    return sum((cost for cost in delivery.charges["billed_cost"] if cost is not None), Decimal(0))
