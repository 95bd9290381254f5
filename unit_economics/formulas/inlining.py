"""A formula with some of its names replaced by what they stand for: another formula, or the same thing's full name.

Here: the replacement, window and all. Not here: what a name stands for (the caller knows), units (checking.py).

`mean(margin)` asks for everything inside `margin` as a mean: so a window around a name is passed on to all of that.
"""

from collections.abc import Callable
from dataclasses import replace

from unit_economics.formulas.tree import Chain, Formula, Negated, Node, Reference, Window, Windowed

Stands = Callable[[Reference], Node]


def inlined(formula: Formula, stands: Stands) -> Formula:
    """The same formula with every name replaced; a name that stands for itself is returned as it is."""
    tree = _inlined(formula.tree, stands)
    return Formula(tree, str(tree))


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
