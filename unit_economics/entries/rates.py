"""The catalogue's `exchange_rates`: the base of every kind of source of rates, and what it hands over.

Here: what all kinds have in common. Not here: any of them (rate_sources/), choosing a day's rate and converting
(exchange.py).
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from unit_economics.business_days import DayRange
from unit_economics.entries.adapters import Source
from unit_economics.outside import Outside

RATES_ARE = "What one unit of each currency is worth in the catalogue's, by day; without it nothing is converted"


@dataclass(frozen=True, order=True)
class Quote:
    """A rate as its source has it: what one unit of `currency` is worth in the catalogue's, on a day of the source."""

    currency: str
    day: date
    rate: Decimal


@dataclass(frozen=True)
class Quotes:
    """What a source of rates handed over, and the hash of what was read."""

    quotes: Sequence[Quote]
    fingerprint: str = ""


class RateSource(Source):
    """The entry under `exchange_rates`."""

    source: str = Field(min_length=1, description="Whose rates they are, for people: ECB reference rates")
    quoted: Literal["per_currency", "per_reporting"] = Field(
        default="per_currency",
        description="A rate is what 1 of the currency is worth in the catalogue's; per_reporting: how much of the"
        " currency 1 of the catalogue's is worth, as the ECB states it for the euro",
    )
    carry: timedelta = Field(default=timedelta(), description="How old a rate may be where a day has none of its own")
    complete_after: timedelta = Field(default=timedelta(), description="Age from which a day counts as complete")

    @field_validator("carry")
    @classmethod
    def _whole_days(cls, carry: timedelta) -> timedelta:
        if not timedelta() <= carry <= timedelta(days=31) or carry % timedelta(days=1):
            raise ValueError("must be whole days, P31D at most, like P4D over a long weekend")
        return carry

    @property
    def holds_for(self) -> timedelta:
        """How old a day's rate may be."""
        return self.carry

    @abstractmethod
    def read(self, days: DayRange, *, into: str, outside: Outside) -> Quotes:
        """Every rate of these days, one a day and currency, in terms of `into`; raises `Refusal`."""
