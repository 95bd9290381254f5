"""What days that may still grow will come to, drawn beside their figures on the trend's first panel.

Here: a hollow mark in a dashed band a day. Not here: the figures themselves (trend_panel.py), other marks
(trend_marks.py).
"""

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import tag
from unit_economics.dashboard.charts.trend_data import Expected, Trend
from unit_economics.dashboard.charts.trend_panel import Panel
from unit_economics.dashboard.charts.trend_words import expected_words
from unit_economics.dashboard.words.numbers import Numbers

_LEAST_WIDE = 1.5


def nowcasts(data: Trend, panel: Panel, numbers: Numbers) -> list[Markup]:
    """Each with its words; a band that goes on beyond the axis ends at its edge."""
    return [
        _drawn(panel, index, one, f"{numbers.day(panel.days.day(index))}: {expected_words(one, numbers)}")
        for index, one in sorted(data.expected.items())
    ]


def sample() -> Markup:
    """One of them for a legend, 16 wide, on a line of letters."""
    return tag("g", _band(3, -10, 10, 12), _ring(8, -4), class_="c-ratio")


def _drawn(panel: Panel, index: int, one: Expected, words: str) -> Markup:
    x, top, wide = panel.days.x(index), panel.y(one.high), max(_LEAST_WIDE, 0.72 * panel.days.slot)
    band = _band(x - wide / 2, top, wide, panel.y(one.low) - top)
    return tag("g", tag("title", words), band, _ring(x, panel.y(one.value)), class_="c-ratio")


def _band(x: float, y: float, wide: float, high: float) -> Markup:
    return tag("rect", x=x, y=y, width=wide, height=high, class_="nowcast")


def _ring(x: float, y: float) -> Markup:
    return tag("circle", cx=x, cy=y, r=2.6, class_="hollow")
