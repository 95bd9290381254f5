"""Does the nowcast's interval hold what it says, and is it nearer than the raw figure? On 200 seeded histories.

Here: how often the interval held, and the middle error at each age beside that of the figure as it stood. Not here: the
histories (late_bills.py), or time: a fast test does the same with fewer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from unit_economics.insight.nowcast import Part, nowcast
from unit_economics.insight.prior import Prior, Rules
from unit_economics_tests.benchmarks.targets import Row
from unit_economics_tests.late_bills import COMPLETE_AT, History, history

HISTORIES = 200
LOWEST, HIGHEST = 0.85, 0.95
RULES = Rules(Prior({1: Decimal("0.6"), 2: Decimal("0.9"), 3: Decimal("0.98")}, Decimal("0.5")), Decimal("0.9"))


@dataclass(frozen=True)
class Outcome:
    """One nowcast against what the day came to: its error and the raw figure's, as a share of that."""

    age: int
    held: bool
    error: float
    raw_error: float


def outcomes(of: History) -> Iterator[Outcome]:
    """The nowcast of each day that is still filling."""
    curves = of.known()
    for age in range(1, COMPLETE_AT):
        day = next(day for day, _ in of.snapshots if of.age(day) == age)
        there, final = of.costs(day, age), sum(of.costs(day, COMPLETE_AT).values())
        absent = [cell for cell, cost in there.items() if not cost]
        found = nowcast([Part(*one) for one in there.items()], age, curves, RULES, absent)
        error, raw = found.cost / final - 1, sum(there.values()) / final - 1
        yield Outcome(age, found.low <= final <= found.high, abs(float(error)), abs(float(raw)))


def coverage(found: Sequence[Outcome]) -> float:
    """How often the interval held."""
    return sum(one.held for one in found) / len(found)


def measure() -> list[Row]:
    """One row for the interval, one for the error."""
    found = [one for seed in range(HISTORIES) for one in outcomes(history(seed))]
    by_age = {age: [one for one in found if one.age == age] for age in range(1, COMPLETE_AT)}
    held = {age: f"{coverage(of):.1%} at age {age}" for age, of in by_age.items()}
    off = {age: (median(one.error for one in of), median(one.raw_error for one in of)) for age, of in by_age.items()}
    errors = "; ".join(f"{one:.2%} at age {age} (raw {raw:.2%})" for age, (one, raw) in off.items())
    return [
        Row(
            f"the nowcast's interval holds {LOWEST:.0%} to {HIGHEST:.0%} of {HISTORIES} histories at a nominal 90 %",
            f"{coverage(found):.1%}: {', '.join(held.values())}",
            LOWEST <= coverage(found) <= HIGHEST,
        ),
        Row(
            "at an age of two days the nowcast's median error is below the raw figure's", errors, off[2][0] < off[2][1]
        ),
    ]
