"""The catalogue's dimensions: what tells units and charges apart, like region, plan or customer, and slices by them.

Here: the shape of one. Not here: how a source reads it and what is made of people's names (unit_sources/dimensions.py),
what a slice costs (slicing.py).
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from unit_economics.entries.cost_scope import By, Column
from unit_economics.entries.entry import Entry, Variable

DimensionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
NO_VALUE = "(none)"
"""The value of what has none, so that it is not lost."""
OTHER = "other"
"""The value that everything beyond `top` is rolled up to."""


class Dimension(Entry):
    """One way to tell units apart, by a column, label or field of the source."""

    column: str = Field(min_length=1, max_length=200, description="The column, label or field that holds the value")
    top: int | None = Field(
        default=None, ge=1, le=1000, description="Keep so many values a day, those with most units; the rest is `other`"
    )
    pseudonym: Variable | None = Field(
        default=None,
        description="For what names a person: the NAME of the variable with a key; only a keyed hash is kept",
    )


class ChargeDimension(Entry):
    """How charges tell a dimension: by a FOCUS column or a tag."""

    column: Column | None = None
    tag: str | None = None
    values: dict[str, list[str]] = Field(
        default={}, description="Other names for the charges' values: {eu: [eu-west-1, eu-central-1]}"
    )
    top: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Keep so many values a day, the dearest; where units have a `top`, theirs",
    )

    @model_validator(mode="after")
    def _one_of(self) -> "ChargeDimension":
        if (self.column is None) == (self.tag is None):
            raise ValueError("give either `column` or `tag`")
        twice = [name for names in self.values.values() for name in names]
        if len(twice) != len(set(twice)):
            raise ValueError("values: a value of the charges stands under two names")
        return self

    @property
    def by(self) -> By:
        """The column or the tag."""
        return By(column=self.column, tag=self.tag)


class Slicing(Entry):
    """A metric taken apart: for every combination of values its cost, its units and its unit cost."""

    by: list[DimensionName] = Field(min_length=1, max_length=4)
    cost: str | None = Field(default=None, description="The cost scope; the metric's first that is not split")
    cost_by: Literal["units", "even"] | None = Field(
        default=None, description="The key that divides the cost of what only the units tell apart"
    )
    units_by: Literal["whole"] | None = Field(
        default=None, description="`whole`: what only the charges tell apart is divided by all units it could be of"
    )

    @model_validator(mode="after")
    def _different(self) -> "Slicing":
        if len(set(self.by)) < len(self.by):
            raise ValueError("by: a dimension stands there twice")
        return self
