"""Formulas of derived metrics: `cost(shop) / units(order)` is read, judged by its units, and computed exactly.

Here: the language and everything it promises, for whoever has a formula. Not here: where formulas are written (the
catalogue), what a name in one stands for and its value (the caller says both), any I/O.

    parse      the text to a `Formula`: numbers, names, + - * /, brackets, sum(...), mean(...), last(...)
    check      what unit and nature its answer has, or why it has none
    evaluate   its answer from the values of its names, or why there is none
    in_order   formulas that stand on each other, the ones stood on first
    inlined    a formula with names replaced by what they stand for

Nothing that a user wrote is ever run as Python. Lark and pint take a second to import, so they are imported where
they are first needed, by `parse` and `check`.
"""

from unit_economics.formulas.checking import Checked, Leaf, check, disagreement
from unit_economics.formulas.evaluation import Missing, evaluate
from unit_economics.formulas.inlining import inlined
from unit_economics.formulas.natures import Nature
from unit_economics.formulas.ordering import in_order
from unit_economics.formulas.parsing import DEEPEST, LONGEST, parse
from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import PLAIN_ARGUMENT, Formula, Node, Reference, Window
from unit_economics.formulas.words import unknown

__all__ = [
    "DEEPEST",
    "LONGEST",
    "PLAIN_ARGUMENT",
    "Checked",
    "Formula",
    "FormulaProblem",
    "Leaf",
    "Missing",
    "Nature",
    "Node",
    "Reference",
    "Window",
    "check",
    "disagreement",
    "evaluate",
    "in_order",
    "inlined",
    "parse",
    "unknown",
]
