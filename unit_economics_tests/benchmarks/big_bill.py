"""A big synthetic FOCUS 1.2 bill: 41 columns, 30 days, zstd Parquet, as many rows as asked, the same ones every time.

Here: `python -m unit_economics_tests.benchmarks.big_bill ROWS json|map FOLDER`, and the catalogue's rules that fit it.
Not here: measuring what reads it (scan.py).

Every row belongs to one of 52,152 resources, some of which charge far more often than others; a resource has its own
tags, and a service, a region and a team: 1,213 combinations of these, so about 36,390 cells in 30 days.
"""

import sys
from datetime import date
from pathlib import Path

import duckdb

DAYS, RESOURCES, CELLS = 30, 52_152, 1_213
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 30)
ROWS_A_FILE = 1_000_000
MEMORY = "1GB"

_TAGS = {
    "team": "'team-' || team",
    "app": "'app-' || resource % 300",
    "env": "['prod', 'stage', 'dev'][resource % 3 + 1]",
    "cost_center": "'cc-' || 1000 + resource % 97",
    "owner": "'owner-' || resource % 5000 || '@example.com'",
    "aws:createdBy": "'AssumedRole:AROA' || lpad(resource::varchar, 16, '0')",
}
_COLUMNS = {
    "ProviderName": "'AWS'",
    "PublisherName": "'AWS'",
    "InvoiceIssuerName": "'AWS'",
    "InvoiceId": "'INV-2026-03'",
    "BillingAccountId": "'100000000002'",
    "BillingAccountName": "'shop'",
    "SubAccountId": "lpad(team::varchar, 12, '7')",
    "SubAccountName": "'account of team ' || team",
    "BillingPeriodStart": "timestamp '2026-03-01'",
    "BillingPeriodEnd": "timestamp '2026-04-01'",
    "ChargePeriodStart": "starts",
    "ChargePeriodEnd": "starts + interval 1 hour",
    "ChargeCategory": "'Usage'",
    "ChargeClass": "null::varchar",
    "ChargeDescription": "'usage of sku ' || sku || ' in region-' || region",
    "ChargeFrequency": "'Usage-Based'",
    "PricingCategory": "'Standard'",
    "PricingUnit": "'Hours'",
    "PricingQuantity": "quantity",
    "ConsumedUnit": "'Hours'",
    "ConsumedQuantity": "quantity",
    "ServiceName": "'Service ' || service",
    "ServiceCategory": "'Category ' || service % 7",
    "SkuId": "'sku-' || sku",
    "SkuMeter": "'meter ' || sku % 200",
    "SkuPriceId": "'price-' || sku",
    "ResourceId": "'arn:aws:service-' || service || ':region-' || region || ':resource/' || resource",
    "ResourceName": "'resource-' || resource",
    "ResourceType": "'type ' || service",
    "RegionId": "'region-' || region",
    "RegionName": "'Region ' || region",
    "AvailabilityZone": "'region-' || region || ['a', 'b', 'c'][resource % 3 + 1]",
    "CommitmentDiscountId": "if(is_committed, 'plan-' || resource % 40, null)",
    "CommitmentDiscountStatus": "if(is_committed, if(resource % 4000 = 0, 'Unused', 'Used'), null)",
    "BillingCurrency": "'USD'",
    "BilledCost": "(cost * if(is_committed, 0, 1))::decimal(38, 12)",
    "EffectiveCost": "(cost * if(is_committed, 0.7, 1))::decimal(38, 12)",
    "ListCost": "(cost * 1.25)::decimal(38, 12)",
    "ContractedCost": "(cost * 1.1)::decimal(38, 12)",
    "ListUnitPrice": "(1 + sku)::decimal(38, 12) / 1000",
}
_JSON = "'{' || " + " || ',' || ".join(f"""'"{key}":"' || {value} || '"'""" for key, value in _TAGS.items()) + " || '}'"
_MAP = f"map {{{', '.join(f'{key!r}: {value}' for key, value in _TAGS.items())}}}"


def write(folder: Path, rows: int, *, tags: str = "json") -> None:
    """The bill as files of a million rows under `folder`; the folder is only there when it is whole."""
    if folder.exists():
        return
    growing = folder.with_suffix(".growing")
    growing.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        for nth, first in enumerate(range(0, rows, ROWS_A_FILE)):
            charges = _charges(first, min(first + ROWS_A_FILE, rows), _JSON if tags == "json" else _MAP)
            connection.execute(f"copy ({charges}) to '{growing}/part-{nth:05}.parquet' (format parquet, codec zstd)")
    growing.rename(folder)


def _charges(first: int, end: int, tags: str) -> str:
    """The rows from `first` until before `end`; the resources of every tenth cell carry no tags."""
    columns = ", ".join(f'{value} as "{name}"' for name, value in _COLUMNS.items())
    return (
        f"select {columns}, if(cell % 10 = 9, null, {tags}) as Tags from ("
        "select *, cell % 19 as service, cell // 19 % 8 as region, cell // 152 as team from ("
        f"select *, resource % {CELLS} as cell from (select number,"
        f" floor(pow((hash(number, 1) % 1000003)::double / 1000003, 2) * {RESOURCES})::int as resource,"
        f" (timestamp '{FIRST}' + to_hours((hash(number, 2) % {DAYS * 24})::int)) as starts,"
        " (hash(number, 3) % 2000)::int as sku, (hash(number, 4) % 100000)::decimal(18, 3) / 1000 as quantity,"
        " ((hash(number, 5) % 100000000)::decimal(28, 10) / 100000000)::decimal(18, 10) as cost,"
        f" hash(number, 6) % 5 = 0 as is_committed from range({first}, {end}) as numbers(number))))"
    )


if __name__ == "__main__":
    write(Path(sys.argv[3]), int(sys.argv[1]), tags=sys.argv[2])
