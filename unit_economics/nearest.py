"""The nearest right name to one that is not known, as every refusal says it.

Here: those few words. Not here: which names there are.
"""

import difflib
from collections.abc import Collection


def near(word: str, known: Collection[str]) -> str | None:
    """The nearest known name; None where none is near."""
    return next(iter(difflib.get_close_matches(word, known, n=1)), None)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """``did you mean `x`? `` with the nearest known name; empty where none is near."""
    meant = near(word, known)
    return f"did you mean `{meant}`? " if meant else ""


def closest(word: str, allowed: Collection[str]) -> str:
    """`did you mean` with the nearest allowed word, and then all of them."""
    return f"{did_you_mean(word, allowed)}allowed: {', '.join(allowed) or 'none'}"


def closest_as_remedy(word: str, allowed: Collection[str]) -> str:
    """The same as a sentence of its own: only its first letter is another, for a name keeps its case."""
    text = closest(word, allowed)
    return text[:1].upper() + text[1:]
