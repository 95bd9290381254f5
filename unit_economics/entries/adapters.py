"""What a source and a sink promise: the base of every entry that reads or publishes, and what it hands over.

Here: `CostSource`, `UnitSource` and `Sink`, each a part of the catalogue with one method to fill in. Not here: any of
them (cost_sources/, unit_sources/, sinks/), or what else the catalogue says (catalogue.py).
"""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.allocation import Allocation
from unit_economics.entries.completeness import CompleteBy, Rule, Sign, Slower
from unit_economics.entries.dimension import Dimension, DimensionName
from unit_economics.entries.entry import LATER, Entry
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal

COMPLETE_BY_IS = (
    "age: a day is complete once it is old enough; delivery: once the bill was delivered so long after it;"
    " source: once the source says so (FOCUS 1.3 recency metadata)"
)

if TYPE_CHECKING:  # the catalogue is read by processes that read no bill
    import pandas as pd


@dataclass(frozen=True)
class Kept:
    """What is kept of a charge beside the FOCUS columns of `schemas.DIMENSIONS`: tags, and the rules that took it."""

    tag_keys: Sequence[str] = ()
    allocations: Mapping[str, Allocation] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """What a cost source handed over for a range of days.

    charges: rows of `schemas.CHARGES`, summed by day, dimensions and currency.
    source_totals: columns business_date, billing_currency, charge_rows, billed_cost, effective_cost, list_cost and
        contracted_cost, summed by the source itself and not from `charges`: the other side of the conservation check.
    absent: the days the source should have but has no row for, each with the reason in plain words.
    fingerprint: what was read (files with size and hash, or requests with settings), for the ledger.
    """

    charges: "pd.DataFrame"
    source_totals: "pd.DataFrame"
    absent: Mapping[date, str] = field(default_factory=dict)
    fingerprint: str = ""


@dataclass(frozen=True)
class Invoiced:
    """What a cost source billed on a range of days, by what it is invoiced by.

    rows: as `schemas.INVOICED_COSTS`; totals: {(day, currency): (charge rows, billed cost)}, summed by the source
    itself and not from `rows`: the other side of the conservation check.
    """

    rows: "pd.DataFrame"
    totals: Mapping[tuple[date, str], tuple[int, Decimal]]


@dataclass(frozen=True)
class Count:
    """What a unit source handed over for a range of days.

    units: rows of `schemas.UNITS`; of `schemas.SLICED_UNITS` where the source tells dimensions.
    absent: the days it has nothing for, each with the reason in plain words.
    refused: the days whose rows can't be right, each with what is wrong; the other days stand.
    totals: the units of a day as the source states them, before anything was rolled up; empty without dimensions.
    """

    units: "pd.DataFrame"
    absent: Mapping[date, str] = field(default_factory=dict)
    refused: Mapping[date, str] = field(default_factory=dict)
    fingerprint: str = ""
    totals: Mapping[date, Decimal] = field(default_factory=dict)


class Source(Entry):
    """What every source has: its kind, and by `covers_from` and `covers_until` the days it is asked for."""

    kind: str
    covers_from: date | None = None
    covers_until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether this source is expected to hold `day`."""
        after_start = self.covers_from is None or day >= self.covers_from
        return after_start and (self.covers_until is None or day <= self.covers_until)


class CostSource(Source):
    """An entry under `cost_sources`."""

    complete_after: timedelta = Field(default=timedelta(days=3), description="Age from which a day counts as complete")
    complete_by: CompleteBy = Field(default="age", repr=False, description=COMPLETE_BY_IS)
    slower: list[Slower] = Field(default=[], repr=False, description="Providers and services that come later")
    absent_day: Literal["missing", "zero"] = Field(default="missing", description="What a day without any row means")

    signs: ClassVar[Collection[CompleteBy]] = ("age",)
    """By what the days of this kind of source can be complete."""

    @model_validator(mode="after")
    def _can_say_so(self) -> Self:
        if self.complete_by not in self.signs:
            raise ValueError(f"`complete_by: {self.complete_by}` is nothing that this kind of source tells of itself")
        return self

    @property
    def rule(self) -> Rule:
        """How its days become complete."""
        return Rule(self.complete_by, self.complete_after, self.slower)

    def sign(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Sign:
        """What it says of itself now, where `complete_by` asks for it; raises `Refusal`."""
        del days, calendar, outside
        return Sign()

    def glance(self, days: DayRange, *, calendar: BusinessCalendar, kept: "Kept", outside: Outside) -> str | None:
        """What the source looks like without reading it; the same again means the same charges. None: can't be told."""
        del days, calendar, kept, outside
        return None

    @abstractmethod
    def read(self, days: DayRange, *, calendar: BusinessCalendar, kept: "Kept", outside: Outside) -> Delivery:
        """The charges of these days, FOCUS-shaped and summed by day and dimension; raises `Refusal`."""

    @property
    def no_invoices(self) -> str | None:
        """Why this source can't tell which invoice a charge is on; None where it can."""
        return f"a source of kind {self.kind} does not state by which invoice a charge is billed"

    def read_invoiced(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Invoiced:
        """What these days were billed by invoice, each charge on the day that `read` has it on; raises `Refusal`."""
        del days, calendar, outside
        remedy = "Take `reconciliation` out, or read the bill from FOCUS files"
        raise UsageRefusal(self.no_invoices or "it states no invoices", where="cost_sources", remedy=remedy)


class UnitSource(Source):
    """The `units` of a metric: where the denominator is counted."""

    complete_after: timedelta = Field(default=timedelta(), description="Age from which a day counts as complete")
    dimensions: Annotated[dict[DimensionName, str | Dimension], LATER] = Field(
        default={}, description="What tells the units of a day apart, each with its column: region: shipping_region"
    )

    @property
    def has_segments(self) -> bool:
        """Whether it tells a day's units apart."""
        return False

    @property
    def sums_samples(self) -> bool:
        """Whether a day is a sum over the samples of a time series, which a gauge must not be."""
        return False

    @abstractmethod
    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days, in one consistent read; raises `Refusal`."""

    def count_over(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Decimal:
        """How many different units there are in all these days together; raises `Refusal` where it can't be asked."""
        del days, calendar, outside
        raise UsageRefusal(
            "this kind of source can't count what is different over several days",
            where=f"units of kind {self.kind}",
            remedy="Ask for one day, or count them with `count_distinct` in a database or a file",
        )

    @property
    def split_by(self) -> dict[str, Dimension]:
        """The dimensions by name, a plain column as the dimension that it stands for."""
        named = self.dimensions.items()
        return {name: Dimension(column=one) if isinstance(one, str) else one for name, one in named}


@dataclass(frozen=True)
class Difference:
    """One day on which a destination holds something else than it should; `held` is None where it holds nothing."""

    day: date
    held: Decimal | None
    wanted: Decimal


@dataclass(frozen=True)
class Publication:
    """What a sink found, sent and read back.

    differences: before anything was sent, oldest first.
    requests_sent: the number of writing requests; 0 for a dry run or where nothing differed.
    read_back: what the destination holds for the wanted days after the last request.
    """

    differences: Sequence[Difference]
    requests_sent: int
    read_back: Mapping[date, Decimal]

    def unconverged(self, wanted: Mapping[date, Decimal]) -> list[date]:
        """The wanted days that the destination still does not show as wanted."""
        return sorted(day for day, quantity in wanted.items() if self.read_back.get(day) != quantity)


@dataclass(frozen=True)
class Held:
    """What a destination holds of some days, read and nothing sent.

    values: what it holds where we publish; a day that it holds nothing of is left out. beside: what else is there on a
    day, in words: other labels, other hours.
    """

    values: Mapping[date, Decimal]
    beside: Mapping[date, str] = field(default_factory=dict)


class Sink(Entry):
    """One destination under a metric's `publish`; what it does is in the sink's module."""

    @property
    @abstractmethod
    def destination(self) -> str:
        """What it writes to: two metrics with the same sink and the same destination would overwrite each other."""

    @property
    def of_units_only(self) -> str | None:
        """A key that was given and means something for units only, so that what they earned can't have it."""
        return None

    @abstractmethod
    def publish(self, wanted: Mapping[date, Decimal], *, outside: Outside, dry_run: bool = False) -> Publication:
        """Make the destination hold `wanted` for exactly these days, sending only what differs; raises `Refusal`."""

    def held(self, days: DayRange, *, outside: Outside) -> Held | None:
        """What the destination holds of these days, with nothing sent; None: it can't be asked. Raises `Refusal`."""
        del days, outside
        return None
