"""Reading a formula: a text to a `Formula`, or to the one problem that is met first.

Here: the bounds, and the words for what can't be read. Not here: the grammar (grammar.py, which imports the parser
library), what a name stands for (checking.py).
"""

import re
from collections.abc import Collection

from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import Formula
from unit_economics.formulas.words import shown

LONGEST = 500
"""A formula has at most this many characters."""

DEEPEST = 20
"""A formula has at most this many levels: a sum or product inside another, a minus sign and a window are one each."""

_HINTS = {
    "^": "there is no power operator; multiply instead",
    "\N{MULTIPLICATION SIGN}": "write `*`",
    "÷": "write `/`",
    "−": "write `-`",
    "–": "write `-`",
    "'": 'write `"`',
    ".": "a number is written like 0.5",
    '"': 'a name in quotes ends with `"`, is not empty, and has no line break',
}


def parse(text: str) -> Formula:
    """The formula that this text says; raises `FormulaProblem` at the first character that can't be meant."""
    if len(text) > LONGEST:
        raise FormulaProblem(f"it has {len(text)} characters; {LONGEST} at most", LONGEST + 1, text)
    if not text.strip():
        raise FormulaProblem("it is empty; write something like cost(shop) / units(order)", 1, text)
    from unit_economics.formulas.grammar import tree_of  # imports the parser library, which nothing else needs

    try:
        return Formula(tree_of(text), text)
    except FormulaProblem as problem:
        raise problem.of(text) from None


def unreadable(text: str, column: int) -> FormulaProblem:
    """The problem of a character that no formula has, or not there."""
    letter = text[column - 1]
    hint = _HINTS.get(letter, "there are numbers, names, + - * / and brackets")
    return FormulaProblem(f"{shown(letter)} can't be read here; {hint}", column)


def misplaced(text: str, column: int, accepted: Collection[str]) -> FormulaProblem:
    """The problem of a word that stands where something else is expected; names the terminals of the grammar."""
    expected = _expected(accepted)
    word = re.match(r"\w+|.", text[column - 1 :], re.DOTALL)
    if word is None:
        return FormulaProblem(f"it ends too soon; {expected} is missing", column)
    if word[0] == "*" and text[: column - 1].rstrip().endswith("*"):
        return FormulaProblem(f"`**` can't be read; {_HINTS['^']}", column)
    return FormulaProblem(f"{shown(word[0])} can't stand here; {expected} is expected", column)


def _expected(accepted: Collection[str]) -> str:
    if "NUMBER" in accepted:
        return "a number, a name, `-` or `(`"
    if "ARGUMENT" in accepted:
        return 'a name like shop, or one like "a b" in quotes,'
    said = {"STAR": "an operator (+ - * /)", "LPAR": "`(`", "RPAR": "`)`"}
    return " or ".join(words for terminal, words in said.items() if terminal in accepted) or "the end"
