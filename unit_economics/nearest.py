"""The nearest right name to one that is not known, as every refusal says it.

Here: those few words. Not here: which names there are.
"""

import difflib
from collections.abc import Collection


def did_you_mean(word: str, known: Collection[str]) -> str:
    """``did you mean `x`? `` with the nearest known name; empty where none is near."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`? " if near else ""
