"""The names of days under strips.

Here: a line of texts as wide as the strips above it. Not here: the strips (strip.py), which days get a name (days.py).
"""

from datetime import date

from markupsafe import Markup

from unit_economics.dashboard.charts.days import Days
from unit_economics.dashboard.charts.svg import tag, text
from unit_economics.dashboard.words.numbers import Numbers

_HIGH = 14.0


def ruler(first: date, count: int, width: float, numbers: Numbers) -> Markup:
    """For eyes only: every cell above says its own day."""
    days = Days(first, count, 0, width)
    names = [text(days.x(tick.index), 11, tick.name, anchor="middle") for tick in days.ticks(numbers)]
    return tag(
        "svg", *names, viewBox=f"0 0 {width:g} {_HIGH:g}", width=width, height=_HIGH, class_="chart", aria_hidden="true"
    )
