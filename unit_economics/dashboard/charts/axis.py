"""From values to places: axes with round marks (1, 2, 5).

Here: scales of numbers. Not here: the marks' texts (numbers.py).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

_ROUND = (1, 2, 5, 10)
_BEYOND = 1.04
_SAME = 1e-9  # of the values' size: a difference that is none


@dataclass(frozen=True)
class Axis:
    """A range of values; its marks are exact round decimals inside it."""

    low: float
    high: float
    ticks: Sequence[Decimal]

    @property
    def starts_at_zero(self) -> bool:
        """Whether a bar on this axis is as long as its value."""
        return self.low <= 0 <= self.high

    def share(self, value: float) -> float:
        """How far up a value is, 0 to 1; what is beyond an end is at the end."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def axis_of(values: Iterable[float | None], *, from_zero: bool, most: int = 5) -> Axis:
    """The axis that holds all values, with at most about `most` steps; without values it is 0 to 1.

    From zero it ends just beyond the farthest value, as bars do; otherwise at round marks.
    """
    low, high = extent(values)
    if from_zero:
        low, high = min(low * _BEYOND, 0.0), max(high * _BEYOND, 0.0)
    if high - low <= _SAME * max(abs(low), abs(high), 1e-3):
        low, high = _around(low, from_zero=from_zero)
    step = _step((high - low) / most)
    if from_zero:
        return Axis(low, high, _ticks(_above(low, step), _below(high, step), step))
    ticks = _ticks(_below(low, step), _above(high, step), step)
    return Axis(float(ticks[0]), float(ticks[-1]), ticks)


def calm(values: Sequence[float | None]) -> list[float]:
    """The values without the farthest 2 in 100 at either end: one wild day must not flatten a year."""
    ordered = sorted(value for value in values if value is not None)
    cut = len(ordered) * 2 // 100
    return ordered[cut : len(ordered) - cut]


def extent(values: Iterable[float | None]) -> tuple[float, float]:
    """The least and the greatest value; without values 0 and 1."""
    there = [value for value in values if value is not None]
    return (min(there), max(there)) if there else (0.0, 1.0)


def _around(value: float, *, from_zero: bool) -> tuple[float, float]:
    reach = abs(value) * 0.1 if abs(value) > _SAME else 1.0
    return (0.0, reach) if from_zero else (value - reach, value + reach)


def _step(least: float) -> Decimal:
    power = math.floor(math.log10(least))
    times = next(n for n in _ROUND if n * 10.0**power >= least * (1 - _SAME))
    return Decimal(times).scaleb(power)


def _ticks(first: int, last: int, step: Decimal) -> list[Decimal]:
    return [step * n for n in range(first, last + 1)]


def _below(value: float, step: Decimal) -> int:
    return int((Decimal(value) / step).to_integral_value(ROUND_FLOOR))


def _above(value: float, step: Decimal) -> int:
    return int((Decimal(value) / step).to_integral_value(ROUND_CEILING))
