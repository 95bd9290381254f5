"""The catalogue's `quantities`, `formulas` and `kpis`: what else is measured, and what is made of it.

Here: the shape of one entry and its own consistency. Not here: what a name in a formula stands for (formula_names.py),
whether a formula says something (formula_book.py), the library of KPIs (kpis/).
"""

from typing import Annotated, Literal

from pydantic import Field, SerializeAsAny, model_validator

from unit_economics.entries.adapters import UnitSource
from unit_economics.entries.entry import LATER, Entry
from unit_economics.formulas import Nature
from unit_economics.over_days import OverDays, Per

OverWindow = OverDays | Literal["percentile"]
"""How several days of a name become one number; of a percentile, as of what is distinct, only its source knows it."""
QUANTITIES_ARE = "Any other quantity a day that formulas name: what something was worth, a latency, a success count"
FORMULAS_ARE = "Metrics made of others by a formula, like cost(storage) / units(gb_month); each is an asset"
KPIS_ARE = "KPIs of the library by name, each with its parameters; `unit-economics kpis` lists them"
_NATURES: dict[str, tuple[Nature, OverWindow]] = {
    "additive": ("additive", "sum"),
    "gauge": ("gauge", "mean"),
    "distinct": ("distinct", "distinct"),
    "percentile": ("percentile", "percentile"),
}


class Quantity(Entry):
    """Something counted a day, as units are."""

    unit: str = Field(min_length=1, max_length=40)
    source: SerializeAsAny[UnitSource]
    aggregation: Literal["additive", "semi_additive", "distinct", "gauge", "percentile"] = Field(
        default="additive", description="How days become a week, as of a metric; of percentiles nobody can tell"
    )
    over_time: Literal["mean", "last"] = Field(
        default="mean", description="Of what is semi_additive: the days' mean, or the last day"
    )
    per: Per | None = Field(default=None, description="Of a gauge: count it over its day, so that it adds up")
    owner: str | None = None
    purpose: Annotated[str | None, Field(max_length=400, repr=False)] = None

    @model_validator(mode="after")
    def _adds_up_as_declared(self) -> "Quantity":
        if self.per and self.aggregation != "gauge":
            raise ValueError("per: only a gauge is counted over time; add `aggregation: gauge`, or take `per` out")
        if "over_time" in self.model_fields_set and self.aggregation != "semi_additive":
            raise ValueError("over_time: it belongs to `aggregation: semi_additive`")
        if self.aggregation in ("gauge", "percentile") and self.source.sums_samples:
            raise ValueError(f"source: a {self.aggregation} can't be added up over a day; take the mean or the last")
        if self.aggregation == "percentile" and (self.source.has_segments or self.source.dimensions):
            raise ValueError("source: percentiles of segments don't add up; leave out what tells them apart")
        return self

    @property
    def nature(self) -> tuple[Nature, OverWindow]:
        """What it is to a formula, and how several days of it become one number."""
        if self.per:
            return "additive", "sum"
        return _NATURES.get(self.aggregation, ("semi_additive", self.over_time))


class FormulaEntry(Entry):
    """One derived metric. Its unit is checked against what the formula gives; `percent` is a share, shown times 100."""

    formula: str = Field(min_length=1)
    unit: str = Field(min_length=1, max_length=100)
    of: str | None = Field(default=None, description="The metric that bare `cost`, `units` and `revenue` mean")
    title: Annotated[str | None, LATER] = Field(default=None, max_length=80, repr=False)
    owner: str | None = None
    purpose: Annotated[str | None, Field(max_length=400, repr=False)] = None
    direction: Annotated[Literal["lower", "higher"] | None, Field(repr=False, description="Which way is good")] = None


Parameters = dict[str, str]
"""What a KPI of the library is applied to, by the names of its parameters; `kpi` is the KPI, where the name isn't."""
