"""What somebody may have meant by a name that there is not.

Here: the nearest name, in words. Not here: where the name stands (catalogue_file/problems.py).
"""

import difflib
from collections.abc import Sequence


def closest(word: str, allowed: Sequence[str]) -> str:
    """`did you mean` with the nearest allowed word, and then all of them."""
    near = difflib.get_close_matches(word, allowed, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return f"{hint}allowed: {', '.join(allowed) or 'none'}"
