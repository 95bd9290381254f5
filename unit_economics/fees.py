"""The arithmetic of fees: what third parties take for a day's units, by the price of that day. Pure.

Here: price x units, by the value of a dimension where a fee says so. A price that is not known is never another one:
the day is refused, and told why. Not here: the price lists (entries/fee.py), what is left of revenue (margin.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from unit_economics.entries.fee import Fee, Price, price_on
from unit_economics.exact import EXACT, total
from unit_economics.exchange import Exchange, no_rate

SHOWN = 5
_HUNDREDTH = Decimal("0.01")
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Sold:
    """What a day's units are charged by: how many, how many of each value of a dimension, what customers paid."""

    day: date
    quantity: Decimal | None
    by: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    paid: Decimal | None = None


@dataclass(frozen=True)
class Charged:
    """The fees of a day in the catalogue's currency, None where units or revenue are not known; or why not at all."""

    amount: Decimal | None
    faults: Sequence[str] = ()


def fees_of(fees: Mapping[str, Fee], sold: Sold, exchange: Exchange) -> Charged:
    """What all these fees take of one day."""
    if fees and sold.quantity is None:
        return Charged(None)
    amount: Decimal | None = Decimal(0)
    faults: list[str] = []
    for name, fee in fees.items():
        unpriced: list[str] = []
        for value, quantity in _quantities(fee, sold):
            price = _price(fee, value, sold.day)
            if price is None:
                unpriced += [value]
                continue
            currency = price.currency or exchange.into
            rate = exchange.rate(sold.day, currency)
            if rate is None:
                faults += [f"fee {name}: {no_rate([currency], exchange.into, sold.day)}"]
            else:
                amount = total(amount, _taken(price, quantity, sold, rate))
        faults += _said(name, fee, unpriced, sold.day)
    return Charged(None if faults else amount, list(dict.fromkeys(faults)))


def _quantities(fee: Fee, sold: Sold) -> Iterator[tuple[str, Decimal]]:
    """The units of every price that is needed; of no units none is, unless it may be a part of what was paid."""
    told = {"": sold.quantity or Decimal(0)} if fee.by is None else sold.by.get(fee.by, {})
    is_of_revenue = bool(sold.paid) and any(price.percent_of_revenue for price in fee.every_price)
    yield from ((value, quantity) for value, quantity in sorted(told.items()) if quantity or is_of_revenue)


def _price(fee: Fee, value: str, day: date) -> Price | None:
    prices = fee.prices if isinstance(fee.prices, list) else fee.prices.get(value, [])
    return price_on(prices, day)


def _taken(price: Price, quantity: Decimal, sold: Sold, rate: Decimal) -> Decimal | None:
    """Of one price; what is in percent is of revenue, which is in the catalogue's currency already.

    Of less than nothing that was paid nothing is taken, and nobody gives a fee back.
    """
    if price.percent_of_revenue and sold.paid is None:
        return None
    paid = max(sold.paid or _NOTHING, _NOTHING)
    fixed = EXACT.multiply(EXACT.multiply(price.amount, quantity), rate)
    share = EXACT.multiply(EXACT.multiply(paid, price.percent_of_revenue), _HUNDREDTH)
    return EXACT.add(fixed, share)


def _said(name: str, fee: Fee, unpriced: Sequence[str], day: date) -> Iterator[str]:
    if unpriced and fee.by is None:
        yield f"fee {name} has no price on {day}; add one to `fees.{name}.prices`"
    elif unpriced:
        more = f" and {len(unpriced) - SHOWN} more" if len(unpriced) > SHOWN else ""
        values = ", ".join(map(repr, unpriced[:SHOWN])) + more
        yield f"fee {name} has no price on {day} of {fee.by} {values}; add one to `fees.{name}.prices`"
