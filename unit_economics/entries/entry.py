"""One part of the catalogue: the base of every type that a user writes.

Here: what all entries have in common. Not here: any of them (its neighbours), or the whole catalogue (catalogue.py).
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_VARIABLE = r"^[A-Z][A-Z0-9_]{0,63}$"
Variable = Annotated[str, Field(pattern=_VARIABLE, description="the NAME of an environment variable")]
LATER = "came later"
"""Marks a field that the first release did not have: at its default it changes no version of a definition."""


class Entry(BaseModel):
    """One part of the catalogue: strict, frozen, and no key that isn't known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """All fields; of those that came with a later release only what was set: an upgrade changes no definition."""
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            if name not in fields or LATER not in fields[name].metadata or value != fields[name].get_default():
                yield name, value


def variables_of(entry: Entry) -> Iterator[str]:
    """The variables that an entry and what is inside it name, in the order of its fields."""
    for name, field_info in type(entry).model_fields.items():
        value = getattr(entry, name)
        values = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        is_variable = _VARIABLE in f"{field_info.annotation}{field_info.metadata}"
        for one in values:
            if isinstance(one, Entry):
                yield from variables_of(one)
            elif is_variable and isinstance(one, str):
                yield one
