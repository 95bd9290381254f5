"""One day of a slice: the charges' half and the units' half put to the same combinations of values.

Here: the join, the division of what only one half tells apart, small values as `other`. Not here: frames (slicing.py).

Where both halves know a dimension they are joined. What only the units know: the cost of everything else it goes with
is divided by the declared key, in micro-units by largest remainder. What only the charges know: each part has all the
units that it could be of, so that unit costs, not units, add up.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from unit_economics.allocation.largest_remainder import in_steps, split
from unit_economics.entries.dimension import NO_VALUE, OTHER
from unit_economics.exact import EXACT, MONEY_STEP, total

Values = tuple[str, ...]
"""One value for each name of a half, or of a slice."""
ZERO = Decimal(0)


@dataclass(frozen=True)
class Part:
    """What one combination of values cost, None where it is not stated, and of how many charge rows."""

    cost: Decimal | None = ZERO
    rows: int = 0

    def __add__(self, other: "Part") -> "Part":
        return Part(total(self.cost, other.cost), self.rows + other.rows)


@dataclass(frozen=True)
class Cell:
    """One combination of all values of a slice: its cost and its units."""

    part: Part = Part()
    quantity: Decimal = ZERO


@dataclass(frozen=True)
class Halves:
    """What the charges and what the units of one day know; by: the slice's dimensions in their order."""

    by: Sequence[str]
    of_charges: Sequence[str]
    of_units: Sequence[str]
    charges: Mapping[Values, Part]
    units: Mapping[Values, Decimal]

    def cells(self, cost_by: Literal["units", "even"] | None) -> dict[Values, Cell]:
        """Every combination of values that has a charge or a unit."""
        parts = self._parts(cost_by)
        quantities = self._quantities(parts)
        return {at: Cell(parts.get(at, Part()), quantities.get(at, ZERO)) for at in sorted({*parts, *quantities})}

    def _parts(self, cost_by: Literal["units", "even"] | None) -> dict[Values, Part]:
        """The charges by all values: what only the units know divides them."""
        only_units = [name for name in self.of_units if name not in self.of_charges]
        if not only_units:
            return {_at(self.by, self.of_charges, values): part for values, part in self.charges.items()}
        weights = self._weights(only_units, cost_by)
        return {
            _at(self.by, [*self.of_charges, *only_units], (*values, *own)): part
            for values, whole in self.charges.items()
            for own, part in _divided(whole, weights.get(self._shared(self.of_charges, values), {}), len(only_units))
        }

    def _weights(self, only_units: Sequence[str], cost_by: str | None) -> dict[Values, dict[Values, Decimal]]:
        """The key: by what both halves know, the units of every combination that only the units know."""
        found: dict[Values, dict[Values, Decimal]] = defaultdict(dict)
        for values, quantity in sorted(self.units.items()):
            own = _at(only_units, self.of_units, values)
            of_shared = found[self._shared(self.of_units, values)]
            weight = Decimal(1) if cost_by == "even" else EXACT.add(of_shared.get(own, ZERO), quantity)
            of_shared[own] = weight
        return found

    def _shared(self, names: Sequence[str], values: Values) -> Values:
        both = [name for name in self.by if name in self.of_units and name in self.of_charges]
        return _at(both, names, values)

    def _quantities(self, parts: Mapping[Values, Part]) -> dict[Values, Decimal]:
        """The units by all values: those that tell less apart than the charges count in each of their parts."""
        if len(self.of_units) == len(self.by):
            return {_at(self.by, self.of_units, values): quantity for values, quantity in self.units.items()}
        places: dict[Values, list[Values]] = defaultdict(list)
        for at in parts:
            places[_at(self.of_units, self.by, at)].append(at)
        found: dict[Values, Decimal] = {}
        for values, quantity in self.units.items():
            known = dict(zip(self.of_units, values, strict=True))
            nowhere = tuple(known.get(name, NO_VALUE) for name in self.by)
            for at in places.get(values, [nowhere]):
                found[at] = EXACT.add(found.get(at, ZERO), quantity)
        return found


def as_kept(cells: Mapping[Values, Cell]) -> dict[Values, Cell]:
    """The same with cost in the steps that the mart keeps: converted money is finer, and its parts are to add up."""
    stated = {at: cell.part.cost for at, cell in cells.items() if cell.part.cost is not None}
    kept = in_steps(stated, MONEY_STEP)
    return {at: replace(cell, part=replace(cell.part, cost=kept.get(at))) for at, cell in cells.items()}


def _at(wanted: Sequence[str], names: Sequence[str], values: Values) -> Values:
    """The values of the wanted names, in their order."""
    known = dict(zip(names, values, strict=True))
    return tuple(known[name] for name in wanted)


def _divided(whole: Part, weights: Mapping[Values, Decimal], width: int) -> list[tuple[Values, Part]]:
    """A part among the combinations of a key; where that has none, it stays whole and without a value."""
    if whole.cost is not None:
        names = {str(place): own for place, own in enumerate(weights)}
        shares = split(whole.cost, dict(zip(names, weights.values(), strict=True)))
        if shares:
            return [(names[place], Part(share, whole.rows)) for place, share in shares.items()]
    return [((NO_VALUE,) * width, whole)]


def rolled_up(parts: Mapping[Values, Part], kept: Sequence[Callable[[str], bool]]) -> dict[Values, Part]:
    """The same with every value that is not kept as `other`; `kept` has a question for each position."""
    found: dict[Values, Part] = {}
    for values, part in parts.items():
        told = tuple(value if keep(value) else OTHER for value, keep in zip(values, kept, strict=True))
        found[told] = found.get(told, Part()) + part
    return found


def dearest(parts: Mapping[Values, Part], position: int, most: int) -> set[str]:
    """The values at this position that cost most."""
    sums: dict[str, Decimal] = {}
    for values, part in parts.items():
        value = values[position]
        sums[value] = EXACT.add(sums.get(value, ZERO), part.cost or ZERO)
    return set(sorted(sums, key=lambda value: (-sums[value], value))[:most])
