"""Rows as CSV that a spreadsheet only reads and never runs, every decimal exact.

Here: the text of a file. Not here: which rows, where they go, other formats (cli/export_formats.py).

A spreadsheet takes a cell for a formula when it begins with = + - or @, in their full-width forms too, and some look
for that beginning behind spaces, quotes and signs that nobody sees. One that separates by semicolons or tabs, or that
is told to, finds further cells inside a text. So an apostrophe is put before every such beginning.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

_UNSEEN = r"[ \x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
_QUOTE = '["`\u00ab\u00b4\u00bb\u2018-\u201f\u2039\u203a\uff02\uff07]'
_OPERATOR = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_FORMULA = re.compile(rf"^(?=[\t\r\n])|(?:^|[;|\t\r\n])(?=(?:{_UNSEEN}|{_QUOTE})*{_OPERATOR})")


def as_csv(names: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\r\n") -> bytes:
    """RFC 4180 in UTF-8; empty for what is not there."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def plain(value: object) -> str | int | None:
    """The value without loss as text, a whole number or None; days and moments in ISO 8601, decimals digit by digit."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int) or value is None else str(value)


def disarmed(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would see a formula begin; any other as it is."""
    return _FORMULA.sub(lambda found: f"{found[0]}'", text)


def _cell(value: object) -> str:
    written = plain(value)
    return disarmed(value) if isinstance(value, str) else "" if written is None else str(written)
