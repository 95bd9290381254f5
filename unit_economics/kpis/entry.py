"""One KPI of the library, as it stands in its file.

Here: the shape. Not here: reading the files (shipped.py), applying one to a catalogue (inclusion.py).
"""

from typing import Literal

from pydantic import Field, model_validator

from unit_economics.entries.cost_scope import Basis, CostScope
from unit_economics.entries.entry import Entry
from unit_economics.formulas import Nature

Kind = Literal["cost", "split_by_rules", "split_by_tag", "units", "revenue", "variation"]


class Need(Entry):
    """One parameter: what is given for it, in words and as what a test of the catalogue can tell.

    kind: a cost scope or a part of one, a whole one that is split by rules or by a tag, units of a metric or a
    quantity, what a metric earns as one amount a day, a metric itself; unit: one of these, where not every one will do;
    natures: likewise; basis: of the cost scope, likewise.
    """

    kind: Kind
    is_for: str = Field(alias="is")
    unit: list[str] = Field(default=[])
    natures: list[Nature] = Field(default=[])
    basis: Basis | None = None


class Example(Entry):
    """A case that was computed by hand: a piece of a catalogue, a day's charges and quantities, and the answer.

    charges: FOCUS columns in snake_case; measured: the value of every other name, as the formula has it; unit_costs: of
    a metric, 28 days by week.
    """

    catalogue: str
    charges: list[dict[str, str]] = Field(default=[])
    measured: dict[str, str] = Field(default={})
    unit_costs: dict[str, list[list[int]]] = Field(default={})
    arithmetic: str
    value: str


class Kpi(Entry):
    """One KPI. In its formula and its unit `$name` is a parameter, `$currency` the catalogue's currency."""

    title: str
    formula: str
    unit: str
    direction: Literal["lower", "higher"] | None = None
    needs: dict[str, Need] = Field(default={})
    scopes: dict[str, CostScope] = Field(default={}, description="Cost scopes that it brings, named kpi_...")
    focus: list[str] = Field(description="The FOCUS columns that the bill must have")
    over_days: str
    trap: str
    source: str
    example: Example

    @model_validator(mode="after")
    def _scopes_are_told_apart(self) -> "Kpi":
        if any(not name.startswith("kpi_") for name in self.scopes):
            raise ValueError("scopes: a scope that a KPI brings is named kpi_...")
        return self
