"""How restless a unit cost is: its coefficient of variation once the rhythm of the week is taken out.

Here: one number from the days before, as they are stored. Not here: reading them (warehouse), whether one day is odd.

Each day is divided by the mean of its own weekday and multiplied by the mean of all, so that a quiet Sunday is no
variation. Then it is the sample's standard deviation over the mean, of the last 28 days.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from unit_economics.exact import RATIO

DAYS = 28
LEAST_DAYS = 21


def trailing(values: Mapping[date, Decimal], last: date) -> dict[date, Decimal]:
    """The values of the 28 days that end on `last`."""
    first = last - timedelta(days=DAYS - 1)
    return {day: value for day, value in sorted(values.items()) if first <= day <= last}


def variation(values: Mapping[date, Decimal]) -> Decimal | None:
    """The coefficient of variation of these days; None where they are too few, or nothing was ever above 0."""
    adjusted = _without_rhythm(values)
    if len(adjusted) < LEAST_DAYS:
        return None
    mean = _mean(adjusted)
    variance = sum(((one - mean) ** 2 for one in adjusted), Fraction(0)) / (len(adjusted) - 1)
    return RATIO.divide(RATIO.sqrt(_decimal(variance)), _decimal(mean)) if mean else None


def _without_rhythm(values: Mapping[date, Decimal]) -> Sequence[Fraction]:
    by_weekday: dict[int, list[Fraction]] = defaultdict(list)
    for day, value in values.items():
        by_weekday[day.weekday()].append(Fraction(value))
    means = {weekday: _mean(of) for weekday, of in by_weekday.items()}
    whole = _mean([one for of in by_weekday.values() for one in of])
    return [one * whole / means[weekday] for weekday, of in by_weekday.items() for one in of if means[weekday]]


def _mean(numbers: Sequence[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0)) / max(len(numbers), 1)


def _decimal(number: Fraction) -> Decimal:
    return RATIO.divide(Decimal(number.numerator), Decimal(number.denominator))
