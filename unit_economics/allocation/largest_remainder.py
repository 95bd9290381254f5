"""An amount in parts that add up to it exactly.

Here: the division of one amount by weights. Not here: whose weights they are (keys.py), what is divided
(double_entry.py).

Source: Hamilton's method, for seats in a parliament: Balinski and Young (1982), "Fair Representation". Each gets the
whole steps of its exact part; the steps that are left go one each to the largest remainders. Rounding each part by
itself would lose 0.01 of 100.00 among three.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from functools import reduce
from math import lcm
from typing import TypeVar

from unit_economics.exact import EXACT

At = TypeVar("At")
MICRO = Decimal("0.000001")


def split(amount: Decimal, weights: Mapping[str, Decimal], step: Decimal = MICRO) -> dict[str, Decimal] | None:
    """The amount in proportion to the weights, in whole steps; None where no weight is above 0.

    A negative weight counts as 0. Of equal remainders the first in the order of the weights comes first. What the
    amount has beyond whole steps goes to whom the next step would have gone: each part stays within a step of the exact
    one, and a weight of 0 gets nothing. A negative amount has the parts of the positive one, negated.
    """
    heavy, _ = _whole(max(weight, Decimal(0)) for weight in weights.values())
    total = sum(heavy)
    if not total:
        return None
    (size, one), scale = _whole((amount.copy_abs(), step))
    exact = [divmod(size * weight, total * one) for weight in heavy]
    parts = [steps * one for steps, _ in exact]
    left = size - sum(parts)
    for place in sorted(range(len(parts)), key=lambda place: -exact[place][1]):
        parts[place] += min(left, one)
        left -= min(left, one)
    sign = -1 if amount < 0 else 1
    return {name: EXACT.divide(Decimal(sign * part), Decimal(scale)) for name, part in zip(weights, parts, strict=True)}


def in_steps(amounts: Mapping[At, Decimal], step: Decimal) -> dict[At, Decimal]:
    """The amounts in whole steps, each within a step of what it was; their sum is the rounded sum of what they were.

    Of equal remainders the first one comes first.
    """
    down = {at: amount.quantize(step, rounding=ROUND_FLOOR, context=EXACT) for at, amount in amounts.items()}
    rest = {at: EXACT.subtract(amount, down[at]) for at, amount in amounts.items()}
    left = int(EXACT.divide(EXACT.quantize(_sum(rest.values()), step), step))
    for at in sorted(rest, key=lambda at: -rest[at])[:left]:
        down[at] = EXACT.add(down[at], step)
    return down


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, Decimal(0))


def _whole(numbers: Iterable[Decimal]) -> tuple[list[int], int]:
    """The numbers as multiples of one smallest part, and how many of it make 1."""
    ratios = [number.as_integer_ratio() for number in numbers]
    scale = lcm(*(bottom for _, bottom in ratios))
    return [top * (scale // bottom) for top, bottom in ratios], scale
