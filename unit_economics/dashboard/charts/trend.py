"""The main chart without a script: the ratio above, its cost and units below, on one time axis, each in its own panel.

Here: the three panels in their places. Not here: one panel's drawing (trend_panel.py), what is marked on them
(trend_marks.py), the chart that zooms (static/trend.js).
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

from markupsafe import Markup

from unit_economics.dashboard.charts import trend_marks
from unit_economics.dashboard.charts.axis import Axis, axis_of, calm
from unit_economics.dashboard.charts.days import Days
from unit_economics.dashboard.charts.palette import Palette, style_of
from unit_economics.dashboard.charts.svg import drawing, tag, width_of
from unit_economics.dashboard.charts.trend_data import Trend as Trend
from unit_economics.dashboard.charts.trend_nowcasts import nowcasts
from unit_economics.dashboard.charts.trend_panel import Panel
from unit_economics.dashboard.charts.trend_words import trend_words
from unit_economics.dashboard.words.numbers import Numbers

_TOP, _TITLE, _FOOT = 28.0, 30.0, 36.0
_SHARES = (0.56, 0.22, 0.22)  # of the height that is left, for each panel
_RIGHT = 10.0
Marks = Sequence[Sequence[str]]


def trend(
    data: Trend,
    numbers: Numbers,
    *,
    width: float = 760,
    height: float = 430,
    palette: Palette | None = None,
    name: str = "trend",
) -> Markup:
    """The chart; `name` is its own on the page. A palette puts colours and legend into the picture itself: a PNG."""
    panels, marks = _panels(data, numbers, width, height)
    pattern = f"{name}-hatch"
    drawn = [
        style_of(palette) if palette else "",
        trend_marks.hatch(pattern),
        *(trend_marks.name_of(tick, panels) for tick in panels[0].days.ticks(numbers)),
        *trend_marks.growing(data, panels, pattern),
        *map(_framed, panels, data.titles, marks),
        *_values(data, panels, numbers),
        *nowcasts(data, panels[0], numbers),
        trend_marks.target(data, panels[0], numbers),
        *trend_marks.today(data, panels[1:], numbers),
        *trend_marks.beyond(data, panels[0], numbers),
        *trend_marks.restated(data, panels[0], numbers),
        trend_marks.legend(data, width, pattern) if palette else "",
    ]
    return drawing(trend_words(data, numbers), width, height, *drawn, css_class="trend")


def is_beyond(data: Trend) -> bool:
    """Whether an arrowhead stands for a day that the axis does not reach."""
    return bool(trend_marks.values_beyond(data, _ratio_axis(data)))


def _ratio_axis(data: Trend) -> Axis:
    expected = [one.value for one in data.expected.values()]
    return axis_of([*calm(data.daily), *data.smooth, data.target, *expected], from_zero=False)


def _panels(data: Trend, numbers: Numbers, width: float, height: float) -> tuple[list[Panel], Marks]:
    axes = [
        _ratio_axis(data),
        axis_of(data.cost, from_zero=True, most=3),
        axis_of(data.units, from_zero=True, most=3),
    ]
    marks = [numbers.money_axis(axes[0].ticks), numbers.money_axis(axes[1].ticks), numbers.count_axis(axes[2].ticks)]
    left = max(44.0, 14 + max(width_of(mark) for texts in marks for mark in texts))
    days = Days(data.first, data.count, left, width - left - _RIGHT)
    return _stacked(days, axes, height - _TOP - 2 * _TITLE - _FOOT), marks


def _stacked(days: Days, axes: Sequence[Axis], room: float) -> list[Panel]:
    heights = [room * share for share in _SHARES]
    tops = [_TOP + sum(heights[:n]) + n * _TITLE for n in range(len(heights))]
    return [Panel(days, axis, top, height) for axis, top, height in zip(axes, tops, heights, strict=True)]


def _framed(panel: Panel, title: str, marks: Sequence[str]) -> Markup:
    return panel.frame(title, "" if panel.axis.starts_at_zero else f"axis from {marks[0]}", marks)


def _values(data: Trend, panels: Sequence[Panel], numbers: Numbers) -> list[Markup]:
    ratio = [panels[0].line(data.daily, "line daily"), panels[0].line(data.smooth, "line strong")]
    said = partial(_said, panels[0].days, numbers)
    return [
        tag("g", *ratio, class_="c-ratio"),
        panels[1].amounts(data.cost, "c-cost", partial(said, numbers.money)),
        panels[2].amounts(data.units, "c-units", partial(said, numbers.count)),
    ]


def _said(days: Days, numbers: Numbers, written: Callable[[Decimal], str], n: int, value: Decimal) -> str:
    return f"{numbers.day(days.day(n))}: {written(value)}"
