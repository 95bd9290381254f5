"""When a day's bill is complete: by the rule that each cost source declares, pure.

Here: the rule, and how several sources make one word for a day. Not here: what a source says of itself (cost_sources/),
the status machine (storing.py, warehouse/replace_days.py), `closed` (proof/).

    age       enough time has passed since the day ended
    delivery  enough had passed when the bill was last delivered: a bill that stopped coming makes no day complete
    source    the source itself says so: FOCUS 1.3 recency metadata

An invoice id on a charge closes nothing: FOCUS allows it to be there before the invoice is issued.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import Field

from unit_economics.business_days import ONE_DAY, BusinessCalendar
from unit_economics.entries.entry import Entry

CompleteBy = Literal["age", "delivery", "source"]


class Slower(Entry):
    """A provider, or one service of it, whose charges come later than the rest of the bill."""

    provider: str = Field(min_length=1, description="Its `provider_name`")
    service: str | None = Field(default=None, min_length=1, description="Its `service_name`; every one if left out")
    complete_after: timedelta = Field(gt=timedelta())


Seen = tuple[str, str | None]
"""A provider and a service that the bill has charges of."""


@dataclass(frozen=True)
class Sign:
    """What a source says of itself: when it was last delivered, and the days that it calls complete."""

    delivered_at: datetime | None = None
    complete: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Rule:
    """How one source's days become complete; `covers` are the days that it is asked for."""

    by: CompleteBy
    complete_after: timedelta
    slower: Sequence[Slower] = ()

    def __str__(self) -> str:
        """In words: P3D after the day's end."""
        if self.by == "source":
            return "as the source says"
        waited = {"age": "of age", "delivery": "before the last delivery"}[self.by]
        slower = [f"{one.provider}{f' {one.service}' if one.service else ''} {_days(one)}" for one in self.slower]
        return "; ".join([f"{_days(self)} {waited}", *slower])

    def age(self, seen: Collection[Seen]) -> timedelta:
        """From what age on a day is complete, if the bill has charges of these."""
        ages = [one.complete_after for one in self.slower if any(_is_of(one, what) for what in seen)]
        return max([self.complete_after, *ages])

    def complete(self, days: Sequence[date], seen: Collection[Seen], at: "Moment") -> "Complete":
        """Which of the days are complete, and through which day all are."""
        if self.by == "source":
            done = frozenset(day for day in days if day in at.sign.complete)
            return Complete(done, _through(days, done))
        moment = at.now if self.by == "age" else at.sign.delivered_at
        if moment is None:
            return Complete()
        last = at.calendar.last_closed_day(min(moment, at.now) - self.age(seen))
        return Complete(frozenset(day for day in days if day <= last), last)


@dataclass(frozen=True)
class Moment:
    """When it is asked: the clock, the business days, and what the source says of itself."""

    now: datetime
    calendar: BusinessCalendar
    sign: Sign = Sign()


@dataclass(frozen=True)
class Complete:
    """The days that are complete, and the last one up to which all are; None where not even that is known."""

    days: frozenset[date] = frozenset()
    through: date | None = None


def complete_by_all(parts: Sequence[tuple[Collection[date], Complete]]) -> Complete:
    """The days that every source calls complete that covers them: a whole is as complete as its least complete part.

    parts: the days that each source covers, of those that are asked for, and what is complete of them.
    """
    covered = {day for days, _ in parts for day in days}
    done = {day for day in covered if all(day in one.days for days, one in parts if day in days)}
    throughs = [one.through for days, one in parts if days]
    known = [last for last in throughs if last is not None]
    return Complete(frozenset(done), min(known) if known and len(known) == len(throughs) else None)


def _through(days: Sequence[date], complete: Collection[date]) -> date | None:
    first_open = next((day for day in sorted(days) if day not in complete), None)
    if first_open is None:
        return max(days, default=None)
    return first_open - ONE_DAY


def _days(waits: Rule | Slower) -> str:
    return f"{waits.complete_after / timedelta(days=1):g} days"


def _is_of(slower: Slower, seen: Seen) -> bool:
    return slower.provider == seen[0] and slower.service in (None, seen[1])
