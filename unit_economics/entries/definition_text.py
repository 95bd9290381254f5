"""What a definition rests on, as JSON: exactly the parts that its version is a hash of, and no value of a variable.

Here: from a node's meaning to text that the mart keeps. Not here: which parts these are (graph.py), the version.
"""

import json
from collections.abc import Sequence
from typing import TypeAlias

from unit_economics.entries.entry import Entry

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | None"


def definition_text(meaning: Sequence[object]) -> str:
    """The parts as one JSON list; what PostgreSQL can't keep in it (U+0000) is replaced."""
    return json.dumps(_said(list(meaning)), ensure_ascii=False).replace("\\u0000", "\ufffd")


def _said(part: object) -> Json:
    match part:
        case Entry():
            return {name: _said(value) for name, value in part.__repr_args__() if name}
        case dict():
            return {str(key): _said(value) for key, value in part.items()}
        case list() | tuple():
            return [_said(one) for one in part]
        case str() | int() | None:
            return part
        case _:
            return str(part)
