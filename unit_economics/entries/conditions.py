"""Conditions on a charge: what a rule of the catalogue can ask of its FOCUS columns and tags.

Here: the shape of a condition, which columns and tag keys it looks at, and whether it holds for one charge. Not here:
what follows when it does (allocation.py), the same condition as SQL (cost_sources/focus/rule_sql.py).

A column or tag that is empty is absent: it equals nothing, and `not` holds for it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, model_validator

from unit_economics.entries.entry import Entry

Text = Annotated[str, Field(min_length=1, max_length=1000)]
OneOf = Annotated[list[Text], Field(min_length=1, max_length=1000)]


class Condition(Entry):
    """What is asked of one value; every part that is given must hold."""

    prefix: Text | None = None
    glob: Text | None = Field(default=None, description="`*` is any text, `?` any one character; nothing else is magic")
    present: bool | None = Field(default=None, description="true: there is a value; false: there is none")
    negated: "Asked | None" = Field(default=None, alias="not", description="A value, a list or a test that must fail")

    @model_validator(mode="after")
    def _asks_something(self) -> "Condition":
        if not self.model_fields_set:
            raise ValueError("give `prefix`, `glob`, `present` or `not`")
        return self


Asked = Text | OneOf | Condition


@dataclass(frozen=True)
class Charge:
    """What conditions look at: FOCUS columns in snake_case, and tags; an empty text counts as absent."""

    columns: Mapping[str, str | None]
    tags: Mapping[str, str | None] = field(default_factory=dict)


class Match(Entry):
    """Which charges are meant: every column, every tag and each of `any` and `not` must hold."""

    provider_name: Asked | None = None
    publisher_name: Asked | None = None
    invoice_issuer_name: Asked | None = None
    billing_account_id: Asked | None = None
    sub_account_id: Asked | None = None
    sub_account_name: Asked | None = None
    service_category: Asked | None = None
    service_name: Asked | None = None
    region_id: Asked | None = None
    availability_zone: Asked | None = None
    charge_category: Asked | None = None
    charge_class: Asked | None = None
    charge_description: Asked | None = None
    charge_frequency: Asked | None = None
    commitment_discount_id: Asked | None = None
    commitment_discount_status: Asked | None = None
    commitment_discount_type: Asked | None = None
    pricing_category: Asked | None = None
    resource_id: Asked | None = None
    resource_name: Asked | None = None
    resource_type: Asked | None = None
    sku_id: Asked | None = None
    sku_price_id: Asked | None = None
    tags: dict[str, Asked] = Field(default={}, description="Tags by key, spelled exactly so")
    either: "list[Match]" = Field(default=[], alias="any", description="At least one of these must hold")
    negated: "Match | None" = Field(default=None, alias="not", description="This must not hold")

    @model_validator(mode="after")
    def _asks_something(self) -> "Match":
        if not (self.columns or self.tags or self.either or self.negated):
            raise ValueError("it would match every charge; give a FOCUS column, `tags`, `any` or `not`")
        return self

    @property
    def columns(self) -> dict[str, Asked]:
        """What is asked of FOCUS columns."""
        given = {name: getattr(self, name) for name in COLUMNS}
        return {name: asked for name, asked in given.items() if asked is not None}

    def below(self) -> "Iterator[Match]":
        """This one, and all that are combined in it."""
        yield self
        for one in [*self.either, *([self.negated] if self.negated else [])]:
            yield from one.below()

    def holds(self, charge: Charge) -> bool:
        """Whether a charge is meant."""
        return (
            all(is_as_asked(asked, charge.columns.get(name)) for name, asked in self.columns.items())
            and all(is_as_asked(asked, charge.tags.get(key)) for key, asked in self.tags.items())
            and (not self.either or any(one.holds(charge) for one in self.either))
            and not (self.negated and self.negated.holds(charge))
        )


COLUMNS = tuple(name for name in Match.model_fields if name not in ("tags", "either", "negated"))
"""The FOCUS columns that a rule may look at."""


def is_as_asked(asked: Asked, value: str | None) -> bool:
    """Whether one value is as asked."""
    if isinstance(asked, str):
        return value == asked
    if isinstance(asked, list):
        return value in asked
    return (
        (asked.prefix is None or (value or "").startswith(asked.prefix))
        and (asked.glob is None or bool(value and glob_pattern(asked.glob).fullmatch(value)))
        and (asked.present is None or bool(value) == asked.present)
        and not (asked.negated is not None and is_as_asked(asked.negated, value))
    )


def glob_pattern(glob: str) -> re.Pattern[str]:
    """A glob as a regular expression."""
    magic = {"*": ".*", "?": "."}
    return re.compile("".join(magic.get(letter) or re.escape(letter) for letter in glob), re.DOTALL)
