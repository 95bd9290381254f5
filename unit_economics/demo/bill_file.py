"""The demo's bill as files: FOCUS 1.2 in Parquet, in the folders of an AWS data export.

Here: the columns and writing. Not here: what is charged (bill.py).
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from unit_economics.demo.bill import Charge

EVERYWHERE: Charge = {
    "ProviderName": "AWS",
    "PublisherName": "AWS",
    "InvoiceIssuerName": "AWS",
    "BillingAccountId": "100000000002",
    "BillingAccountName": "shop",
    "BillingAccountType": "Payer Account",
    "SubAccountType": "Linked Account",
    "BillingCurrency": "USD",
    "PricingCurrency": "USD",
}
_TEXT = [
    "ProviderName",
    "PublisherName",
    "InvoiceIssuerName",
    "InvoiceId",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "PricingCategory",
    "PricingUnit",
    "PricingCurrency",
    "BillingCurrency",
    "ConsumedUnit",
    "ServiceName",
    "ServiceCategory",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceId",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "RegionId",
    "RegionName",
    "AvailabilityZone",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountCategory",
    "CommitmentDiscountType",
    "CommitmentDiscountStatus",
    "CommitmentDiscountUnit",
    "CapacityReservationId",
    "CapacityReservationStatus",
]
_TIMES = ["BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"]
_NUMBERS = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "ListUnitPrice",
    "ContractedUnitPrice",
    "PricingQuantity",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "ConsumedQuantity",
    "CommitmentDiscountQuantity",
]
_MAPS = ["SkuPriceDetails", "Tags"]

SCHEMA = pa.schema(
    [(name, pa.string()) for name in _TEXT]
    + [(name, pa.timestamp("ms")) for name in _TIMES]
    + [(name, pa.decimal128(38, 12)) for name in _NUMBERS]
    + [(name, pa.map_(pa.string(), pa.string())) for name in _MAPS]
)
"""The 57 columns of FOCUS 1.2; times without zone are UTC, and tags a map, as AWS writes them."""


def write_bill(folder: Path, charges: Iterable[Charge]) -> None:
    """Replace the demo's files under `folder`: one a billing period."""
    for old in folder.glob("BILLING_PERIOD=*/shop-*.parquet"):
        old.unlink()
    periods: dict[str, list[Charge]] = {}
    for charge in charges:
        periods.setdefault(str(charge["BillingPeriodStart"])[:7], []).append(charge)
    for period, rows in periods.items():
        target = folder / f"BILLING_PERIOD={period}" / "shop-00001.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(_table(rows), target, compression="zstd")


def _table(rows: list[Charge]) -> pa.Table:  # pyright: ignore[reportUnknownParameterType]  # pyarrow is only partly typed
    columns = {name: [_value(row, name) for row in rows] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)


def _value(row: Charge, name: str) -> object:
    found = row.get(name, EVERYWHERE.get(name))
    if isinstance(found, datetime):
        return found.replace(tzinfo=None)
    return list(found.items()) if isinstance(found, dict) else found
