"""What became another number since a moment, and why: from two versions of everything to one word of cause each.

Here: pure comparison. Not here: reading the versions (warehouse/restatements.py), the page (proof/restatement/page.py).

    late charges       the bill has more rows of a service than it had, and they cost something; or it came at all
    correction         rows that were there are worth something else or were taken back, or the provider says so
    credit             the provider gave money back as a credit
    late units         more orders are counted than were, or they are for the first time
    units corrected    fewer are, or others
    rule change        the rules by which cost is divided among targets
    definition change  anything else that the catalogue says of the metric or its inputs
    exchange rate      what a currency is worth that day
    another release    none of these, and other code
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from unit_economics.asset_names import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES
from unit_economics.exact import EXACT

Cause = Literal[
    "late charges",
    "correction",
    "credit",
    "late units",
    "units corrected",
    "rule change",
    "definition change",
    "exchange rate",
    "another release",
]

CORRECTIONS = ("Adjustment",)
"""The FOCUS 1.0 charge category of a correction; since 1.1 `ChargeClass` says it, of any category."""


@dataclass(frozen=True)
class ChangedDay:
    """One asset's day that has another version than it had, with what is different between the two."""

    asset: str
    day: date
    version_before: int
    version: int
    status_before: str
    status: str
    has_other_content: bool
    is_redefined: bool
    is_of_other_code: bool


@dataclass(frozen=True)
class ChangedCharges:
    """What one service's charges of a category were and are, in one currency; None where an amount is not stated."""

    day: date
    provider_name: str
    service_name: str | None
    charge_category: str
    billing_currency: str
    billed_before: Decimal | None
    billed: Decimal | None
    effective_before: Decimal | None
    effective: Decimal | None
    rows_before: int
    rows: int
    is_corrected: bool = False

    @property
    def key(self) -> tuple[date, str, str | None, str, str]:
        """What tells these charges from others."""
        return self.day, self.provider_name, self.service_name, self.charge_category, self.billing_currency

    @property
    def cause(self) -> Cause:
        """Why, as far as the charges say it: the category and class, and whether rows came that cost something."""
        if self.charge_category == "Credit":
            return "credit"
        if self.is_corrected or self.charge_category in CORRECTIONS or self.rows <= self.rows_before:
            return "correction"
        return "correction" if self._has_shrunk else "late charges"

    @property
    def _has_shrunk(self) -> bool:
        """More rows that cost less: something was taken back, whatever its category."""
        deltas = [change(self.effective_before, self.effective), change(self.billed_before, self.billed)]
        return any(delta is not None and delta < 0 for delta in deltas)


@dataclass(frozen=True)
class Moved:
    """A unit cost that is another one than it was, with both halves; empty where there is or was none."""

    metric: str
    day: date
    cost_scope: str
    billing_currency: str
    cost_before: Decimal | None
    cost: Decimal | None
    quantity_before: Decimal | None
    quantity: Decimal | None
    unit_cost_before: Decimal | None
    unit_cost: Decimal | None

    @property
    def by_cost(self) -> Fraction | None:
        """The part of the change that the cost makes; empty where a half is.

        Source: Bennet (1920), two factors: each at the mean of the other. With `by_units` it is the change exactly.
        """
        return self._part(of_cost=True)

    @property
    def by_units(self) -> Fraction | None:
        """The part of the change that the units make; empty where a half is."""
        return self._part(of_cost=False)

    def _part(self, *, of_cost: bool) -> Fraction | None:
        costs, quantities = (self.cost_before, self.cost), (self.quantity_before, self.quantity)
        if None in costs or not all(quantities):
            return None
        before, after = (Fraction(cost or 0) for cost in costs)
        rate_before, rate = (1 / Fraction(quantity or 1) for quantity in quantities)
        if of_cost:
            return (after - before) * (rate + rate_before) / 2
        return (rate - rate_before) * (after + before) / 2


@dataclass(frozen=True)
class WrongCopy:
    """A published value that is another one than what is stored now; the publication that follows brings it there."""

    asset: str
    day: date
    published: Decimal | None
    stored: Decimal | None


@dataclass(frozen=True)
class Restatements:
    """All that is different between two moments; `first_stored`: how many days each asset has that it had not."""

    changed: Sequence[ChangedDay] = ()
    charges: Sequence[ChangedCharges] = ()
    quantities: Mapping[tuple[str, date], tuple[Decimal, Decimal]] = field(default_factory=dict)
    moved: Sequence[Moved] = ()
    wrong_copies: Sequence[WrongCopy] = ()
    first_stored: Mapping[str, int] = field(default_factory=dict)
    came: Collection[tuple[str, date]] = frozenset()
    """The assets that a day which moved had not at all before."""

    @property
    def is_empty(self) -> bool:
        """Whether no number is another one or new: a copy that is wrong was told with the change that made it so."""
        return not (self.moved or self.charges or self.quantities or self.first_stored)

    def causes(self, one: Moved, made_of: Collection[str]) -> list[Cause]:
        """Why this unit cost moved; made_of: the assets of its chain, the metric itself among them."""
        changed = {row.asset: row for row in self.changed if row.day == one.day and row.asset in made_of}
        causes: list[Cause] = [cause for row in changed.values() for cause in self._of(row, one.metric)]
        if not (one.metric in changed and changed[one.metric].is_redefined):  # else what came was not asked for before
            causes += self._came_late(one, made_of)
        found: list[Cause] = list(dict.fromkeys(causes))
        if "rule change" in found:  # the rules are a part of what the metric and the bill mean, and that is no more
            found = [cause for cause in found if cause != "definition change"]
        return found or ["another release"]

    def _came_late(self, one: Moved, made_of: Collection[str]) -> Iterator[Cause]:
        for asset in sorted(made_of):
            if (asset, one.day) in self.came and _is_source(asset, one.metric):
                yield _late(asset)

    def _of(self, row: ChangedDay, metric: str) -> Sequence[Cause]:
        if row.is_redefined:
            return ["rule change" if row.asset == ALLOCATED_COSTS else "definition change"]
        if not row.has_other_content:
            return []
        if row.asset == CLOUD_COSTS:
            parts: set[Cause] = {part.cause for part in self.charges if part.day == row.day}
            return sorted(parts) or ["correction"]  # among accounts, regions or tags: of no service as a whole
        if row.asset == EXCHANGE_RATES:
            return ["exchange rate"]
        if (row.asset, row.day) in self.quantities:
            before, now = self.quantities[row.asset, row.day]
            return ["late units" if now >= before else "units corrected"]
        return ["units corrected"] if _is_source(row.asset, metric) else []


def change(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    """How much more it is; empty where it is or was empty."""
    return None if before is None or after is None else EXACT.subtract(after, before)


def _is_source(asset: str, metric: str) -> bool:
    """Whether an asset that the metric rests on is read from a source: all but what is computed of others."""
    return asset not in (metric, ALLOCATED_COSTS)


def _late(asset: str) -> Cause:
    """Why a number moved that had to do without this asset."""
    if asset == EXCHANGE_RATES:
        return "exchange rate"
    return "late charges" if asset == CLOUD_COSTS else "late units"
