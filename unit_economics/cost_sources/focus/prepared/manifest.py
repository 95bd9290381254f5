"""What a prepared delivery says of itself: what it was made of, and every part with its hash, rows and sums.

Here: the types of manifest.json, and reading one. Not here: making one (preparing.py), or holding the files against it
(contents.py).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unit_economics.exact import EXACT
from unit_economics.object_storage import Storage
from unit_economics.refusals import Refusal
from unit_economics.schemas import COSTS

NAME = "manifest.json"
FORMAT = "unit_economics prepared delivery"
VERSION = 1
AGAIN = "Run `unit-economics prepare` again"
_ANEW = "Prepare the delivery that it was made of into a new folder"
_SIGN_WITHIN = 200

Name = Annotated[str, Field(pattern=r"^day=\d{4}-\d{2}-\d{2}/part-[0-9-]+-[0-9a-f]{12}\.parquet$")]
"""A file in the folder itself: parts that are no longer needed are deleted by their names."""


class Record(BaseModel):
    """A part of the manifest: strict, frozen, and no key that isn't known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sums(Record):
    """Charges in one currency: how many, and what they cost; a cost is empty where no charge states it."""

    rows: int
    billed_cost: Decimal | None
    effective_cost: Decimal | None
    list_cost: Decimal | None
    contracted_cost: Decimal | None


class Charges(Record):
    """What a file holds: how many charges, when the first and the last starts and the longest ends, and their sums."""

    rows: int
    first_start: datetime
    last_start: datetime
    last_end: datetime
    sums: dict[str, Sums]


class Input(Record):
    """One file that was read, and what identifies its content."""

    name: str
    bytes: int
    content: str
    billing_period: str | None


class PreparedPart(Record):
    """One file that was written: the charges of one billing period that start on one UTC day."""

    name: Name
    day: date
    billing_period: str | None
    bytes: int
    sha256: str
    charges: Charges


class Settings(Record):
    """How the delivery was read: with other settings all of it is prepared again."""

    null_words: list[str]
    tag_keys: list[str]


class Manifest(Record):
    """All that a reading needs to know before it opens a part.

    passing: files that were about to come or to go when the manifest was written; they are no part of the delivery.
    """

    format: str = FORMAT
    version: int = VERSION
    source: str
    settings: Settings
    billing_periods: list[str | None]
    inputs: list[Input]
    parts: list[PreparedPart]
    totals: dict[str, Sums]
    passing: list[Name] = []

    @property
    def names(self) -> set[str]:
        """The files that make up the delivery."""
        return {part.name for part in self.parts}

    def without(self, passing: Iterable[str]) -> "Manifest":
        """The same delivery, beside files that are no part of it."""
        return self.model_copy(update={"passing": sorted(passing)})


def manifest_of(storage: Storage) -> Manifest | None:
    """The manifest of a prepared delivery; None where the path means anything else."""
    text = None if storage.pattern else storage.content(NAME)
    if text is None or FORMAT.encode() not in text[:_SIGN_WITHIN]:
        return None
    where = f"{storage.shown}, file {NAME}"
    try:
        _refuse_other_version(text, where)
        return Manifest.model_validate_json(text)
    except (ValidationError, ValueError) as error:
        raise Refusal("it is damaged or was changed by hand", where=where, remedy=_ANEW) from error


def added_up(parts: Sequence[Mapping[str, Sums]]) -> dict[str, Sums]:
    """The sums of all parts, by currency."""
    currencies = sorted({currency for part in parts for currency in part})
    return {currency: reduce(_plus, (part[currency] for part in parts if currency in part)) for currency in currencies}


def _plus(one: Sums, other: Sums) -> Sums:
    costs: dict[str, Decimal | None] = {}
    for cost in COSTS:
        stated: list[Decimal] = [sums for sums in (getattr(one, cost), getattr(other, cost)) if sums is not None]
        costs[cost] = reduce(EXACT.add, stated) if stated else None
    return Sums.model_validate({"rows": one.rows + other.rows, **costs})


def _refuse_other_version(text: bytes, where: str) -> None:
    version = json.loads(text).get("version")
    if version != VERSION:
        raise Refusal(f"its format is version {version}, this release knows {VERSION}", where=where, remedy=_ANEW)
