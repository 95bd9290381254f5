"""What an answer of Vantage means: exact amounts, UTC days.

Here: reading values out of an answer, each one as it was meant or refused. Not here: getting the answer
(web_api/), and what a whole page of them adds up to (cost_sources/, sinks/).
"""

import decimal
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import cast

from unit_economics.exact import LARGEST
from unit_economics.refusals import Refusal
from unit_economics.web_api.strict_json import Json, is_storable, short

_EXACT = decimal.Context(prec=400, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
"""Room for any sum of accepted amounts; Python's default of 28 digits would round without a word."""

_AMOUNT = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_DAY_ONLY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(\+00:00|Z)?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_AGAIN = "Try again later; if it stays, report it to Vantage"


def rows(answer: Json, key: str, where: str) -> list[Json]:
    """The list of objects under `key`; a missing list is refused, because it is not the same as an empty one."""
    found = answer.get(key)
    if not isinstance(found, list):
        raise Refusal(f"the answer has no list {key!r}", where=where, remedy=_AGAIN)
    listed = cast("list[object]", found)
    if not all(isinstance(row, dict) for row in listed):
        raise Refusal(f"an entry of {key!r} is not an object", where=where, remedy=_AGAIN)
    return cast("list[Json]", listed)


def text(row: Json, key: str, where: str) -> str | None:
    """A text that may be missing; refused where it could not be stored as text."""
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not is_storable(value):
        raise Refusal(f"{key!r} is not a text that can be stored", where=where, remedy=_AGAIN)
    return value


def amount(row: Json, key: str, where: str) -> Decimal:
    """An exact amount, sent as text or as a number; never one with separators, and never beyond reason."""
    value = row.get(key)
    written = str(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else ""
    if not _AMOUNT.fullmatch(written) or abs(Decimal(written)) >= LARGEST:
        raise Refusal(f"{key!r} is {short(value)}, which is no plain amount", where=where, remedy=_AGAIN)
    return Decimal(written)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum without any rounding."""
    total = Decimal(0)
    for value in amounts:
        total = _EXACT.add(total, value)
    return total


def utc_moment(row: Json, key: str, where: str) -> datetime:
    """A day or a moment as a moment in UTC; a moment without an offset is refused."""
    value = row.get(key)
    written = value if isinstance(value, str) else ""
    try:
        if day := _DAY_ONLY.fullmatch(written):
            return datetime.combine(date.fromisoformat(day[1]), time(), tzinfo=UTC)
        if _MOMENT.fullmatch(written):
            return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Refusal(f"{key!r} is {short(value)}, which is no day in UTC", where=where, remedy=_AGAIN)
