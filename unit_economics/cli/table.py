"""Text for people in columns that line up, and JSON for machines: what goes to stdout.

Here: alignment, grouping, colour by meaning, exact JSON. Not here: what is said.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import click

WIDTH = 100
COLOURS = {
    "new": "green",
    "restated": "yellow",
    "same": None,
    "red": "red",
    "absent": "yellow",
    "held": "yellow",
    "failed": "red",
    "ok": "green",
    "warn": "yellow",
    "fail": "red",
    "skip": "bright_black",
}
_COMMANDS = re.compile(r"\x1b(?!\[[0-9;]*m)|[\x00-\x1a\x1c-\x1f\x7f-\x9f]")
"""What a terminal would not show but obey, but for colours."""


def coloured(word: str, text: str | None = None) -> str:
    """The text in the colour of the word's meaning; click takes colour away where stdout is no terminal."""
    return click.style(text or word, fg=COLOURS.get(word))


def faint(text: str) -> str:
    """A text that matters less."""
    return click.style(text, fg="bright_black")


def strong(text: str) -> str:
    """A text that matters more."""
    return click.style(text, bold=True)


def harmless(text: str) -> str:
    """The text of a stranger, whoever may tag a resource, on one line and without commands to a terminal."""
    return _COMMANDS.sub("\ufffd", text)


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right_from: int = 1) -> None:
    """Rows in columns; those from `right_from` on are numbers and line up on the right."""
    lines = [[faint(title) for title in head], *([harmless(cell) for cell in row] for row in rows)]
    widths = [max(len(click.unstyle(line[column])) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = [
            _padded(cell, width, right=n >= right_from)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        click.echo(f"  {'   '.join(cells)}".rstrip())


def indented(text: str) -> str:
    """A long text as a paragraph under what it belongs to; a command in it is not broken at its hyphens."""
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        replace_whitespace=False,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return wrapper.fill(text)


def grouped(reasons: Iterable[tuple[date, str]]) -> Iterator[tuple[str, list[date]]]:
    """Equal reasons together, in the order in which they come."""
    by_reason: dict[str, list[date]] = {}
    for day, reason in reasons:
        by_reason.setdefault(reason, []).append(day)
    yield from by_reason.items()


def show_json(document: object) -> None:
    """One JSON document; decimals as exact text, days and moments in ISO 8601."""
    click.echo(json.dumps(document, default=_as_json, indent=2, ensure_ascii=False))


def decimal_text(value: Decimal) -> str:
    """Every digit, and no exponent."""
    return format(value, "f")


def short_decimal(value: Decimal | None) -> str:
    """The same number without zeros at its end; a dash where there is none."""
    return "-" if value is None else f"{value.normalize():f}"


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - len(click.unstyle(cell)))
    return space + cell if right else cell + space


def _as_json(value: object) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
