"""Exchange rates written in the catalogue: each holds from its day until the next one of its currency.

Here: the entry of the catalogue. Not here: the judgement of a rate (quoting.py).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from unit_economics.business_days import DayRange
from unit_economics.entries.entry import Entry
from unit_economics.entries.rates import Quote, Quotes, RateSource
from unit_economics.entries.revenue import Currency
from unit_economics.outside import Outside
from unit_economics.rate_sources.quoting import Judge, Row


class DatedRate(Entry):
    """What one unit of a currency is worth from a day on."""

    since: date
    currency: Currency
    rate: Decimal = Field(gt=0)


class RateTable(RateSource):
    """Rates for whoever fixes them for a month or a year."""

    kind: Literal["table"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    rates: list[DatedRate] = Field(min_length=1)

    @model_validator(mode="after")
    def _holds_by_itself(self) -> "RateTable":
        if self.carry:
            raise ValueError("carry: a rate of a table holds until the next one; take `carry` out")
        return self

    @model_validator(mode="after")
    def _one_a_day(self) -> "RateTable":
        seen: set[tuple[str, date]] = set()
        for place, one in enumerate(self.rates):
            if (one.currency, one.since) in seen:
                raise ValueError(f"rates.{place}: there is a rate of {one.currency} since {one.since} before it")
            seen.add((one.currency, one.since))
        return self

    def read(self, days: DayRange, *, into: str, outside: Outside) -> Quotes:
        """The rates that hold on these days, each with the day of its own on which it began."""
        del outside
        rows = (Row(f"rates.{n}", str(r.since), r.currency, f"{r.rate:f}") for n, r in enumerate(self.rates))
        judged = Judge("exchange_rates", into, self.quoted == "per_reporting").quotes(rows, None)
        begun = [one for one in judged.quotes if one.day <= days.last]
        return Quotes(list(_that_hold(begun, days)), judged.fingerprint)

    @property
    def holds_for(self) -> timedelta:
        """A rate of a table holds on: it is never too old."""
        return timedelta.max


def _that_hold(begun: list[Quote], days: DayRange) -> Iterator[Quote]:
    """Those that begin in these days, and of each currency the last one before them."""
    for place, one in enumerate(begun):
        following = begun[place + 1] if place + 1 < len(begun) else None
        is_last_before = following is None or following.currency != one.currency or following.day > days.first
        if one.day in days or is_last_before:
            yield one
