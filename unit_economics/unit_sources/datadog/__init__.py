"""Units that Datadog knows: one metrics query, in hours, which make the business day.

Here: the entry of the catalogue. Not here: the query that is sent and the answer (asking.py), how hours become a day
(samples.py).
"""

import re
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.entry import Variable
from unit_economics.outside import Outside
from unit_economics.unit_sources.counting import count_of
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.web_entry import WebUnits

Site = Literal[
    "datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "uk1.datadoghq.com",
    "ap1.datadoghq.com", "ap2.datadoghq.com", "ddog-gov.com", "us2.ddog-gov.com",
]  # fmt: skip
_METRIC = re.compile(
    r"(?:avg|sum|min|max|count):[A-Za-z][A-Za-z0-9_.]*\{[^{}]*\}"
    r"(?: *by *\{(?P<by>[^{}]*)\})?(?P<ends>(?:\.\w+\([^()]*\))*)"
)
HOW = (
    "How the hours of a day become its quantity: the `sum` of what was counted, the `mean` of the hours' averages, the"
    " `max`, or the average of the `last` hour"
)


class DatadogUnits(WebUnits):
    """What one metrics query says of a day. It is asked in hours, so the business day must begin at a whole hour UTC.

    An hour without a point counts as nothing for `sum`: Datadog has no points where nothing was counted.
    """

    kind: Literal["datadog"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    site: Site = Field("datadoghq.com", description="The Datadog site of the organisation")
    address: str | None = Field(None, description="Another address in place of https://api.<site>, like a proxy's")
    api_key: Variable = Field("DATADOG_API_KEY", description="The NAME of the variable with the API key")
    application_key: Variable = Field(
        "DATADOG_APPLICATION_KEY", description="The NAME of the variable with an application key that may query metrics"
    )
    query: str = Field(
        min_length=1, max_length=4000, description="One metrics query, like sum:shop.orders{*} by {region}.as_count()"
    )
    over_day: Literal["sum", "mean", "max", "last"] = Field(description=HOW)
    min_samples_share: Decimal | None = Field(
        None,
        ge=0,
        le=1,
        description="A day with a smaller share of its hours is missing; 0 for a sum, else 0.9",
    )

    @model_validator(mode="after")
    def _consistent(self) -> "DatadogUnits":
        found = _METRIC.fullmatch(self.query.strip())
        if found is None:
            raise ValueError("query: it is one query of one metric, like sum:shop.orders{*} by {region}.as_count()")
        if ".rollup(" in found["ends"]:
            raise ValueError("query: leave out .rollup(): the platform asks for hours itself")
        if self.over_day == "sum" and ".as_count()" not in found["ends"]:
            raise ValueError("query: with `over_day: sum` it needs .as_count(), else rates a second would be summed")
        by = {tag.strip() for tag in (found["by"] or "").split(",")}
        for name, one in self.split_by.items():
            if one.column not in by:
                raise ValueError(f"dimensions.{name}: the query has no `by {{{one.column}}}`")
        return self

    @property
    def sums_samples(self) -> bool:
        """Whether a day is a sum over its hours."""
        return self.over_day == "sum"

    @property
    def share(self) -> Decimal:
        """The share of a day's hours that must have a point."""
        needed = Decimal(0) if self.over_day == "sum" else Decimal("0.9")
        return needed if self.min_samples_share is None else self.min_samples_share

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days, as Datadog holds them now."""
        from unit_economics.unit_sources.datadog.asking import counted  # httpx, only where it is asked

        told = Told.by(self.split_by, outside)
        tally = counted(self, days, calendar, told, outside)
        return count_of(tally, days, unit=unit, zero=self.absent_day == "zero", told=told)
