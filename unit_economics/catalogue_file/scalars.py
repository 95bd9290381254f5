"""A plain value of YAML by its characters: text, number, true, false or nothing.

Here: which spellings mean the same to every YAML reader. Not here: quoted text, and types a field wants (dates, money).
"""

import re

from unit_economics.catalogue_file.tree import Leaf

LONGEST_NUMBER = 60

_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)
_AMBIGUOUS = re.compile(
    r"""yes|no|on|off                                       # YAML 1.1: a boolean, 1.2: text
    |[-+]?0[\d_]+(\.[\d_]*)?                                # 0777 is 511, 777 or text
    |[-+]?0[xob][\da-f_]+
    |[-+]?\d[\d_]*_[\d_]*(\.[\d_]*)?                        # 1_000 is 1000 or text
    |[-+]?[1-9][\d_]*(:[0-5]?\d)+(\.[\d_]*)?                # 1:30 is 90 or text
    |[-+]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)e[-+]?\d+         # 1e3 is 1000 or text
    |[-+]?\.\d[\d_]*|[-+]?\d+\.|\+\d+(\.\d+)?
    |[-+]?\.inf|\.nan""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


def plain_value(source: str) -> Leaf:
    """What this unquoted value is, to the letter: no digit and no spelling is changed."""
    if _NULL.fullmatch(source):
        return Leaf("null", is_text=False)
    if _BOOLEAN.fullmatch(source):
        return Leaf(source.lower(), is_text=False)
    is_number = _NUMBER.fullmatch(source) and len(source) <= LONGEST_NUMBER
    return Leaf(source, is_text=not is_number)


def complaint(source: str) -> str | None:
    """Why this unquoted value is refused, if it is."""
    if _AMBIGUOUS.fullmatch(source):
        return "YAML readers disagree on what this means; text goes in quotes, else write true, false or a plain number"
    if _NUMBER.fullmatch(source) and len(source) > LONGEST_NUMBER:
        return f"a number of more than {LONGEST_NUMBER} characters; text goes in quotes"
    return None
