"""What a day that is still filling will come to, with an interval: its parts, each by how far such a part has come.

Here: one day's cost from its parts and the curves. Not here: the curves (completion.py), which parts a scope has
(nowcasting.py), any storing.

A part is multiplied by what its steps to the end have been. Its error is Mack's: what a day strays by itself, and what
is not known of the factors. Parts stray together as they did so far. A part without factors goes by its provider's, and
before there are any of these by the declared prior, whose error is one for all such parts. What is not there at all yet
is added as it came on other days (arrivals.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Literal, NamedTuple

from unit_economics.exact import EXACT, MONEY_STEP
from unit_economics.insight.arrivals import Arrival, arrivals
from unit_economics.insight.completion import Cell, Curves
from unit_economics.insight.growing import factor_to_end, times, variances
from unit_economics.insight.intervals import lognormal, normal_quantile, student_quantile
from unit_economics.insight.prior import Rules

Method = Literal["learnt", "prior", "mixed", "observed"]
"""observed: nothing is missing any more, or nothing of it could be estimated."""


class Part(NamedTuple):
    """What is there of one provider's service; rate: what one unit of the cell's currency is of the amount's."""

    cell: Cell
    amount: Decimal
    rate: Decimal = Decimal(1)


@dataclass(frozen=True)
class Nowcast:
    """A day's cost as it will be, and the interval that holds it so often as the level says.

    snapshots: the fewest days that a learnt part rests on; None where no part is learnt.
    """

    cost: Decimal
    low: Decimal
    high: Decimal
    method: Method
    snapshots: int | None = None


@dataclass(frozen=True)
class _Grown:
    """A part at the end: its amount and how far that may be off.

    variances: by the step that they are from, in which parts stray together; alone: what strays by itself; deviation:
    of a prior, in which all parts are wrong at once.
    """

    amount: Decimal
    source: Method
    cell: Cell | None = None
    variances: Sequence[float] = ()
    alone: float = 0.0
    deviation: float = 0.0
    snapshots: int | None = None


def nowcast(parts: Iterable[Part], age: int, curves: Curves, rules: Rules, absent: Iterable[Cell] = ()) -> Nowcast:
    """What these parts of a day will come to, and what is absent of it so far.

    A credit is taken as it is, and so is what is complete at this age.
    """
    there = list(parts)
    grown = [
        *(_grown(part, age, curves, rules) for part in there if part.amount > 0),
        *(_arrived(one, rules) for one in arrivals(absent, age, curves)),
    ]
    fixed = _sum(part.amount for part in there if part.amount <= 0)
    cost = _sum(one.amount for one in grown)
    low, high = lognormal(float(cost), _variance(grown, age, curves), float(rules.level))
    counted = [one.snapshots for one in grown if one.snapshots is not None]
    return Nowcast(
        *(EXACT.add(cost, fixed), EXACT.add(_money(low, cost), fixed), EXACT.add(_money(high, cost), fixed)),
        *(_method(grown), min(counted, default=None)),
    )


def _grown(part: Part, age: int, curves: Curves, rules: Rules) -> _Grown:
    if age >= curves.end(part.cell):
        return _Grown(part.amount, "observed")
    _, steps = curves.known(part.cell, age)
    if not steps:
        amount = times(part.amount, rules.prior.factor(age))
        return _Grown(amount, "prior", deviation=float(rules.prior.spread) * abs(float(amount - part.amount)))
    fewest, rate = min(step.pairs for step in steps), float(part.rate)
    scale = _widened(fewest, rules.level) * rate**2
    strayed = [scale * one for one in variances(float(part.amount) / rate, steps)]
    return _Grown(times(part.amount, factor_to_end(steps)), "learnt", part.cell, strayed, snapshots=fewest)


def _arrived(arrival: Arrival, rules: Rules) -> _Grown:
    amount = EXACT.quantize(Decimal(repr(arrival.amount)), MONEY_STEP)
    strayed = _widened(arrival.days, rules.level) * arrival.variance
    return _Grown(amount, "learnt", alone=strayed, snapshots=arrival.days)


def _widened(days: int, level: Decimal) -> float:
    """How much more a variance counts that is estimated from so many days."""
    return (student_quantile(float(level), days - 1) / normal_quantile(float(level))) ** 2


def _variance(grown: Sequence[_Grown], age: int, curves: Curves) -> float:
    learnt: dict[str, dict[Cell, list[Sequence[float]]]] = {}
    for one in grown:
        if one.cell:  # what strays together was measured in one currency
            learnt.setdefault(one.cell.currency, {}).setdefault(one.cell, []).append(one.variances)
    together = 0.0
    for cells in learnt.values():
        strayed = [one for of in cells.values() for one in of]
        by_step = [sum(step) for step in zip_longest(*strayed, fillvalue=0.0)]  # the slower ones go on alone
        together += sum(one * curves.together(list(cells), age + n) for n, one in enumerate(by_step))
    return together + sum(one.alone for one in grown) + sum(one.deviation for one in grown) ** 2


def _method(grown: Sequence[_Grown]) -> Method:
    sources: list[Method] = [*{one.source for one in grown if one.source != "observed"}]
    if not sources:
        return "observed"
    return sources[0] if len(sources) == 1 else "mixed"


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _money(bound: float, cost: Decimal) -> Decimal:
    """A bound as money; that of an interval without width is the cost to its last digit."""
    return cost if bound == float(cost) else EXACT.quantize(Decimal(repr(bound)), MONEY_STEP)
