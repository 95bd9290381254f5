"""The catalogue's dimensions: what tells the units of a day apart, like region, plan or customer.

Here: the shape of one. Not here: how a source reads it and what is made of people's names (unit_sources/dimensions.py).
"""

from typing import Annotated

from pydantic import Field

from unit_economics.entry import Entry, Variable

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
