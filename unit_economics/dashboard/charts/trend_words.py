"""What the trend says in words, for whoever does not see it.

Here: one sentence a part. Not here: the drawing (trend.py).
"""

from collections.abc import Sized
from datetime import timedelta
from decimal import Decimal

from unit_economics.dashboard.charts.trend_data import Expected, Trend
from unit_economics.dashboard.words.numbers import Numbers


def trend_words(data: Trend, numbers: Numbers) -> str:
    """The span, the ratio's range and last value, the target, and how many days are not plain."""
    if not data.count:
        return f"{data.titles[0]}: no days"
    last = data.first + timedelta(days=data.count - 1)
    span = f"{data.titles[0]}, by day from {numbers.day(data.first)} to {numbers.day(last)}"
    parts = [f"{span}: {_range(data, numbers)}", *_asides(data, numbers)]
    return f"{'; '.join(parts)}. Below it: {data.titles[1]}, {data.titles[2]}"


def amount(value: float) -> Decimal:
    """The decimal that a float is written as."""
    return Decimal(repr(value))


def expected_words(one: Expected, numbers: Numbers) -> str:
    """`nowcast $1.07, $1.03 to $1.10`."""
    value, low, high = (numbers.money(amount(each)) for each in (one.value, one.low, one.high))
    return f"nowcast {value}, {low} to {high}"


def _range(data: Trend, numbers: Numbers) -> str:
    there = [amount(value) for value in data.smooth if value is not None]
    if not there:
        return "no value yet"
    low, high, last = (numbers.money(value) for value in (min(there), max(there), there[-1]))
    return f"7-day mean between {low} and {high}, last {last}"


def _days(those: Sized) -> str:
    return "1 day" if len(those) == 1 else f"{len(those)} days"


def _expected(data: Trend, numbers: Numbers) -> str:
    last = max(data.nowcasts)
    day = numbers.day(data.first + timedelta(days=last))
    return f"{_days(data.nowcasts)} with a nowcast, {day}: {expected_words(data.nowcasts[last], numbers)}"


def _asides(data: Trend, numbers: Numbers) -> list[str]:
    parts = [f"target {numbers.money(amount(data.target))}"] if data.target is not None else []
    parts += [f"{_days(data.provisional)} whose bill may still grow"] if data.provisional else []
    parts += [_expected(data, numbers)] if data.nowcasts else []
    parts += [f"{_days(data.restated)} restated"] if data.restated else []
    return parts
