"""Numbers of days under two catalogues side by side: which of them differ, and by how much.

Here: the pure comparison. Not here: which definitions differ (definition_diff.py), recomputing days and showing what
comes of it (cli/catalogue/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

from unit_economics.exact import EXACT, RATIO


class Place(NamedTuple):
    """What one number is of: the asset, which of its numbers, the currency or unit, the day."""

    metric: str
    scope: str
    currency: str
    day: date


@dataclass(frozen=True)
class Value:
    """One unit cost with its halves, or the reason why there is none."""

    cost: Decimal | None
    quantity: Decimal | None
    unit_cost: Decimal | None
    reason: str | None = None

    @property
    def number(self) -> Decimal | None:
        """The unit cost."""
        return self.unit_cost

    def is_like(self, other: "Number") -> bool:
        """Whether it is the same number, made of the same halves."""
        mine = self.cost, self.quantity, self.unit_cost
        return isinstance(other, Value) and mine == (other.cost, other.quantity, other.unit_cost)


@dataclass(frozen=True)
class Plain:
    """A number without halves, like the value of a formula or a fee, or the reason why there is none."""

    number: Decimal | None
    reason: str | None = None

    def is_like(self, other: "Number") -> bool:
        """Whether it is the same number."""
        return self.number == other.number


Number = Value | Plain


@dataclass(frozen=True)
class NumberChange:
    """One number under both definitions; None where a catalogue has no such scope."""

    place: Place
    old: Number | None
    new: Number | None

    @property
    def rewrites(self) -> bool:
        """Whether a number that there was would be another one, or none; one that is new rewrites nothing."""
        return self.old is not None and (self.new is None or not self.old.is_like(self.new))

    @property
    def percent(self) -> Decimal | None:
        """The change in percent; None where there are no two to compare."""
        return percent(self.old and self.old.number, self.new and self.new.number)


@dataclass(frozen=True)
class Total:
    """One metric and scope over all days that have both halves under both definitions: ratios of sums."""

    metric: str
    scope: str
    currency: str
    days: int
    old: Decimal | None
    new: Decimal | None

    @property
    def percent(self) -> Decimal | None:
        """The change in percent."""
        return percent(self.old, self.new)


def number_changes(old: Mapping[Place, Number], new: Mapping[Place, Number]) -> list[NumberChange]:
    """The numbers that are not the same under both, in a fixed order."""
    places = sorted({*old, *new})
    found = [NumberChange(place, old.get(place), new.get(place)) for place in places]
    return [one for one in found if one.old is None or one.rewrites]


def totals(old: Mapping[Place, Value], new: Mapping[Place, Value]) -> list[Total]:
    """Each metric and scope over the sample: ratio of sums, never a mean of ratios."""
    whole: dict[tuple[str, str, str], list[Place]] = {}
    for place in sorted({*old} & {*new}):
        whole.setdefault(place[:3], [])
        if all(side[place].cost is not None and side[place].quantity is not None for side in (old, new)):
            whole[place[:3]].append(place)
    return [
        Total(*of, len(places), _ratio([old[place] for place in places]), _ratio([new[place] for place in places]))
        for of, places in whole.items()
    ]


def _ratio(values: Sequence[Value]) -> Decimal | None:
    cost = reduce(EXACT.add, (value.cost or Decimal(0) for value in values), Decimal(0))
    quantity = reduce(EXACT.add, (value.quantity or Decimal(0) for value in values), Decimal(0))
    return RATIO.divide(cost, quantity) if quantity else None


def percent(old: Decimal | None, new: Decimal | None) -> Decimal | None:
    """From the one to the other, in percent of the size of the one: what rises is above 0, from a loss too."""
    if not old or new is None:
        return None
    return RATIO.multiply(RATIO.divide(EXACT.subtract(new, old), old.copy_abs()), Decimal(100))
