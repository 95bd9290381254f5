"""Strict JSON: every number exact, no key twice, no NaN, not nested without end.

Here: from bytes to values, and foreign texts for messages. Not here: what the values mean (vantage/, unit_sources/).
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import NoReturn, cast

from unit_economics.refusals import Refusal

Json = Mapping[str, object]


def parse(body: bytes, where: str, remedy: str) -> object:
    """The JSON value in `body`; raises `Refusal`."""
    try:
        found: object = json.loads(
            body.decode(), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_duplicates
        )
    except (ValueError, RecursionError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else f"is not valid JSON ({short(error)})"
        raise Refusal(f"the answer {reason}", where=where, remedy=remedy) from None
    return found


def parse_object(body: bytes, where: str, remedy: str) -> Json:
    """The JSON object in `body`; raises `Refusal`."""
    found = parse(body, where, remedy)
    if not isinstance(found, dict):
        raise Refusal("the answer is not a JSON object", where=where, remedy=remedy)
    return cast("Json", found)


def plain(message: str) -> str:
    """At most 200 printable characters of a foreign text, on one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in message).split())[:200]


def short(value: object) -> str:
    """A foreign value in a few characters."""
    return plain(str(value) if isinstance(value, Exception) else repr(value))[:60]


def is_storable(value: str) -> bool:
    """Whether PostgreSQL can hold it as text."""
    return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found
