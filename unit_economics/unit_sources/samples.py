"""How the samples of a day become its quantity: summed, averaged, the largest or the last.

Here: pure arithmetic on samples that stand at regular steps, and which days have enough of them. Not here: asking for
them (prometheus/, datadog/), the judgement of what comes out (counting.py).

Every step of a day is first added up over all series of one combination of labels; where one series is silent at a
step at which another is not, it counts as nothing there. So a mean, like a sum, adds up over the combinations.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal, cast

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.exact import EXACT, LARGEST, RATIO
from unit_economics.refusals import DayRefusal
from unit_economics.unit_sources.counting import Answer, Judge, Tally, judged

Fold = Literal["sum", "mean", "max", "last"]
FOLD = "How the samples of a day become its quantity"
_KEPT = Decimal("1e-12")
Raw = tuple[str | None, ...]
"""The values of a series' labels, in the order of the dimensions."""


@dataclass(frozen=True)
class Sample:
    """One value of one series at one step."""

    moment: datetime
    value: Decimal
    raw: Raw = ()


@dataclass(frozen=True)
class Window:
    """One business day and its half-open window in UTC."""

    day: date
    start: datetime
    end: datetime


@dataclass
class Day:
    """What was seen of one day."""

    cells: dict[Raw, dict[datetime, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    fault: str = ""

    def add(self, sample: Sample) -> None:
        """One more sample; what is no number, or beyond reason, makes the whole day a fault."""
        if not sample.value.is_finite() or abs(sample.value) >= LARGEST:
            self.fault = f"a sample is {sample.value} at {sample.moment:%Y-%m-%dT%H:%M:%SZ}"
            return
        steps = self.cells[sample.raw]
        steps[sample.moment] = EXACT.add(steps.get(sample.moment, Decimal(0)), sample.value)

    @property
    def seen(self) -> list[datetime]:
        """The steps at which there was any sample, in order."""
        return sorted({moment for steps in self.cells.values() for moment in steps})

    def folded(self, how: Fold) -> Mapping[Raw, Decimal]:
        """The quantity of each combination."""
        seen = self.seen
        return {raw: _folded(how, steps, seen) for raw, steps in self.cells.items()}

    def whole(self, how: Fold) -> Decimal:
        """The quantity of all combinations together: the largest sum, not the sum of what was largest."""
        together: dict[datetime, Decimal] = {}
        for steps in self.cells.values():
            for moment, value in steps.items():
                together[moment] = EXACT.add(together.get(moment, Decimal(0)), value)
        return _folded(how, together, self.seen)


def windows(days: DayRange, calendar: BusinessCalendar) -> list[Window]:
    """The window of each day."""
    edges = [calendar.window(DayRange(day, day))[0] for day in days] + [calendar.window(days)[1]]
    return [Window(day, start, end) for day, (start, end) in zip(days, pairwise(edges), strict=True)]


def by_day(samples: Iterable[Sample], of: Sequence[Window], *, closed_right: bool = False) -> dict[date, Day]:
    """The samples of each day; `closed_right` where a sample stands for what happened before it."""
    found = {window.day: Day() for window in of}
    starts = [window.start for window in of]
    find = bisect_left if closed_right else bisect_right
    for sample in samples:
        place = find(starts, sample.moment) - 1
        if place >= 0 and _is_before(sample.moment, of[place].end, closed_right=closed_right):
            found[of[place].day].add(sample)
    return found


@dataclass(frozen=True)
class Rule:
    """What makes a day of the samples; a day at which fewer than `share` of its steps had one is not complete."""

    how: Fold
    step: timedelta
    share: Decimal
    absent: str
    is_rounded: bool = False

    def too_few(self, window: Window, day: Day) -> str | None:
        """Why the day is not complete, if it isn't."""
        steps = (window.end - window.start) // self.step
        return None if len(day.seen) >= self.share * steps else few(len(day.seen), steps, self.share)

    def stored(self, value: Decimal) -> Decimal:
        """The quantity as it is handed over: whole, or with as many decimals as the mart keeps."""
        return rounded(value, Decimal(1) if self.is_rounded else _KEPT)


def few(seen: int, steps: int, share: Decimal) -> str:
    """Why a day with so few samples has no quantity."""
    return f"only {seen} of the {steps} samples of this day are there, and {share:%} are needed (min_samples_share)"


def rounded(value: Decimal, unit: Decimal) -> Decimal:
    """Half to even, where it has more decimals than `unit`."""
    exponent = cast("int", unit.as_tuple().exponent)
    is_finer = value.is_finite() and abs(value) < LARGEST and cast("int", value.as_tuple().exponent) < exponent
    return value.quantize(unit, context=EXACT) if is_finer else value


def tally_of(found: Mapping[date, Day], of: Sequence[Window], rule: Rule, judge: Judge) -> Tally:
    """What was counted on each of these days, and why on the others nothing was."""
    refused: dict[date, str] = {}
    reasons: dict[date, str] = {}
    answers: list[Answer] = []
    totals: dict[date, Decimal] = {}
    for window in of:
        day, seen = window.day, found[window.day]
        if seen.fault:
            refused[day] = str(DayRefusal(seen.fault, where=judge.where, remedy=judge.remedy, day=day))
        elif seen.cells and (why := rule.too_few(window, seen)):
            reasons[day] = why
        elif seen.cells:
            folded = seen.folded(rule.how).items()
            answers += [Answer(str(day), 1, rule.stored(value), raw) for raw, value in folded]
            totals[day] = rule.stored(seen.whole(rule.how))
    rows, unfit = judged(answers, judge.row)
    apart = totals if rule.how == "max" else None
    return Tally(rows, {**refused, **unfit}, rule.absent, totals=apart, reasons=reasons)


def _is_before(moment: datetime, end: datetime, *, closed_right: bool) -> bool:
    return moment <= end if closed_right else moment < end


def _folded(how: Fold, steps: Mapping[datetime, Decimal], seen: Sequence[datetime]) -> Decimal:
    match how:
        case "sum":
            return _sum(steps.values())
        case "mean":
            return RATIO.divide(_sum(steps.values()), Decimal(len(seen)))
        case "max":
            return max(steps.values())
        case "last":
            return steps.get(seen[-1], Decimal(0))


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total
