"""Python's own reading of a formula: fractions and `eval`, a second opinion on what it amounts to.

Here: the second opinion, for texts that the tests have made or that were accepted. Not here: any test.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

from unit_economics.exact import LARGEST
from unit_economics.formulas import Formula, Missing, Reference

_WORD = re.compile(
    r"""(?P<window>\b(?:sum|mean|last)\b)(?=\s*\()
    |(?P<function>[A-Za-z]\w*)\s*\(\s*(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<argument>[\w:=.\-]+))\s*\)
    |(?P<name>[A-Za-z]\w*)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)""",
    re.VERBOSE,
)


def by_python(text: str, value: Callable[[str], Decimal]) -> Fraction | None:
    """The exact number that Python's grammar makes of a formula; None where it divides by 0.

    value: of a name as it is written out, like `cost(shop)`.
    """
    code = _WORD.sub(_as_python, text).replace("\n", " ").replace("\r", " ")
    try:
        return Fraction(
            eval(code.strip(), {"__builtins__": {}}, {"V": lambda name: Fraction(value(name)), "F": Fraction})
        )
    except ZeroDivisionError:
        return None


def _as_python(word: re.Match[str]) -> str:
    if word["window"]:
        return ""
    if word["number"]:
        return f"F({word['number']!r})"
    name = (word["quoted"] or "").replace('""', '"') or word["argument"] or word["name"]
    return f"V({str(Reference(word['function'] or '', name))!r})"


def values_of(formula: Formula, values: Mapping[str, Decimal]) -> dict[Reference, Decimal | Missing]:
    """The same values as `evaluate` asks for them."""
    return {one: values[str(one)] for one in formula.references}


def is_right(answer: Decimal | Missing, exact: Fraction | None, *, divides: bool) -> bool:
    """Whether an answer is this number, rounded once to 28 digits where it divides and to 60 where it doesn't."""
    if isinstance(answer, Missing):
        # 1E-61 is the first number that is told apart from 0 no more; rounding may bring one up to a bound.
        return exact is None or abs(exact) >= LARGEST * (1 - Fraction(1, 10**27)) or abs(exact) < Fraction(1, 10**60)
    half_a_digit = Fraction(1, 2 * 10 ** (27 if divides else 59))
    return exact is not None and abs(Fraction(answer) - exact) <= abs(exact) * half_a_digit
