"""The demo's bill: the charges of one day as FOCUS 1.2 rows, exact to the last digit.

Here: pure rows. Not here: the price list (services.py), the file (bill_file.py).
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from unit_economics.business_days import ONE_DAY
from unit_economics.demo.answer_key import Event
from unit_economics.demo.events import JUMPING_SERVICE, holds
from unit_economics.demo.services import ACCOUNTS, IDLE_LINES, LINES, PRODUCTION, REGIONS, Line

Charge = dict[str, object]
"""One row of the bill by FOCUS column; a column that is left out is empty."""

DISCOUNT = Decimal("0.95")
JUMP = Decimal("1.4")
TAX_RATE = Decimal("0.08")
COMMITTED_HOURS = Decimal(96)
COMMITTED_PRICE = Decimal("0.1344")
COMMITMENT: Charge = {
    "CommitmentDiscountCategory": "Usage",
    "CommitmentDiscountId": "arn:aws:ec2:us-east-1:100000000002:reserved-instances/shop-1",
    "CommitmentDiscountName": "shop-1",
    "CommitmentDiscountType": "Reserved Instance",
    "CommitmentDiscountUnit": "Hours",
}
_CENT_OF_CENTS = Decimal("0.0001")
_LAST_DIGIT = Decimal("1e-12")


def charges_of(day: date, orders: int, events: list[Event], last: date, seed: int) -> list[Charge]:
    """Every charge for this day. `last` is the last day of the demo: its month delivers the late correction."""
    lines = [*LINES, *(IDLE_LINES if holds(events, "idle_environment", day) else ())]
    usage = [row for line in lines for row in _usage(line, day, orders, events, seed)]
    rows = [*usage, *_taxes(usage, day)]
    if day.day == 1:
        rows.append(_purchase(day))
    if holds(events, "credit", day):
        rows.append(_credit(day))
    if holds(events, "late_correction", day):
        rows.append(_correction(day, last))
    return rows


def _usage(line: Line, day: date, orders: int, events: list[Event], seed: int) -> Iterator[Charge]:
    chance = random.Random(f"{line.resource} {seed} {day}")  # noqa: S311  # a made-up shop, no secret
    sway = Decimal(chance.randrange(9800, 10201)).scaleb(-4)
    quantity = line.fixed + (line.per_order * orders * sway).quantize(_CENT_OF_CENTS)
    jumps = line.service == JUMPING_SERVICE and holds(events, "price_jump", day)
    price = line.price * (JUMP if jumps else 1)
    start = _midnight(day)
    if line.covered:
        yield _covered(line, start)
        quantity = max(quantity - COMMITTED_HOURS, Decimal(0))
    if not line.hourly:
        yield _used(line, start, ONE_DAY, quantity, price)
        return
    share = (quantity / 24).quantize(_CENT_OF_CENTS)
    for hour in range(24):
        yield _used(line, start + timedelta(hours=hour), timedelta(hours=1), share, price)


def _used(line: Line, start: datetime, length: timedelta, quantity: Decimal, price: Decimal) -> Charge:
    cost, listed = quantity * price * DISCOUNT, quantity * price
    row = _row(start, length, "Usage", f"{line.service}: {line.resource}", cost, cost, listed)
    return row | _place(line) | _priced(line, quantity, price)


def _covered(line: Line, start: datetime) -> Charge:
    """Hours that the commitment pays for: nothing is billed, and the day's share of the purchase is its cost."""
    effective, listed = COMMITTED_HOURS * COMMITTED_PRICE, COMMITTED_HOURS * line.price
    text = f"{line.service}: {line.resource}, covered by shop-1"
    row = _row(start, ONE_DAY, "Usage", text, Decimal(0), effective, listed) | _place(line)
    covered: Charge = {"CommitmentDiscountStatus": "Used", "CommitmentDiscountQuantity": COMMITTED_HOURS}
    contracted: Charge = {
        "PricingCategory": "Committed",
        "ContractedCost": effective,
        "ContractedUnitPrice": COMMITTED_PRICE,
        "PricingCurrencyContractedUnitPrice": COMMITTED_PRICE,
    }
    return row | _priced(line, COMMITTED_HOURS, line.price) | COMMITMENT | covered | contracted


def _purchase(day: date) -> Charge:
    """The month's fee of the commitment: billed on its first day, and no cost of that day."""
    length = _next_month(day) - _midnight(day)
    hours = COMMITTED_HOURS * length.days
    billed = hours * COMMITTED_PRICE
    row = _row(
        _midnight(day), length, "Purchase", "Monthly fee of reserved instances shop-1", billed, Decimal(0), billed
    )
    checkout = LINES[0]
    bought: Charge = {"ChargeFrequency": "Recurring", "CommitmentDiscountQuantity": hours}
    return row | _place(checkout) | _priced(checkout, hours, COMMITTED_PRICE, Decimal(1)) | COMMITMENT | bought


def _taxes(usage: list[Charge], day: date) -> Iterator[Charge]:
    for account in ACCOUNTS:
        billed = [Decimal(str(row["BilledCost"])) for row in usage if row["SubAccountId"] == account]
        tax = (sum(billed, Decimal(0)) * TAX_RATE).quantize(_LAST_DIGIT)
        row = _row(_midnight(day), ONE_DAY, "Tax", "Sales tax", tax, tax, tax)
        yield row | _account(account) | {"ServiceName": "Tax", "ServiceCategory": "Other"}


def _credit(day: date) -> Charge:
    amount = Decimal(-90)
    row = _row(_midnight(day), ONE_DAY, "Credit", "Service credit for an outage", amount, amount, amount)
    names: Charge = {"ServiceName": "AWS Credits", "ServiceCategory": "Other", "ChargeFrequency": "One-Time"}
    return row | _account(PRODUCTION) | names


def _correction(day: date, last: date) -> Charge:
    [line] = (line for line in LINES if line.hourly)
    row = _used(line, _midnight(day), ONE_DAY, Decimal(700), line.price)
    return row | _billing_period(last) | {"ChargeClass": "Correction", "ChargeDescription": "Usage metered late"}


def _row(
    start: datetime, length: timedelta, category: str, text: str, billed: Decimal, effective: Decimal, listed: Decimal
) -> Charge:
    row: Charge = {
        "ChargePeriodStart": start,
        "ChargePeriodEnd": start + length,
        "ChargeCategory": category,
        "ChargeDescription": text,
        "ChargeFrequency": "Usage-Based",
        "BilledCost": billed,
        "EffectiveCost": effective,
        "PricingCurrencyEffectiveCost": effective,
        "ListCost": listed,
        "ContractedCost": billed,
        "ServiceSubcategory": "Other (Other)",
        "Tags": {},
    }
    return row | _billing_period(start.date())


def _billing_period(day: date) -> Charge:
    first = day.replace(day=1)
    invoice = f"INV-{first:%Y-%m}-0001"
    return {"BillingPeriodStart": _midnight(first), "BillingPeriodEnd": _next_month(first), "InvoiceId": invoice}


def _place(line: Line) -> Charge:
    tags = {key: value for key, value in (("app", line.app), ("team", line.team)) if value}
    return _account(line.account) | {
        "ServiceName": line.service,
        "ServiceCategory": line.category,
        "ServiceSubcategory": line.subcategory,
        "ResourceId": f"arn:aws:shop:{line.region}:{line.account}:{line.resource}",
        "ResourceName": line.resource,
        "ResourceType": line.subcategory,
        "RegionId": line.region,
        "RegionName": REGIONS[line.region],
        "Tags": tags,
    }


def _priced(line: Line, quantity: Decimal, price: Decimal, discount: Decimal = DISCOUNT) -> Charge:
    sku = f"SKU-{line.resource}"
    return {
        "SkuId": sku,
        "SkuPriceId": f"{sku}.{price}",
        "SkuMeter": line.unit,
        "ConsumedQuantity": quantity,
        "ConsumedUnit": line.unit,
        "PricingCategory": "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": line.unit,
        "ListUnitPrice": price,
        "PricingCurrencyListUnitPrice": price,
        "ContractedUnitPrice": price * discount,
        "PricingCurrencyContractedUnitPrice": price * discount,
    }


def _account(account: str) -> Charge:
    return {"SubAccountId": account, "SubAccountName": ACCOUNTS[account]}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _next_month(day: date) -> datetime:
    return _midnight((day.replace(day=28) + timedelta(days=4)).replace(day=1))
