"""A table in Markdown, whatever is in its cells.

Here: its lines, and how a text is written in a cell. Not here: what is told in it.
"""

from collections.abc import Callable, Sequence

_MARKUP = {ord(sign): f"&#{ord(sign)};" for sign in "\\`*_[]<>|@#&"}


def as_text(text: str) -> str:
    """A stranger's text, as a service's name is, is no markup and no second line."""
    return _on_one_line(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")


def as_quiet(text: str) -> str:
    """The same on a page that others are told of, as a pull request is: no link, and nobody mentioned."""
    return _on_one_line(text).translate(_MARKUP)


def as_markup(text: str) -> str:
    """A text of our own keeps its markup, and is one cell."""
    return text.replace("|", "\\|")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], cell: Callable[[str], str] = as_text) -> list[str]:
    """The lines of a table; cell: how a text is written in it."""
    rule = "|".join("---" for _ in head)
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(map(cell, row))} |" for row in rows)]


def _on_one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
