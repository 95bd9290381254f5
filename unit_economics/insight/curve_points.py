"""The completion curve as it is stored and shown: of every provider and service, how much is there at each age.

Here: the points, each with what it rests on. Not here: learning them (completion.py), what they make of a day
(nowcast.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from unit_economics.insight.completion import Cell, Curves, Source, Step
from unit_economics.insight.growing import factor_to_end, variances
from unit_economics.insight.prior import Prior


@dataclass(frozen=True)
class CurvePoint:
    """What a cost of this age is multiplied by to be complete, whose factor that is, and how sure it is.

    spread: standard error of what a day of middle size comes to, as a share of it; snapshots: how many days of the cell
    itself were seen at this age and the next; step: the cell's own to the next age, where it has one.
    """

    cell: Cell
    age: int
    source: Source
    snapshots: int
    factor: Decimal
    spread: float
    step: Step | None = None


def curve_points(curves: Curves, prior: Prior) -> Iterator[CurvePoint]:
    """Every point before the age at which the cell is complete, by cell and age."""
    for cell in curves.cells:
        for age in range(1, curves.end(cell)):
            source, steps = curves.known(cell, age)
            factor = factor_to_end(steps) if steps else prior.factor(age)
            spread = _spread(steps) if steps else float(prior.spread * (1 - 1 / factor))
            snapshots = len(curves.pairs(cell, age))
            yield CurvePoint(cell, age, source, snapshots, factor, spread, curves.step(cell, age))


def _spread(steps: Sequence[Step]) -> float:
    amount = steps[0].weight / steps[0].pairs
    end = amount * float(factor_to_end(steps))
    return sqrt(sum(variances(amount, steps))) / end if end else 0.0
