"""What is not there yet at all: services whose first charge of a day always comes later than this.

A factor makes more of what is there, and nothing of nothing. So what a service came to on other days on which it had
nothing at this age is what is expected of it: their mean. Here: that. Not here: what is there already (completion.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, variance

from unit_economics.insight.completion import LEAST_SNAPSHOTS, Cell, Curves


@dataclass(frozen=True)
class Arrival:
    """What one service is expected to bring, the squared error of that, and how many days it is learnt from."""

    amount: float
    variance: float
    days: int


def arrivals(cells: Iterable[Cell], age: int, curves: Curves) -> Iterator[Arrival]:
    """What these services, none of them there at this age, will bring: those that come on more days than not.

    One that comes now and then, like a fee on the first of a month, is not expected on any day; nor is any at an age at
    which it is complete.
    """
    for cell in (cell for cell in cells if age < curves.end(cell)):
        finals = list(_finals(cell, age, curves))
        came = sum(1 for final in finals if final > 0)
        if len(finals) >= LEAST_SNAPSHOTS and came * 2 > len(finals):
            yield Arrival(fmean(finals), variance(finals) * (1 + 1 / len(finals)), len(finals))


def _finals(cell: Cell, age: int, curves: Curves) -> Iterator[float]:
    """What the cell cost at last on the days on which it had nothing at this age."""
    end = curves.end(cell)
    for (day, at), before in curves.seen.items():
        after = curves.seen.get((day, end))
        if at == age and after and after.definition == before.definition and before.costs.get(cell, 0) == 0:
            final = after.costs.get(cell, 0)
            if final is not None and final >= 0:
                yield float(final)
