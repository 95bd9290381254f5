"""The catalogue's `metrics` and `drivers`: what is counted, what pays for it, what it is to come to.

Here: the shape of one entry and its own consistency. Not here: whether what it names exists (catalogue.py), how a
source counts (unit_sources/).
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, SerializeAsAny, model_validator

from unit_economics.entries.adapters import Sink, UnitSource
from unit_economics.entries.cost_scope import OneOrMore
from unit_economics.entries.dimension import Slicing
from unit_economics.entries.entry import LATER, Entry
from unit_economics.entries.revenue import Revenue
from unit_economics.over_days import OverDays, Per

REVENUE_IS = (
    "What a day's units earned, counted as units are: the quantity is money in the catalogue's currency; or its"
    " components `gross`, `discounts`, `refunds` and `chargebacks`, each counted so"
)
FEES_ARE = "The third parties' price lists, by their names under `fees`, that every unit is charged by"
Aggregation = Literal["additive", "semi_additive", "distinct", "gauge"]
AGGREGATION_IS = (
    "How days become a week. additive: orders, they add up; gauge: GB stored, their mean; semi_additive: active"
    " customers, the mean or the last day; distinct: different customers, which only the source can count over days"
)
SliceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
State = Literal["draft", "active", "retired"]
Direction = Literal["lower", "higher"]
Purpose = Annotated[str, Field(min_length=1, max_length=300)]
STATE_IS = "draft: computed and shown, never published or alerted; retired: no longer computed, its history stays"
DIRECTION_IS = "Which way is better: with lower, the target of the unit cost is the most that is fine; else the least"
PURPOSE_IS = "What it is for: the decision that it serves"
REVIEW_IS = "When somebody is to look whether it still means what it should"


class Targets(Entry):
    """What a metric is to come to. Money is in the catalogue's currency, and of the first scope that is not split."""

    unit_cost: Decimal | None = Field(
        default=None, gt=0, description="One unit is to cost at most this; at least this where `direction: higher`"
    )
    monthly_cost: Decimal | None = Field(default=None, gt=0, description="The cost of a calendar month: its budget")
    monthly_units: Decimal | None = Field(default=None, gt=0, description="The units of a calendar month: the plan")
    margin_percent: Decimal | None = Field(
        default=None, gt=0, lt=100, description="Revenue less cost, in percent of revenue, is to be at least this"
    )


class Margin(Entry):
    """Which cost scope is which cost of the margin; one of a scope with rules is written `scope:target`."""

    fully_loaded: str | None = Field(
        default=None, description="All that the units cost; the first scope that is not split where left out"
    )
    run: str | None = Field(default=None, description="What running costs: without taxes and credits")
    variable: str | None = Field(default=None, description="What more units make more of: the margin is after this one")


class Metric(Entry):
    """One unit metric: units, the cost that pays for them, an owner, and where it is published."""

    unit: str = Field(min_length=1, max_length=40)
    units: SerializeAsAny[UnitSource]
    cost: OneOrMore | None = Field(default=None, description="The cost scopes; all of the catalogue where left out")
    owner: str | None = None
    purpose: Purpose | None = Field(default=None, description=PURPOSE_IS)
    review_by: date | None = Field(default=None, description=REVIEW_IS)
    state: State = Field(default="active", description=STATE_IS)
    publish: dict[str, SerializeAsAny[Sink]] = Field(default={})
    revenue: SerializeAsAny[UnitSource] | Revenue | None = Field(default=None, description=REVENUE_IS)
    fees: Annotated[list[str], LATER] = Field(default=[], description=FEES_ARE)
    margin: Annotated[Margin | None, LATER] = Field(
        default=None, description="What is earned beside what it costs, every day; `{}` where revenue is one amount"
    )
    targets: Targets | None = Field(default=None, description="What the dashboard compares with")
    direction: Direction = Field(default="lower", description=DIRECTION_IS)
    aggregation: Annotated[Aggregation, LATER] = Field(default="additive", description=AGGREGATION_IS)
    over_time: Annotated[Literal["mean", "last"], LATER] = Field(
        default="mean", description="Of what is semi_additive: the days' mean, or the last day"
    )
    per: Annotated[Per | None, LATER] = Field(
        default=None, description="Of a gauge: count it over its day, so that it adds up: GB by `month` are GB-months"
    )
    slices: Annotated[dict[SliceName, Slicing], LATER] = Field(
        default={}, description="The metric taken apart by dimensions: each slice with its own cost and its own units"
    )

    @property
    def over_days(self) -> OverDays:
        """How the units of several days become one number."""
        if self.aggregation == "semi_additive":
            return self.over_time
        if self.aggregation == "gauge":
            return "sum" if self.per else "mean"
        return "distinct" if self.aggregation == "distinct" else "sum"

    @model_validator(mode="after")
    def _adds_up_as_declared(self) -> "Metric":
        if self.per and self.aggregation != "gauge":
            raise ValueError("per: only a gauge is counted over time; add `aggregation: gauge`, or take `per` out")
        if "over_time" in self.model_fields_set and self.aggregation != "semi_additive":
            raise ValueError("over_time: it belongs to `aggregation: semi_additive`")
        if self.aggregation == "gauge" and self.units.sums_samples:
            raise ValueError("units: a gauge can't be added up over a day; take the mean or the last sample")
        if self.aggregation == "distinct" and (self.slices or self.units.dimensions):
            raise ValueError("aggregation: who is distinct can be in two slices; leave these out")
        return self

    @model_validator(mode="after")
    def _can_be_published(self) -> "Metric":
        if self.publish and self.over_days != "sum":
            way_out = "say `per: month` for GB-months, or leave `publish` out" if self.aggregation == "gauge" else ""
            what = f"publish: a destination adds the days of a week up, which {self.aggregation} units don't"
            raise ValueError(f"{what}; {way_out or 'leave it out'}")
        return self

    @property
    def published(self) -> dict[str, Sink]:
        """Where it is published: nowhere unless it is active."""
        return self.publish if self.state == "active" else {}

    @property
    def published_revenue(self) -> dict[str, Sink]:
        """Where its net revenue is published: nowhere unless it is active."""
        return self.earns.publish if self.earns and self.state == "active" else {}

    @model_validator(mode="after")
    def _margin_has_revenue(self) -> "Metric":
        if self.targets and self.targets.margin_percent is not None and self.revenue is None:
            raise ValueError("targets.margin_percent: a margin needs `revenue` beside `units`")
        for name, declared in (("fees", self.fees), ("margin", self.margin)):
            if declared and self.revenue is None:
                raise ValueError(f"{name}: a margin needs `revenue` beside `units`")
        return self

    @property
    def earns(self) -> Revenue | None:
        """The components of revenue, where there are some."""
        return self.revenue if isinstance(self.revenue, Revenue) else None

    @property
    def has_margin(self) -> bool:
        """Whether what is earned is put beside what it costs."""
        return bool(self.margin or self.fees or self.earns)


class MeasuredDriver(Entry):
    """What shared cost can follow: a quantity a day and target, like CPU hours; the segment names the target."""

    unit: str = Field(min_length=1, max_length=40)
    quantity: SerializeAsAny[UnitSource]
    owner: str | None = None
    purpose: Purpose | None = Field(default=None, description=PURPOSE_IS)
    review_by: date | None = Field(default=None, description=REVIEW_IS)

    @model_validator(mode="after")
    def _names_targets(self) -> "MeasuredDriver":
        if not self.quantity.has_segments:
            raise ValueError("quantity: it needs `segment`, the column that names the target")
        return self
