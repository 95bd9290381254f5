"""How much of a day's cost is there after 1, 2, 3 ... days: development factors by chain ladder, learnt from snapshots.

Here: factors and their variance, of every provider and service. Not here: which versions are a day's snapshots
(warehouse/snapshots.py), what a day will come to (nowcast.py).

Source: Mack, "Distribution-free calculation of the standard error of chain ladder reserve estimates", ASTIN Bulletin
23/2, 1993. A day is what is a year of origin there, and an age in days what is a year of development. Floats: these are
statistics on ratios, and no money.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple

LEAST_SNAPSHOTS = 8
"""A factor of fewer days is no knowledge: until then a declared prior stands in."""

WHOLE = "(all)"
"""All services of a provider together: what a service goes by that is seen too seldom to have factors of its own."""


Source = Literal["learnt", "provider", "prior"]
"""Whose steps a cell goes by: its own, those of all its provider's services, or none that were seen."""

Pair = tuple[date, float, float]
"""A day, with what was there of it at one age and at the next."""


class Cell(NamedTuple):
    """What has a curve of its own."""

    provider: str
    service: str
    currency: str

    @property
    def whole(self) -> "Cell":
        """All services of this provider."""
        return Cell(self.provider, WHOLE, self.currency)


@dataclass(frozen=True)
class Snapshot:
    """A day's bill as it was seen at one age; the cost of a cell is None where it was not stated.

    definition: of the bill; two snapshots of different ones say nothing of how a day fills.
    """

    costs: Mapping[Cell, Decimal | None]
    definition: str = ""


@dataclass(frozen=True)
class Step:
    """From one age to the next: `factor` is the sum over days after by that before, `weight` the sum before.

    sigma2: the variance of a day's own factor times its cost before; pairs: how many days it is learnt from.
    """

    factor: float
    sigma2: float
    weight: float
    pairs: int


def step_of(pairs: Iterable[tuple[float, float]]) -> Step | None:
    """The step that these days took, each as its cost before and after; None where two are too few to tell."""
    known = [(before, after) for before, after in pairs if before > 0]
    if len(known) < 2:  # a variance needs two
        return None
    weight = sum(before for before, _ in known)
    factor = sum(after for _, after in known) / weight
    squares = sum(before * (after / before - factor) ** 2 for before, after in known)
    return Step(factor, squares / (len(known) - 1), weight, len(known))


@dataclass(frozen=True)
class Curves:
    """What the snapshots of the past days teach: `seen` has them by day and age, 1 for the first morning.

    complete_at: the age at which a service's day is complete, and its curve ends; slower: the later age of a provider,
    by its name and None, or of one service of it.
    """

    seen: Mapping[tuple[date, int], Snapshot]
    complete_at: int
    slower: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    _pairs: dict[tuple[Cell, int], Sequence[Pair]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def cells(self) -> Sequence[Cell]:
        """Every provider and service that was ever seen, and each provider's whole."""
        found = {cell for snapshot in self.seen.values() for cell in snapshot.costs}
        return sorted(found | {cell.whole for cell in found})

    @cached_property
    def latest(self) -> int:
        """The age at which everything that was ever seen is complete."""
        return max((self.end(cell) for cell in self.cells), default=self.complete_at)

    def end(self, cell: Cell) -> int:
        """The age at which a cell is complete; a provider's whole is with the last of its services."""
        if cell.service == WHOLE:
            ends = [self.end(one) for one in self.cells if one.whole == cell != one]
            return max(ends, default=self.complete_at)
        named = (self.slower.get((cell.provider, service), 0) for service in (None, cell.service))
        return max(self.complete_at, *named)

    @property
    def ages(self) -> Mapping[date, int]:
        """How old each day was when somebody last looked at its bill: what is there of it is there at that age."""
        return dict(sorted(self.seen))

    def step(self, cell: Cell, age: int) -> Step | None:
        """The step of a cell from this age to the next; None where too few days took it."""
        pairs = self.pairs(cell, age)
        return step_of((before, after) for _, before, after in pairs) if len(pairs) >= LEAST_SNAPSHOTS else None

    def steps(self, cell: Cell, age: int, end: int | None = None) -> Sequence[Step] | None:
        """The steps of a cell from this age until it, or another's end, is reached; None where one is not known."""
        found = [self.step(cell, one) for one in range(age, self.end(cell) if end is None else end)]
        known = [step for step in found if step]
        return known if len(known) == len(found) else None

    def known(self, cell: Cell, age: int) -> tuple[Source, Sequence[Step]]:
        """The steps that a cell goes by and whose they are; none where a prior has to stand in."""
        if own := self.steps(cell, age):
            return "learnt", own
        whole = self.steps(cell.whole, age, self.end(cell))
        return ("provider", whole) if whole else ("prior", ())

    def pairs(self, cell: Cell, age: int) -> Sequence[Pair]:
        """The days that were seen at this age and the next under one definition, with a cell's cost then and after.

        What was not there, or was a credit, has no factor: it is in no pair.
        """
        if (cell, age) not in self._pairs:
            self._pairs[cell, age] = list(self._found(cell, age))
        return self._pairs[cell, age]

    def _found(self, cell: Cell, age: int) -> Iterator[Pair]:
        for (day, at), before in self.seen.items():
            after = self.seen.get((day, age + 1))
            if at == age and after and after.definition == before.definition:
                costs = _cost(before, cell), _cost(after, cell)
                if costs[0] is not None and costs[1] is not None and costs[0] > 0 and costs[1] >= 0:
                    yield day, costs[0], costs[1]

    def together(self, cells: Sequence[Cell], age: int) -> float:
        """How much more the sum of these cells strays in a step than if each strayed by itself; 1 at least.

        A delivery that is late is late for every service: the squared errors of whole days, over what the cells'
        own variances add up to.
        """
        known = {cell: step for cell in cells if age < self.end(cell) and (step := self.step(cell, age))}
        errors: dict[date, float] = {}
        alone = 0.0
        for cell, step in known.items():
            for day, before, after in self.pairs(cell, age):
                errors[day] = errors.get(day, 0.0) + after - before * step.factor
                alone += step.sigma2 * before
        squares = sum(error**2 for error in errors.values())
        return max(1.0, squares / alone) if alone and len(known) > 1 else 1.0


def _cost(snapshot: Snapshot, cell: Cell) -> float | None:
    """The cost of a cell; 0 where it was not there, None where a part of it was not stated."""
    if cell.service != WHOLE:
        cost = snapshot.costs.get(cell, Decimal(0))
        return None if cost is None else float(cost)
    parts = [cost for one, cost in snapshot.costs.items() if one.whole == cell]
    return None if None in parts else float(sum(part for part in parts if part is not None))
