"""What is planted in the demo's year, at places counted back from its last day.

Here: which events there are and when. Not here: what they do to the rows (orders.py, bill.py).
"""

from datetime import date, timedelta

from unit_economics.business_days import DayRange
from unit_economics.demo.answer_key import Event, Kind

JUMPING_SERVICE = "Amazon DynamoDB"
PRICE_FACTOR = "+40 %"
_QUIET_START = timedelta(days=7)
"""An event needs some ordinary days before it, or nobody could see that anything moved."""


def planted(days: DayRange) -> list[Event]:
    """The events of these days, oldest first; a short range has fewer of them."""
    events = [_correction(days), _price_jump(days), *_volume(days), _credit(days), _idle_environment(days)]
    shown = [event for event in events if event and event.first >= days.first + _QUIET_START]
    return sorted(shown, key=lambda event: event.first)


def holds(events: list[Event], kind: Kind, day: date) -> bool:
    """Whether an event of this kind is in force on the day."""
    return any(event.kind == kind and event.holds(day) for event in events)


def _back(days: DayRange, count: int) -> date:
    return days.last - timedelta(days=count)


def _correction(days: DayRange) -> Event | None:
    day = _back(days, 75)
    moved = f"a correction of {day}, delivered only in the billing period {days.last:%Y-%m}"
    return Event("late_correction", day, day, moved, "up", service="AWS Lambda", app="checkout")


def _price_jump(days: DayRange) -> Event:
    moved = f"the unit price of {JUMPING_SERVICE} by {PRICE_FACTOR}, for good"
    return Event("price_jump", _back(days, 60), days.last, moved, "up", service=JUMPING_SERVICE, app="checkout")


def _volume(days: DayRange) -> list[Event]:
    promotion = "orders x 2.2 in a week of promotion; most of the cost is fixed"
    outage = "orders x 0.2: checkout was down for most of the day, the servers ran on"
    return [
        Event("volume_spike", _back(days, 86), _back(days, 80), promotion, "down"),
        Event("outage", _back(days, 24), _back(days, 24), outage, "up"),
    ]


def _credit(days: DayRange) -> Event:
    day = _back(days, 18)
    return Event("credit", day, day, "a service credit of 90 USD for the outage", "down", service="AWS Credits")


def _idle_environment(days: DayRange) -> Event:
    moved = "a load test's servers and volumes, left running and without tags"
    service = "Amazon Elastic Compute Cloud"
    return Event("idle_environment", _back(days, 16), days.last, moved, "up", service=service, app="(none)")
