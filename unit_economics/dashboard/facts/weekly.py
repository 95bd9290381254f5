"""The last 26 weeks as a sparkline: whole weeks that end on the last complete day, so that no half week makes a jump.

Here: weeks, and their values. Not here: the drawing (charts/sparkline.py).
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from markupsafe import Markup

from unit_economics.business_days import DayRange
from unit_economics.dashboard.charts.sparkline import sparkline
from unit_economics.dashboard.mart.series import Total
from unit_economics.dashboard.scene import WEEKS, Scene

_WEEK = timedelta(days=7)


def weeks(scene: Scene) -> list[DayRange]:
    """The weeks, oldest first; none without a complete day."""
    last = scene.series.complete_to
    if last is None:
        return []
    ends = [last - n * _WEEK for n in reversed(range(WEEKS))]
    return [DayRange(end - timedelta(days=6), end) for end in ends]


def weekly(scene: Scene, of: Callable[[Total], Decimal | None], css_class: str, name: str) -> Markup:
    """A number of each week's total."""
    return by_week(scene, lambda week: of(scene.series.total(week)), css_class, name)


def by_week(scene: Scene, of: Callable[[DayRange], Decimal | None], css_class: str, name: str) -> Markup:
    """A number of each week."""
    values = [of(week) for week in weeks(scene)]
    return sparkline([None if value is None else float(value) for value in values], css_class=css_class, label=name)
