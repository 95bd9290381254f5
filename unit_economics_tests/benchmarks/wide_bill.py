"""A bill as wide as a real shop's: about 4,000 charges a day that sum to about 115 rows a day, as FOCUS Parquet.

Here: one synthetic day, written once for every day of a range into folders by
billing period. Not here: the demo's shop, whose bill is small.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, product
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unit_economics.business_days import DayRange
from unit_economics.demo.bill_file import SCHEMA

CATALOGUE = """
business_day: {{timezone: UTC, closes_after: PT0S, first_day: {first}}}
cost_sources:
  bill: {{kind: focus, path: {path}}}
cost_scopes:
  all: {{}}
  by_department: {{by: {{tag: department}}}}
metrics:
  cost_per_order:
    unit: Order
    units: {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: orders}}
    publish: {{vantage: {{business_metric: ORDERS_METRIC_ID}}}}
"""
_EPOCH = datetime.fromisoformat("1970-01-01")
_TAGS = ("shop", "search", "stock")
_LINES = list(product(("100000000001", "100000000002"), range(19), _TAGS, range(36)))
"""Account, service, department and resource of every charge of a day: 4,104 of them."""


def write_bill(folder: Path, days: DayRange, restated: int = 0) -> None:
    """One file a billing period under `folder`, as an export writes them; with other costs each time it is restated."""
    charges = _charges(restated)
    for month, of_month in groupby(days, key=lambda day: f"{day:%Y-%m}"):
        target = folder / f"BILLING_PERIOD={month}" / "charges.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.concat_tables([_on(day, charges) for day in of_month]), target, compression="zstd")


def write_orders(url: str, days: DayRange) -> None:
    """A view's worth of orders: public.total_orders, one row a day."""
    with psycopg.connect(url) as connection:
        connection.execute("create table public.total_orders (date date primary key, orders bigint not null)")
        with connection.cursor() as cursor, cursor.copy("copy public.total_orders from stdin") as copy:
            for number, day in enumerate(days):
                copy.write_row((day, 900 + number % 250))


def _charges(restated: int) -> pa.Table:
    """The charges of 1970-01-01."""
    hours = [_EPOCH + timedelta(hours=nth % 24) for *_, nth in _LINES]
    cost = [Decimal(1000 + 37 * service + nth + restated).scaleb(-6) for _, service, _, nth in _LINES]
    columns: dict[str, Sequence[object]] = {
        "SubAccountId": [account for account, *_ in _LINES],
        "ServiceName": [f"Service {service}" for _, service, *_ in _LINES],
        "ResourceId": [f"arn:aws:{account}:{service}:{tag}:{nth}" for account, service, tag, nth in _LINES],
        "Tags": [[("department", tag), ("resource", str(nth))] for *_, tag, nth in _LINES],
        "ChargePeriodStart": hours,
        "ChargePeriodEnd": [hour + timedelta(hours=1) for hour in hours],
        **{name: [value] * len(_LINES) for name, value in _EVERYWHERE.items()},
        **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost),
    }
    nothing = [None] * len(_LINES)
    return pa.table({name: columns.get(name, nothing) for name in SCHEMA.names}, schema=SCHEMA)


_EVERYWHERE = {"ProviderName": "AWS", "RegionId": "eu-west-1", "ChargeCategory": "Usage", "BillingCurrency": "USD"}


def _on(day: date, charges: pa.Table) -> pa.Table:
    """The same charges on another day."""
    later = pa.scalar(day - date(1970, 1, 1), pa.duration("ms"))
    for name in ("ChargePeriodStart", "ChargePeriodEnd"):
        place = charges.schema.get_field_index(name)
        charges = charges.set_column(place, SCHEMA.field(name), pc.add(charges[name], later))
    return charges
