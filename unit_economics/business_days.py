"""The calendar: which business days there are, when each one is over, and its window in UTC.

Here: pure arithmetic on days and time zones. Not here: partitions and schedules (automation.py), reading the clock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from unit_economics.refusals import UsageRefusal

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class DayRange:
    """The business days from `first` to `last`, both included; never empty."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise UsageRefusal(
                f"the last day {self.last} is before the first day {self.first}",
                where="day range",
                remedy="Give the earlier day first",
            )

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range(len(self)))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def end(self) -> date:
        """The first day after the range: the open end of a half-open window."""
        return self.last + ONE_DAY


def ranges(days: Iterable[date]) -> list[DayRange]:
    """The fewest ranges that hold exactly these days."""
    ordered = sorted(set(days))
    if not ordered:
        return []
    breaks = [(a, b) for a, b in pairwise(ordered) if b - a != ONE_DAY]
    firsts = [ordered[0], *(b for _, b in breaks)]
    lasts = [*(a for a, _ in breaks), ordered[-1]]
    return [DayRange(first, last) for first, last in zip(firsts, lasts, strict=True)]


def shown(days: Iterable[date]) -> str:
    """Days for people: `2026-01-03, 2026-01-05 to 2026-01-09`."""
    return ", ".join(str(part) for part in ranges(days))


@dataclass(frozen=True)
class BusinessCalendar:
    """Days of `timezone`; a day may be counted `closes_after` its midnight has passed."""

    timezone: ZoneInfo
    closes_after: timedelta

    def window(self, days: DayRange) -> tuple[datetime, datetime]:
        """The half-open window of these days in UTC; 23 or 25 hours long where the clocks change."""
        return self._midnight(days.first), self._midnight(days.end)

    def last_closed_day(self, now: datetime) -> date:
        """The latest business day that is over, `closes_after` included."""
        return (now.astimezone(UTC) - self.closes_after).astimezone(self.timezone).date() - ONE_DAY

    def closed_at(self, day: date) -> datetime:
        """The moment from which `day` counts as over."""
        return self._midnight(day + ONE_DAY) + self.closes_after

    def refuse_open(self, days: DayRange, now: datetime) -> None:
        """Raise `UsageRefusal` when any of these days is not over yet at `now`."""
        last_closed = self.last_closed_day(now)
        if days.last > last_closed:
            raise UsageRefusal(
                f"the business day {days.last} is not over yet (the last closed day is {last_closed})",
                where=f"business day in {self.timezone.key}",
                remedy=f"Ask for days up to {last_closed}, or wait until {self.closed_at(days.last).isoformat()}",
            )

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.timezone).astimezone(UTC)
