"""What a formula amounts to: exact from the values of its names, or a reason where there is no answer.

Here: the arithmetic. Not here: how a value of a window is made of its days (the caller does it, by nature or by the
reference's `window`), whether the formula means anything (checking.py).

Inside a formula numbers are fractions, so nothing is rounded on the way. The answer is rounded once: of a formula that
divides as every ratio of the platform (RATIO), of one that doesn't only beyond 60 digits (EXACT). So an order of terms
never changes it, and a small difference of two large quotients keeps all its digits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from unit_economics.exact import EXACT, LARGEST, RATIO
from unit_economics.formulas.tree import Chain, Formula, Negated, Node, Number, Operator, Reference, Step, Windowed


@dataclass(frozen=True)
class Missing:
    """There is no value, and why."""

    reason: str


_FINEST = -60
"""A value with more digits after the point is taken for a broken one, and a result that is nearer to 0 for none."""

_OPERATIONS: Mapping[Operator, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}

Values = Mapping[Reference, Decimal | Missing]


def evaluate(formula: Formula, values: Values) -> Decimal | Missing:
    """The answer, from the values over one window of all that the formula references."""
    found = _value(formula.tree, values)
    if isinstance(found, Missing):
        return found
    context = RATIO if formula.divides else EXACT
    answer = context.divide(Decimal(found.numerator), Decimal(found.denominator))
    if answer.copy_abs() >= LARGEST:
        return Missing(f"{formula} is too large to be right")
    if answer and answer.adjusted() < _FINEST:
        return Missing(f"{formula} is too small to be told from 0")
    return answer


def _value(node: Node, values: Values) -> Fraction | Missing:
    match node:
        case Number():
            return Fraction(node.value)
        case Reference():
            return _given(node, values)
        case Negated():
            inner = _value(node.inner, values)
            return inner if isinstance(inner, Missing) else -inner
        case Windowed():
            return _value(node.inner, values)
        case Chain():
            return reduce(
                lambda left, step: _together(left, step, _value(step.operand, values)),
                node.steps,
                _value(node.first, values),
            )


def _given(reference: Reference, values: Values) -> Fraction | Missing:
    value = values.get(reference, Missing(f"{reference} has no value"))
    if isinstance(value, Missing):
        return value
    if not value.is_finite():
        return Missing(f"{reference} is not a finite number")
    if value.copy_abs() >= LARGEST:
        return Missing(f"{reference} is too large to be right")
    if value and value.adjusted() - len(value.as_tuple().digits) + 1 < _FINEST:
        return Missing(f"{reference} has more than {-_FINEST} digits after the point")
    return Fraction(value)


def _together(left: Fraction | Missing, step: Step, right: Fraction | Missing) -> Fraction | Missing:
    if step.operator == "/" and right == 0:
        right = Missing(f"{step.operand} is 0")
    if isinstance(left, Missing) or isinstance(right, Missing):
        return Missing(_reasons(left, right))
    return _OPERATIONS[step.operator](left, right)


def _reasons(*halves: Fraction | Missing) -> str:
    """Why there is no answer, each reason once; what is missing may itself have several."""
    said = [reason for half in halves if isinstance(half, Missing) for reason in half.reason.split("; ")]
    return "; ".join(dict.fromkeys(said))
