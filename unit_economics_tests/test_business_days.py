"""The calendar on days that are not 24 hours long, in zones that change their clocks at different hours.

Here: properties of days, windows and ranges. Not here: partitions and schedules.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unit_economics.business_days import ONE_DAY, BusinessCalendar, DayRange, ranges
from unit_economics.refusals import Refusal

# Midnight itself is skipped (Santiago, Beirut, Cairo), half an hour is moved (Lord Howe), a date is left out (Apia).
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
]
Window = Callable[[BusinessCalendar, DayRange], tuple[datetime, datetime]]

days = st.dates(date(2005, 1, 1), date(2035, 12, 31))
moments = st.datetimes(datetime(2005, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds it
calendars = st.builds(
    BusinessCalendar,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.timedeltas(timedelta(), timedelta(days=3)),
)


def is_tiled(window: Window, calendar: BusinessCalendar, first: date, length: int) -> bool:
    """Whether the days' windows follow each other without gap or overlap and fill the window of them all."""
    whole = DayRange(first, first + timedelta(days=length))
    windows = [window(calendar, DayRange(day, day)) for day in whole]
    ends, starts = [end for _, end in windows], [start for start, _ in windows]
    return ends[:-1] == starts[1:] and (starts[0], ends[-1]) == window(calendar, whole)


def naive_window(calendar: BusinessCalendar, span: DayRange) -> tuple[datetime, datetime]:
    """The mistake: every day has 24 hours."""
    start = datetime.combine(span.first, time(), tzinfo=calendar.timezone).astimezone(UTC)
    return start, start + len(span) * timedelta(hours=24)


@given(calendars, days, st.integers(0, 40))
def test_the_windows_of_consecutive_days_tile_the_time_line(calendar: BusinessCalendar, first: date, n: int) -> None:
    assert is_tiled(BusinessCalendar.window, calendar, first, n)


@pytest.mark.parametrize("first", [date(2025, 3, 29), date(2025, 10, 25)])
def test_days_of_24_hours_are_caught_by_the_tiling(first: date) -> None:
    berlin = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta())
    assert is_tiled(BusinessCalendar.window, berlin, first, 3)
    assert not is_tiled(naive_window, berlin, first, 3)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2025, 3, 30), 23),
        ("Europe/Berlin", date(2025, 10, 26), 25),
        ("America/New_York", date(2025, 3, 9), 23),
        ("America/New_York", date(2025, 11, 2), 25),
        ("America/Santiago", date(2024, 9, 8), 23),
        ("Asia/Beirut", date(2024, 3, 31), 23),
        ("Africa/Cairo", date(2024, 4, 26), 23),
        ("Australia/Lord_Howe", date(2024, 10, 6), 23.5),
        ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
        ("Asia/Kathmandu", date(2024, 4, 7), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: date, hours: float) -> None:
    start, end = BusinessCalendar(ZoneInfo(zone), timedelta()).window(DayRange(day, day))
    assert end - start == timedelta(hours=hours)


@given(calendars, days)
def test_a_day_counts_as_over_from_closed_at_on_and_not_before(calendar: BusinessCalendar, day: date) -> None:
    closed_at = calendar.closed_at(day)
    assert calendar.last_closed_day(closed_at) >= day
    assert calendar.last_closed_day(closed_at - timedelta(microseconds=1)) < day


@given(calendars, moments)
def test_the_last_closed_day_is_closed_and_the_next_one_is_not(calendar: BusinessCalendar, now: datetime) -> None:
    last = calendar.last_closed_day(now)
    assert calendar.closed_at(last) <= now < calendar.closed_at(last + ONE_DAY)


@given(calendars, moments, st.sampled_from(ZONES))
def test_the_zone_in_which_now_is_said_does_not_matter(calendar: BusinessCalendar, now: datetime, zone: str) -> None:
    assert calendar.last_closed_day(now.astimezone(ZoneInfo(zone))) == calendar.last_closed_day(now)


@given(calendars, moments, st.integers(0, 40))
def test_only_days_that_are_over_may_be_asked_for(calendar: BusinessCalendar, now: datetime, n: int) -> None:
    last = calendar.last_closed_day(now)
    calendar.refuse_open(DayRange(last - n * ONE_DAY, last), now)
    with pytest.raises(Refusal, match="is not over yet"):
        calendar.refuse_open(DayRange(last - n * ONE_DAY, last + ONE_DAY), now)


@given(st.lists(st.dates(date(2024, 2, 20), date(2024, 4, 10))))
@example([])
def test_ranges_hold_exactly_the_days_and_could_not_be_fewer(given_days: list[date]) -> None:
    found = ranges(given_days)
    assert [day for span in found for day in span] == sorted(set(given_days))
    assert all(a.end < b.first for a, b in pairwise(found))


@given(days, st.integers(0, 400))
def test_a_range_agrees_with_its_length_its_days_and_its_end(first: date, n: int) -> None:
    span = DayRange(first, first + timedelta(days=n))
    listed = list(span)
    assert (len(span), listed[0], listed[-1]) == (n + 1, span.first, span.last)
    assert all(day in span for day in listed)
    assert span.end not in span
    assert first - ONE_DAY not in span


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Refusal, match="Give the earlier day first"):
        DayRange(date(2025, 1, 2), date(2025, 1, 1))


def test_a_range_is_said_in_words_a_user_reads() -> None:
    assert str(DayRange(date(2025, 1, 1), date(2025, 1, 1))) == "2025-01-01"
    assert str(DayRange(date(2025, 1, 1), date(2025, 1, 2))) == "2025-01-01 to 2025-01-02"
