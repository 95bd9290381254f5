"""What is marked on the trend beside its values: days that may still grow or were restated, today, the target.

Here: one mark a function, and the legend. Not here: the panels and their values (trend_panel.py).
"""

from collections.abc import Sequence

from markupsafe import Markup

from unit_economics.dashboard.charts import trend_nowcasts
from unit_economics.dashboard.charts.axis import Axis
from unit_economics.dashboard.charts.days import Tick
from unit_economics.dashboard.charts.svg import tag, text, width_of
from unit_economics.dashboard.charts.trend_data import Trend
from unit_economics.dashboard.charts.trend_panel import Panel
from unit_economics.dashboard.charts.trend_words import amount
from unit_economics.dashboard.words.numbers import Numbers

GROWS = "bill may still grow"


def hatch(name: str) -> Markup:
    """The pattern that `fill="url(#name)"` names."""
    line = tag("path", d="M0,0V6", class_="hatch-line")
    pattern = tag(
        "pattern", line, id=name, width=6, height=6, patternUnits="userSpaceOnUse", patternTransform="rotate(45)"
    )
    return tag("defs", pattern)


def name_of(tick: Tick, panels: Sequence[Panel]) -> Markup:
    """A line through all panels with its name under them."""
    x, top, base = panels[0].days.x(tick.index), panels[0].top, panels[-1].base
    line = tag("path", d=f"M{x:.1f},{top:.1f}V{base:.1f}", class_="grid-line")
    year = text(x, base + 30, tick.year, None, "middle") if tick.year else ""
    return line + text(x, base + 16, tick.name, None, "middle") + year


def growing(data: Trend, panels: Sequence[Panel], pattern: str) -> list[Markup]:
    """A hatched band through all panels for each stretch of days whose bill may still grow."""
    top, base = panels[0].top, panels[-1].base
    return [
        tag("rect", tag("title", GROWS), x=x, y=top, width=wide, height=base - top, fill=f"url(#{pattern})")
        for x, wide in panels[0].days.bands(data.provisional)
    ]


def today(data: Trend, panels: Sequence[Panel], numbers: Numbers) -> list[Markup]:
    """A hollow mark at the axis: the day is not over, it has no value."""
    if data.today is None:
        return []
    words = f"{numbers.day(panels[0].days.day(data.today))}: not over yet, in no total"
    x = panels[0].days.x(data.today)
    return [
        tag("circle", tag("title", words), cx=x, cy=panel.y(0), r=3.5, class_=f"hollow {css_class}")
        for panel, css_class in zip(panels, ("c-cost", "c-units"), strict=True)
    ]


def restated(data: Trend, panel: Panel, numbers: Numbers) -> list[Markup]:
    """A notch for each restated day that says what it was and is."""
    return [
        tag(
            "path",
            tag("title", f"{numbers.day(panel.days.day(index))}, restated: {words}"),
            d=f"M{panel.days.x(index):.1f},{panel.base - 7:.1f}l4,7h-8Z",
            class_="fill warn",
        )
        for index, words in sorted(data.restated.items())
        if 0 <= index < data.count
    ]


def beyond(data: Trend, panel: Panel, numbers: Numbers) -> list[Markup]:
    """An arrowhead at the edge for each day that the axis does not reach, with its value."""
    return [
        tag(
            "path",
            tag("title", f"{numbers.day(panel.days.day(n))}: {numbers.money(amount(value))}, beyond the axis"),
            d=f"M{panel.days.x(n):.1f},{panel.y(value):.1f}" + ("l-4,7h8Z" if value > panel.axis.high else "l-4,-7h8Z"),
            class_="fill c-ratio",
        )
        for n, value in values_beyond(data, panel.axis)
    ]


def values_beyond(data: Trend, axis: Axis) -> Sequence[tuple[int, float]]:
    """The days that the ratio's axis does not reach."""
    values = enumerate(data.daily)
    return [(n, value) for n, value in values if value is not None and not axis.low <= value <= axis.high]


def target(data: Trend, panel: Panel, numbers: Numbers) -> Markup:
    """A dashed line with its value."""
    if data.target is None:
        return Markup()
    y, left, right = panel.y(data.target), panel.days.left, panel.days.left + panel.days.width
    line = tag("path", d=f"M{left:.1f},{y:.1f}H{right:.1f}", class_="target")
    return line + text(left + 4, y - 5, f"target {numbers.money(amount(data.target))}", "halo")


def legend(data: Trend, width: float, pattern: str) -> Markup:
    """From the right end of the first line to the left: a sample and a word for each thing that is drawn."""
    entries = [
        (data.today is not None, "today", tag("circle", cx=11, cy=-4, r=3.5, class_="hollow c-cost")),
        (bool(data.provisional), GROWS, tag("rect", y=-8, width=16, height=9, fill=f"url(#{pattern})")),
        (bool(data.expected), "nowcast", trend_nowcasts.sample()),
        (bool(data.restated), "restated", tag("path", d="M8,-8l4,7h-8Z", class_="fill warn")),
        (bool(data.daily), "daily", tag("path", d="M0,-4H16", class_="line daily c-ratio")),
        (bool(data.smooth), "7-day mean", tag("path", d="M0,-4H16", class_="line strong c-ratio")),
    ]
    drawn, x = Markup(), width - 10
    for is_there, words, sample in entries:
        if is_there:
            x -= width_of(words) + 31
            drawn += tag("g", sample, text(21, 0, words), transform=f"translate({x:.1f},16)")
    return drawn
