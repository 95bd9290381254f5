"""The catalogue's `fees`: what third parties take for a unit (payment, SMS, an API), as dated price lists.

Here: the shape of a price list and its own consistency. Not here: what the units of a day come to (fees.py), whether a
metric can be charged by it (catalogue.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from unit_economics.entries.allocation import Dated
from unit_economics.entries.dimension import DimensionName
from unit_economics.entries.entry import Entry
from unit_economics.entries.revenue import Currency

PERCENT_IS = "In percent of what customers paid: gross revenue less discounts; nothing is given back with a refund"
Prices = Annotated[list["Price"], Field(min_length=1)]


class Price(Dated):
    """What one unit costs from `since` until the day before `until`."""

    since: date = Field(description="The first business day on which it holds")  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]  # frozen: never set to None
    amount: Decimal = Field(default=Decimal(0), ge=0, description="For one unit, in `currency`")
    currency: Currency | None = Field(default=None, description="The catalogue's where left out")
    percent_of_revenue: Decimal = Field(default=Decimal(0), ge=0, le=100, description=PERCENT_IS)


class Fee(Entry):
    """One price list: one for all units, or one for every value of a dimension of theirs."""

    source: str = Field(min_length=1, description="Where the prices are from, for people")
    per: Literal["unit"] = "unit"
    by: DimensionName | None = Field(default=None, description="The dimension of the units that tells prices apart")
    prices: Prices | dict[str, Prices]

    @model_validator(mode="after")
    def _by_a_dimension_or_not(self) -> "Fee":
        if (self.by is None) == isinstance(self.prices, dict):
            what = "with `by`, `prices` holds a list for every value of the dimension; without it, one list"
            raise ValueError(f"prices: {what}")
        return self

    @model_validator(mode="after")
    def _one_price_a_day(self) -> "Fee":
        for path, prices in self._lists():
            for (_, one), (place, other) in pairwise(sorted(enumerate(prices), key=lambda pair: pair[1].since)):
                if one.until is None or one.until > other.since:
                    what = f"it begins on {other.since} while the price of {one.since} still holds; end that first"
                    raise ValueError(f"{path}.{place}: {what}, with `until`")
        return self

    @model_validator(mode="after")
    def _no_part_of_revenue_by_value(self) -> "Fee":
        if self.by is not None and any(price.percent_of_revenue for price in self.every_price):
            raise ValueError("by: revenue is not known by the units' dimensions; take `percent_of_revenue` out")
        return self

    @property
    def every_price(self) -> Sequence[Price]:
        """All prices of all lists."""
        return [price for _, prices in self._lists() for price in prices]

    def _lists(self) -> Iterator[tuple[str, Sequence[Price]]]:
        if isinstance(self.prices, list):
            yield "prices", self.prices
        else:
            yield from ((f"prices.{value}", prices) for value, prices in self.prices.items())


def price_on(prices: Iterable[Price], day: date) -> Price | None:
    """The price that holds on this day, if one does."""
    return next((price for price in prices if price.holds_on(day)), None)
