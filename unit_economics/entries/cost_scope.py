"""The catalogue's `cost_scopes`: which charges are a numerator, by which cost, and how they are split.

Here: the shape of a scope. Not here: rules and shares (allocation.py), what a scope costs (unit_cost.py).
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from unit_economics.entries.allocation import Allocation
from unit_economics.entries.entry import LATER, Entry

Basis = Literal["effective", "billed", "list", "contracted"]
Column = Literal["provider_name", "sub_account_id", "service_name", "region_id", "charge_category"]
OneOrMore = str | Annotated[list[str], Field(min_length=1)]


class Where(Entry):
    """Which charges belong: every condition must hold. A list means one of."""

    provider_name: OneOrMore | None = None
    sub_account_id: OneOrMore | None = None
    service_name: OneOrMore | None = None
    region_id: OneOrMore | None = None
    charge_category: OneOrMore | None = None
    tags: dict[str, OneOrMore] = Field(default={})

    @property
    def columns(self) -> dict[str, list[str]]:
        """The conditions on FOCUS columns, each as a list of accepted values."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "tags"}
        return {name: as_list(value) for name, value in given.items() if value is not None}


class By(Entry):
    """Split a scope by one FOCUS column or one tag: every value becomes a scope of its own."""

    column: Column | None = None
    tag: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "By":
        if (self.column is None) == (self.tag is None):
            raise ValueError("give either `column` or `tag`")
        return self


class CostScope(Entry):
    """Which charges are the numerator, by which cost; optionally split by a column, a tag, or rules."""

    where: Where = Where()
    by: By | None = None
    basis: Basis = "effective"
    allocation: Annotated[Allocation | None, LATER] = Field(
        default=None, description="Rules that give every charge to a target: each target becomes a scope of its own"
    )

    @model_validator(mode="after")
    def _rules_see_all(self) -> "CostScope":
        if self.allocation and (self.by or self.where != Where()):
            raise ValueError("`allocation` looks at the whole bill; take `where` and `by` out, and say it in its rules")
        return self

    @property
    def is_split(self) -> bool:
        """Whether it has several values, each a scope of its own."""
        return self.by is not None or self.allocation is not None

    @property
    def adds_up(self) -> bool:
        """Whether its values are the whole: nothing is declared out."""
        return self.allocation is None or not self.allocation.leave_out

    @property
    def tag_keys(self) -> set[str]:
        """The tag keys that this scope looks at."""
        return set(self.where.tags) | ({self.by.tag} if self.by and self.by.tag else set())


def as_list(value: str | Sequence[str]) -> list[str]:
    """One value or several, as a list."""
    return [value] if isinstance(value, str) else list(value)
