"""The variation of a unit cost: what it amounts to by hand, and that the rhythm of the week is none."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest

from unit_economics.insight.variation import LEAST_DAYS, trailing, variation

LAST = date(2026, 3, 29)
QUIET_SUNDAY = (10, 10, 10, 10, 10, 4, 2)


def days(*values: int) -> Mapping[date, Decimal]:
    return {LAST - timedelta(days=len(values) - 1 - n): Decimal(value) for n, value in enumerate(values)}


def test_four_weeks_that_swing_are_what_was_computed_by_hand() -> None:
    """Two weeks of 1 and two of 3: the mean is 2, every day is 1 from it: sqrt(28 / 27) / 2."""
    swinging = variation(days(*[1] * 14, *[3] * 14))
    assert swinging is not None
    assert float(swinging) == pytest.approx((28 / 27) ** 0.5 / 2, rel=1e-15)


def test_the_rhythm_of_the_week_is_no_variation_and_would_be_a_large_one() -> None:
    rhythm = [value for _ in range(4) for value in QUIET_SUNDAY]
    assert variation(days(*rhythm)) == 0
    swinging = variation(days(*[value * times for times in (1, 1, 3, 3) for value in QUIET_SUNDAY]))
    assert swinging is not None
    assert 0.5 < swinging < 0.7


def test_too_few_days_say_nothing_and_neither_do_days_that_cost_nothing() -> None:
    assert variation(days(*[1] * (LEAST_DAYS - 1))) is None
    assert variation(days(*[1] * LEAST_DAYS)) == 0
    assert variation(days(*[0] * 28)) is None
    assert variation({}) is None


def test_only_the_last_28_days_are_looked_at() -> None:
    every = days(*range(1, 41))
    assert list(trailing(every, LAST)) == list(every)[-28:]
    assert max(trailing(every, LAST - timedelta(days=5))) == LAST - timedelta(days=5)
