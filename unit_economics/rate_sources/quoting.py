"""What a source of rates answered, judged row by row: the same for every kind of source.

Here: the refusals of impossible days, currencies and rates, one rate a day and currency, the fingerprint. Not here:
asking (the kinds), which rate a day takes (exchange.py).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from unit_economics.business_days import DayRange
from unit_economics.currencies import CURRENCIES
from unit_economics.entries.rates import Quote, Quotes
from unit_economics.exact import EXACT, LARGEST_RATE, RATE_DECIMALS
from unit_economics.refusals import Refusal

_STEP = Decimal(1).scaleb(-RATE_DECIMALS)


@dataclass(frozen=True)
class Row:
    """One row as the source has it, as text; `place` says where, for people; `base` is empty where it names none."""

    place: str
    day: str
    currency: str
    rate: str
    base: str = ""


@dataclass(frozen=True)
class Judge:
    """How rows are taken.

    where: the source, for people; into: the catalogue's currency; inverse: whether a rate is how much of the currency
    one unit of the catalogue's is worth.
    """

    where: str
    into: str
    inverse: bool

    def quotes(self, rows: Iterable[Row], days: DayRange | None) -> Quotes:
        """The rates of these days, of all where None; raises `Refusal` at the first row that can't be right."""
        found: dict[tuple[str, date], Quote] = {}
        for row in rows:
            quote = self._quote(row)
            if (quote.currency, quote.day) in found:
                raise self._refusal(f"there are two rates of {quote.currency} for {quote.day}", row, "Keep one")
            found[quote.currency, quote.day] = quote
        chosen = sorted(quote for quote in found.values() if days is None or quote.day in days)
        text = "\n".join(f"{one.currency} {one.day} {one.rate:f}" for one in chosen)
        return Quotes(chosen, hashlib.sha256(text.encode()).hexdigest())

    def _quote(self, row: Row) -> Quote:
        if row.currency not in CURRENCIES:
            raise self._refusal("the currency is no code of ISO 4217", row, "Write one like USD")
        if row.base and row.base != self.into:
            what = f"the base of the rate is not {self.into}, the catalogue's currency"
            raise self._refusal(what, row, "Give rates between each currency and the catalogue's")
        rate = self._rate(row)
        if row.currency == self.into and rate != 1:
            raise self._refusal(f"{self.into} in {self.into} is not 1", row, "Take the row out")
        return Quote(row.currency, self._day(row), rate)

    def _day(self, row: Row) -> date:
        try:
            return date.fromisoformat(row.day)
        except ValueError as error:
            raise self._refusal("the date is no day", row, "Write it like 2026-01-31") from error

    def _rate(self, row: Row) -> Decimal:
        remedy = f"Write a number above 0 with at most {RATE_DECIMALS} decimals, like 0.9215"
        try:
            stated = Decimal(row.rate) if row.rate.replace(".", "", 1).isdecimal() and row.rate.isascii() else None
        except InvalidOperation:
            stated = None
        if not stated or stated >= LARGEST_RATE:
            raise self._refusal("the rate is no number above 0", row, remedy)
        rate = self._worth(stated)
        if not rate or (not self.inverse and rate != stated):
            raise self._refusal("the rate is finer than can be kept", row, remedy)
        return rate

    def _worth(self, stated: Decimal) -> Decimal:
        """What one unit of the currency is worth, without zeros at its end: equal rates are then equal texts."""
        worth = EXACT.divide(Decimal(1), stated) if self.inverse else stated
        return EXACT.normalize(EXACT.quantize(worth, _STEP))

    def _refusal(self, what: str, row: Row, remedy: str) -> Refusal:
        return Refusal(what, where=f"{self.where}, {row.place}", remedy=remedy)
