"""Money of one currency in another, by a dated rate: exact products, and never without a rate. Pure.

Here: which rate a day has, and converting. A product is exact: it is rounded once, where it is stored, so that the sum
of what was converted is what was converted of the sum. Not here: reading rates (rate_sources/), judging them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from unit_economics.business_days import DayRange
from unit_economics.entries.rates import Quote
from unit_economics.exact import EXACT, MONEY_STEP
from unit_economics.schemas import COSTS, EXCHANGE_RATES

Place = tuple[date, str]
"""A business day and a currency."""


def rates_of_days(quotes: Iterable[Quote], days: DayRange, *, carry: timedelta, into: str, source: str) -> pd.DataFrame:
    """Rows of `schemas.EXCHANGE_RATES`: each day's newest rate of every currency that is no older than `carry`."""
    by_currency: dict[str, list[Quote]] = {}
    for quote in sorted(quotes):
        by_currency.setdefault(quote.currency, []).append(quote)
    rows = [
        (day, quote.currency, quote.rate, quote.day, into, source)
        for quoted in by_currency.values()
        for day, quote in _carried(quoted, days, carry)
    ]
    return pd.DataFrame(sorted(rows), columns=pd.Index(list(EXCHANGE_RATES.columns)), dtype=object)


def _carried(quoted: Sequence[Quote], days: DayRange, carry: timedelta) -> Iterator[tuple[date, Quote]]:
    dates = [quote.day for quote in quoted]
    for day in days:
        place = bisect_right(dates, day)
        if place and day - dates[place - 1] <= carry:
            yield day, quoted[place - 1]


@dataclass(frozen=True)
class Exchange:
    """The rates into one currency. Money that is in it already needs none."""

    into: str
    rates: Mapping[Place, Decimal] = field(default_factory=dict)

    def rate(self, day: date, currency: str) -> Decimal | None:
        """What one unit of the currency is worth on this day; None where that is not known."""
        return Decimal(1) if currency == self.into else self.rates.get((day, currency))

    def missing(self, places: Iterable[Place]) -> dict[date, list[str]]:
        """The currencies that have no rate, by day."""
        found: dict[date, set[str]] = {}
        for day, currency in set(places):
            if self.rate(day, currency) is None:
                found.setdefault(day, set()).add(currency)
        return {day: sorted(currencies) for day, currencies in sorted(found.items())}

    def amount(self, day: date, currency: str, amount: Decimal) -> Decimal | None:
        """The amount in the other currency, exactly."""
        rate = self.rate(day, currency)
        return None if rate is None else EXACT.multiply(amount, rate)

    def frame(self, rows: pd.DataFrame, money: Sequence[str]) -> pd.DataFrame:
        """The same rows with these columns in the other currency; every place must have a rate."""
        foreign = rows["billing_currency"] != self.into
        if not foreign.any():
            return rows
        done = rows.copy()
        places = list(zip(rows["business_date"], rows["billing_currency"], strict=True))
        for column in money:
            values = zip(places, rows[column], strict=True)
            done[column] = pd.Series(
                [self.amount(*place, value) if isinstance(value, Decimal) else None for place, value in values],
                index=rows.index,
                dtype=object,
            )
        done["billing_currency"] = self.into
        return done


def stored(amount: Decimal) -> Decimal:
    """The amount as the mart holds it: rounded once, to the last digit that is kept."""
    return EXACT.quantize(amount, MONEY_STEP)


def no_rate(currencies: Iterable[str], into: str, day: date) -> str:
    """What is said of a day whose money can't be converted."""
    which = ", ".join(currencies)
    return f"no rate of {which} to {into} on {day}; add it to `exchange_rates`, or let an older one `carry`"


@dataclass(frozen=True)
class Bill:
    """A bill in one currency; `refused` has the days that could not be converted, each with why."""

    charges: pd.DataFrame
    allocated: pd.DataFrame | None
    refused: Mapping[date, str]


def in_one_currency(exchange: Exchange | None, charges: pd.DataFrame, allocated: pd.DataFrame | None) -> Bill:
    """Charges and what is made of them, converted; the days without a needed rate are left out of both.

    Where there are no rates, every amount stays in its own currency.
    """
    if exchange is None:
        return Bill(charges, allocated, {})
    places = zip(charges["business_date"], charges["billing_currency"], strict=True)
    missing = exchange.missing(places)
    refused = {day: no_rate(currencies, exchange.into, day) for day, currencies in missing.items()}
    kept = charges[~charges["business_date"].isin(refused)]
    by_rules = None if allocated is None else allocated[~allocated["business_date"].isin(refused)]
    shares = None if by_rules is None else exchange.frame(by_rules, ("amount", "untagged"))
    return Bill(exchange.frame(kept, COSTS), shares, refused)
