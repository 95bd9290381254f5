"""A formula with some of its names replaced by what they stand for: another formula, or the same thing's full name.

Here: the replacement, window and all. Not here: what a name stands for (the caller knows), units (checking.py).

Formulas that name each other several times grow with every one of them, so what comes of it is bounded as a text is.
`mean(margin)` asks for everything inside `margin` as a mean: so a window around a name is passed on to all of that.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import Chain, Formula, Negated, Node, Reference, Window, Windowed, levels, parts

MOST_PARTS = 5_000
"""A formula has at most so many numbers, names and operations, those of all formulas that it names counted in."""

DEEPEST_WHOLE = 100
"""It has at most so many levels, counted likewise."""

Stands = Callable[[Reference], Node]


def inlined(formula: Formula, stands: Stands) -> Formula:
    """The same formula with every name replaced; a name that stands for itself is returned as it is.

    Raises `FormulaProblem` at the first name that stands for more where the whole outgrows its bounds.
    """
    tree = _inlined(formula.tree, stands)
    if outgrown := _outgrown(tree):
        larger = (one.column for one in formula.references if not isinstance(stands(one), Reference))
        raise FormulaProblem(f"with all that it names it {outgrown}", next(larger, 1), formula.text)
    return Formula(tree, str(tree))


def _outgrown(tree: Node) -> str | None:
    """Which bound it is beyond; counted no further than that, as it may be beyond all counting."""
    if sum(1 for _ in islice(parts(tree), MOST_PARTS + 1)) > MOST_PARTS:
        return f"has more than {MOST_PARTS} parts; name fewer formulas, or shorter ones"
    if levels(tree) > DEEPEST_WHOLE:
        return f"is nested too deep; {DEEPEST_WHOLE} levels at most"
    return None


def _inlined(node: Node, stands: Stands) -> Node:
    match node:
        case Reference():
            found = stands(node)
            return found if node.window is None else _in_window(found, node.window)
        case Negated() | Windowed():
            return replace(node, inner=_inlined(node.inner, stands))
        case Chain():
            steps = tuple(replace(step, operand=_inlined(step.operand, stands)) for step in node.steps)
            return Chain(_inlined(node.first, stands), steps)
        case _:
            return node


def _in_window(node: Node, window: Window) -> Node:
    match node:
        case Reference():
            return replace(node, window=window)
        case Windowed():
            return _in_window(node.inner, window)
        case Negated():
            return replace(node, inner=_in_window(node.inner, window))
        case Chain():
            steps = tuple(replace(step, operand=_in_window(step.operand, window)) for step in node.steps)
            return Chain(_in_window(node.first, window), steps)
        case _:
            return node
