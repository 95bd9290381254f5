"""Rows that somebody else made, one a day and combination of values, as the answers that are judged.

Here: what a row's day, quantity and values must be, told by the number of the row and never by what it holds. Not
here: where rows come from (google_sheets/, http_json/), the judgement of the quantities (counting.py).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from unit_economics.business_days import DayRange
from unit_economics.refusals import DayRefusal, Refusal
from unit_economics.unit_sources.counting import Answer, Judge, Tally, judged
from unit_economics.web_api.shape import exact
from unit_economics.web_api.strict_json import is_storable

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Given:
    """One row as it was given; `at` says which, like "row 12"."""

    at: str
    day: object
    quantity: object
    raw: tuple[object, ...] = ()


def tally_of(
    given: Iterable[Given], days: DayRange, judge: Judge, *, day_of: Callable[[object], date | None], absent: str
) -> Tally:
    """What the rows of these days come to; a row of another day is read over, one without a day is refused."""
    answers: dict[tuple[date, tuple[str | None, ...]], Answer] = {}
    refused: dict[date, str] = {}
    for row in given:
        day = day_of(row.day)
        if day is None:
            what = f"{judge.noun} {judge.day} in {row.at} is {_kind(row.day)} and no day like 2026-03-28"
            raise Refusal(what, where=judge.where, remedy=judge.remedy)
        if day not in days:
            continue
        try:
            _add(answers, row, day, judge)
        except DayRefusal as refusal:
            refused.setdefault(day, str(refusal))
    rows, unfit = judged(answers.values(), judge.row)
    wrong = {**unfit, **refused}
    return Tally([row for row in rows if row.day not in wrong], wrong, absent)


def iso_day(value: object, zone: ZoneInfo | None = None) -> date | None:
    """A day like 2026-03-28, or (where a zone is given) a moment with an offset at which a day of it begins."""
    if not isinstance(value, str):
        return None
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
        if zone and _MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value)
            day = moment.astimezone(zone).date()
            return day if moment == datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) else None
    except (ValueError, OverflowError):
        return None
    return None


def _add(answers: dict[tuple[date, tuple[str | None, ...]], Answer], row: Given, day: date, judge: Judge) -> None:
    quantity = _quantity(row, day, judge)
    raw = tuple(_text(value, row, day, judge) for value in row.raw)
    before = answers.get((day, raw))
    answers[day, raw] = Answer(str(day), before.rows + 1 if before else 1, quantity, raw)


def _quantity(row: Given, day: date, judge: Judge) -> Decimal:
    found = exact(row.quantity)
    if found is None:
        what = f"{judge.noun} {judge.quantity} in {row.at} is {_kind(row.quantity)}"
        remedy = f"{judge.remedy}: a plain number like 1234.5, without separators of thousands"
        raise DayRefusal(what, where=judge.where, remedy=remedy, day=day)
    return found


def _text(value: object, row: Given, day: date, judge: Judge) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, Decimal)) and is_storable(str(value)):
        return str(value)
    what = f"the value of a dimension in {row.at} is {_kind(value)} that can't be stored as a text"
    raise DayRefusal(what, where=judge.where, remedy=judge.remedy, day=day)


def _kind(value: object) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, Decimal)):
        return "a number"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
