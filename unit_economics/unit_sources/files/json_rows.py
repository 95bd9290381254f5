"""The rows of JSON Lines: an object a line, its numbers as they are written.

Here: what a line may be. Not here: what the values mean (question.py).
"""

import json
from collections.abc import Iterator, Sequence
from typing import NoReturn

from unit_economics.object_storage import Storage
from unit_economics.unit_sources.files.csv_rows import Row, missing
from unit_economics.unit_sources.files.lines import lines_of
from unit_economics.unit_sources.files.parts import Part


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def json_rows(storage: Storage, part: Part, wanted: Sequence[str]) -> Iterator[Row]:
    """The wanted fields of each line; a field that a line leaves out is empty, one that all leave out is missing."""
    first: list[str] = []
    seen: set[str] = set()
    for number, line in enumerate(lines_of(storage, part), 1):
        if not line.strip():
            continue
        found = _object(line, part, number)
        first = first or list(found)
        seen.update(name for name in wanted if name in found)
        yield number, [_text(found.get(name), part, number, name) for name in wanted]
    absent = next((name for name in wanted if name not in seen), None)
    if first and absent is not None:
        raise missing(part, absent, first)


def _object(line: str, part: Part, number: int) -> dict[str, object]:
    try:
        found = json.loads(
            line, parse_float=_Number, parse_int=_Number, parse_constant=_no_constant, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise part.refusal("it is no JSON, or only half of it, or has a field twice", row=number) from error
    if not isinstance(found, dict):
        raise part.refusal("it is no JSON object", row=number)
    return found


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _text(value: object, part: Part, number: int, field: str) -> str | None:
    if value is None or isinstance(value, str):
        if value is not None and not value.isascii() and not _is_text(value):
            raise part.refusal("it holds half a character", row=number, field=field)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    raise part.refusal("it is no single value", row=number, field=field, remedy="Write a text, number or truth value")


def _is_text(value: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in value)
