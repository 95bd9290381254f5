"""A table in Markdown, whatever is in its cells.

Here: its lines. Not here: what is told in it.
"""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    rule = "|".join("---" for _ in head)
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]


def _cell(text: str) -> str:
    """A stranger's text, as a service's name is, is no markup and no second line."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
