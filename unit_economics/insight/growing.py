"""What an amount grows to over the steps of a curve, and how far that may be off.

Here: one amount. Not here: the steps (completion.py), a whole day (nowcast.py).

Source: Mack 1993, as in completion.py; his standard error as a recursion, so that a factor of 0 is no division by it.
"""

from collections.abc import Sequence
from decimal import Decimal

from unit_economics.exact import EXACT, MONEY_STEP
from unit_economics.insight.completion import Step


def factor_to_end(steps: Sequence[Step]) -> Decimal:
    """What an amount is multiplied by to be complete."""
    product = 1.0
    for step in steps:
        product *= step.factor
    return rounded(Decimal(repr(product)))


def rounded(factor: Decimal) -> Decimal:
    """A factor as it is used and stored: to twelve places, so that an amount is the same wherever it is made again."""
    return EXACT.quantize(factor, MONEY_STEP)


def times(amount: Decimal, factor: Decimal) -> Decimal:
    """An amount of money, grown."""
    return EXACT.quantize(EXACT.multiply(amount, factor), MONEY_STEP)


def variances(amount: float, steps: Sequence[Step]) -> Sequence[float]:
    """The squared error of what an amount will come to, by the step that it is from; in the currency of the steps."""
    found: list[float] = []
    for step in steps:
        own = step.sigma2 * (amount + amount**2 / step.weight)
        found = [*(one * step.factor**2 for one in found), own]
        amount *= step.factor
    return found
