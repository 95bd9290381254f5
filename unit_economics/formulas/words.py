"""How a problem shows what a user wrote, and the name that was probably meant.

Here: wording that several parts of the package share. Not here: any rule.
"""

from collections.abc import Iterable

from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import Reference
from unit_economics.nearest import did_you_mean

_LONGEST_WORD, _MOST_NAMES = 40, 20


def shown(word: str) -> str:
    """A word in backquotes, cut where it is long; what can't be shown as its number in Unicode."""
    if len(word) == 1 and not word.isprintable():
        return f"U+{ord(word):04X}"
    cut = word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}..."
    return f"`{cut}`"


def unknown(reference: Reference, allowed: Iterable[str]) -> FormulaProblem:
    """The problem of a name that stands for nothing; allowed: what could stand there, written as in a formula."""
    written, names = str(reference), list(allowed)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = ", ".join(names[:_MOST_NAMES]) or "none"
    return FormulaProblem(
        f"{shown(written)} is not known; {did_you_mean(written, names)}allowed: {listed}{more}", reference.column
    )
