"""From days to places: one slot a day, and the names under the axis.

Here: the time axis. Not here: what is drawn on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from unit_economics.dashboard.charts.svg import Point
from unit_economics.dashboard.words.numbers import Numbers

_NAMES_APART = 36.0
_MONTHS = (1, 2, 3, 6, 12)
_SHORT_DAYS = 63  # up to here the axis names days, beyond it months
_WEEKS = (7, 14, 28)


@dataclass(frozen=True)
class Tick:
    """A name under the axis: on the first line `name`, on the second `year` where it begins."""

    index: int
    name: str
    year: str = ""


@dataclass(frozen=True)
class Days:
    """Consecutive days from `first`, on `width` from `left`."""

    first: date
    count: int
    left: float
    width: float

    @cached_property
    def slot(self) -> float:
        """How wide a day is."""
        return self.width / max(1, self.count)

    def x(self, index: float) -> float:
        """The middle of a day."""
        return self.left + (index + 0.5) * self.slot

    def day(self, index: int) -> date:
        """The day's date."""
        return self.first + timedelta(days=index)

    def bands(self, indexes: Iterable[int]) -> list[Point]:
        """Where each stretch of neighbouring days begins and how wide it is."""
        inside = sorted({index for index in indexes if 0 <= index < self.count})
        breaks = [n + 1 for n, (one, next_one) in enumerate(pairwise(inside)) if next_one > one + 1]
        pieces = [inside[start:end] for start, end in pairwise([0, *breaks, len(inside)]) if start < end]
        return [(self.left + piece[0] * self.slot, len(piece) * self.slot) for piece in pieces]

    def ticks(self, numbers: Numbers) -> Sequence[Tick]:
        """Mondays of a short range, firsts of months of a long one, no closer than a name is wide."""
        return self._weeks(numbers) if self.count <= _SHORT_DAYS else self._months(numbers)

    def _weeks(self, numbers: Numbers) -> Sequence[Tick]:
        apart = next((days for days in _WEEKS if days * self.slot >= 1.3 * _NAMES_APART), _WEEKS[-1])
        to_monday = -self.first.weekday() % 7
        start = to_monday if to_monday < self.count else 0
        every = range(start, self.count, apart)
        return self._with_years([Tick(n, numbers.short_day(self.day(n))) for n in every])

    def _months(self, numbers: Numbers) -> Sequence[Tick]:
        firsts = [n for n in range(self.count) if self.day(n).day == 1]
        apart = next((months for months in _MONTHS if months * 30 * self.slot >= _NAMES_APART), _MONTHS[-1])
        every = [n for n in firsts if (self.day(n).month - 1) % apart == 0]
        return self._with_years([Tick(n, numbers.short_month(self.day(n))) for n in every])

    def _with_years(self, ticks: Sequence[Tick]) -> Sequence[Tick]:
        years = [self.day(tick.index).year for tick in ticks]
        fresh = [n == 0 or year != years[n - 1] for n, year in enumerate(years)]
        return [
            Tick(tick.index, tick.name, str(year) if new else "")
            for tick, year, new in zip(ticks, years, fresh, strict=True)
        ]
