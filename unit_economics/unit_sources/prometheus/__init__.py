"""Units that a Prometheus knows: a counter's increase over each business day, or what a day's samples come to.

Here: the entry of the catalogue. Not here: PromQL and its windows (question.py), what the server answers (asking.py),
how samples become a day (samples.py).
"""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.entry import Variable
from unit_economics.outside import Outside
from unit_economics.unit_sources.counting import count_of
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.web_entry import ALLOW_PLAIN_HTTP, WebUnits

_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
_TEXT = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'"
SELECTOR = re.compile(rf"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{{(?:[^{{}}\"']|{_TEXT})*\}})?|\{{(?:[^{{}}\"']|{_TEXT})+\}}")
"""A bare series selector: a name, labels, or both. A counter's increase is only right series by series."""
HOW = (
    "How a day is made of the samples: `increase` of a counter (Prometheus' own increase(), which reads across resets"
    " and extrapolates to the day's edges), or the `sum`, `mean`, `max` or `last` of one sample a step"
)


class PrometheusUnits(WebUnits):
    """What one PromQL query says of a day, between the day's own midnights: 23 or 25 hours where the clocks change.

    With `sum`, a sample stands for the step before it, as in `sum(increase(orders_total[5m]))`: the sample at midnight
    belongs to the day that ends there. With `mean`, `max` and `last` it stands for its own moment.
    """

    kind: Literal["prometheus"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    address: str | None = Field(None, description="Where it answers, like http://prometheus:9090")
    url: Variable | None = Field(None, description="The NAME of a variable with the address, in place of `address`")
    token: Variable | None = Field(None, description="The NAME of the variable with a bearer token")
    user: Variable | None = Field(None, description="The NAME of the variable with the user, for basic authentication")
    password: Variable | None = Field(None, description="The NAME of the variable with that user's password")
    allow_plain_http: bool = Field(default=False, description=ALLOW_PLAIN_HTTP)
    query: str = Field(
        min_length=1,
        max_length=4000,
        description="PromQL; with `over_day: increase` the counter's bare selector, like orders_total{job='shop'}",
    )
    over_day: Literal["increase", "sum", "mean", "max", "last"] = Field(description=HOW)
    step: timedelta = Field(
        timedelta(minutes=5), description="The distance of the samples: a whole part of half an hour, PT10S or more"
    )
    min_samples_share: Decimal = Field(
        Decimal("0.9"), ge=0, le=1, description="A day with a smaller share of its samples is missing, not smaller"
    )
    round: bool = Field(default=False, description="Whole units, half to even: an increase has decimals")

    @model_validator(mode="after")
    def _consistent(self) -> "PrometheusUnits":
        if (self.address is None) == (self.url is None):
            raise ValueError("give either `address` or `url`")
        if (self.user is None) != (self.password is None) or (self.user and self.token):
            raise ValueError("give either `token`, or `user` and `password`, or none of them")
        if self.step < timedelta(seconds=10) or timedelta(minutes=30) % self.step:
            raise ValueError("`step` must be 10 seconds or more, and fit into half an hour without a rest")
        for name, one in self.split_by.items():
            if not re.fullmatch(_LABEL, one.column):
                raise ValueError(f"dimensions.{name}: {one.column!r} is no label of Prometheus")
        if self.over_day == "increase" and not SELECTOR.fullmatch(self.query.strip()):
            raise ValueError(
                "with `over_day: increase`, `query` is the bare selector of a counter, like orders_total{job='shop'}:"
                " the platform adds increase() and sum by () itself"
            )
        return self

    @property
    def sums_samples(self) -> bool:
        """Whether a day is a sum over samples, or over what a counter grew by."""
        return self.over_day in {"sum", "increase"}

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days, as Prometheus holds them now."""
        from unit_economics.unit_sources.prometheus.asking import counted  # httpx, only where it is asked

        told = Told.by(self.split_by, outside)
        tally = counted(self, days, calendar, told, outside)
        return count_of(tally, days, unit=unit, zero=self.absent_day == "zero", told=told)
