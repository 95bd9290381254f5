"""Whether a formula says something: the unit and the nature of its answer, from those of its names.

Here: units put together along the tree, and the declared unit held against the result. Not here: what a unit is
(units.py, scales.py), natures (natures.py).

Nothing is ever rescaled: GB and TB don't add up, because whose number would it be?
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from unit_economics.formulas.natures import Nature, combined, windowed
from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import Chain, Formula, Negated, Node, Number, Reference, Step, Windowed
from unit_economics.formulas.units import ONE, Unit, per, times, unit_of


@dataclass(frozen=True)
class Leaf:
    """What a name of a formula stands for: its unit, written like `USD`, `GB-month` or `1M tokens`, and its nature."""

    unit: str
    nature: Nature


@dataclass(frozen=True)
class Checked:
    """What a formula's answer is: its unit, written like `USD / Order` (`1` for a share), and its nature."""

    unit: str
    nature: Nature


Resolve = Callable[[Reference], Leaf]


@dataclass(frozen=True)
class _Known:
    unit: Unit
    nature: Nature | None


def check(formula: Formula, resolve: Resolve) -> Checked:
    """The unit and nature of its answer; raises `FormulaProblem` where it has none.

    resolve: what a reference stands for; it may raise the problem that `unknown` makes.
    """
    try:
        known = _known(formula.tree, resolve)
    except FormulaProblem as problem:
        raise problem.of(formula.text) from None
    if known.nature is None:
        raise FormulaProblem("it names nothing that is measured", 1, formula.text)
    return Checked(str(known.unit), known.nature)


def disagreement(declared: str, checked: Checked) -> str | None:
    """Why a declared unit is not the one that the formula gives, as a sentence; None where it is.

    `percent` and `%` agree with a share: they say how it is shown, times 100.
    """
    try:
        how = _difference(unit_of(declared), unit_of(checked.unit))
    except ValueError as problem:
        return str(problem)
    return how and f"the unit is declared as `{declared}`, but the formula gives `{checked.unit}`: {how}"


def _known(node: Node, resolve: Resolve) -> _Known:
    match node:
        case Number():
            return _Known(ONE, None)
        case Reference():
            return _leaf(node, resolve)
        case Negated():
            return _known(node.inner, resolve)
        case Windowed():
            inner = _known(node.inner, resolve)
            return _Known(inner.unit, windowed(node.window, inner.nature, node.column))
        case Chain():
            return reduce(
                lambda left, step: _together(left, step, _known(step.operand, resolve)),
                node.steps,
                _known(node.first, resolve),
            )


def _leaf(reference: Reference, resolve: Resolve) -> _Known:
    leaf = resolve(reference)
    try:
        return _Known(unit_of(leaf.unit), leaf.nature)
    except ValueError as problem:
        raise FormulaProblem(f"the unit of {reference} can't be read: {problem}", reference.column) from None


def _together(left: _Known, step: Step, right: _Known) -> _Known:
    unit = _unit(left.unit, step, right.unit)
    return _Known(unit, combined(left.nature, step.operator, right.nature, step.column))


def _unit(left: Unit, step: Step, right: Unit) -> Unit:
    if step.operator == "*":
        return times(left, right)
    if step.operator == "/":
        return per(left, right)
    how = _difference(left, right)
    if how:
        verb = "added" if step.operator == "+" else "subtracted"
        raise FormulaProblem(f"{_named(left)} and {_named(right)} can't be {verb}: {how}", step.column)
    return left


def _named(unit: Unit) -> str:
    return f"`{unit}`" if unit.powers else "a share or number without unit"


def _difference(one: Unit, other: Unit) -> str | None:
    """How two units differ, or None where they measure the same at the same scale."""
    if one == other:
        return None
    from unit_economics.formulas.scales import measure  # imports pint, which nothing else needs

    (scale, dimension), (other_scale, other_dimension) = measure(one), measure(other)
    if dimension != other_dimension:
        return "they measure different things"
    return None if scale == other_scale else "they measure the same at different scales; convert one of them first"
