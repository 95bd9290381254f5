"""One of the trend's panels: a title, an axis of values, and the days' values as a line, an area or bars.

Here: drawing one panel's parts. Not here: which panels there are and what spans them all (trend.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from unit_economics.dashboard.charts.axis import Axis
from unit_economics.dashboard.charts.days import Days
from unit_economics.dashboard.charts.svg import Point, line_path, runs, tag, text

Values = Sequence[float | None]
_BARS_FROM = 5.0  # a day must be this wide to be a bar; closer together they are an area


@dataclass(frozen=True)
class Panel:
    """Where a panel stands, and its scales."""

    days: Days
    axis: Axis
    top: float
    height: float

    @property
    def base(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def y(self, value: float) -> float:
        """Down from the top of the picture."""
        return self.base - self.axis.share(value) * self.height

    def points(self, values: Values) -> list[Point | None]:
        """Where the values are; None for a gap."""
        x, share, base, height = self.days.x, self.axis.share, self.base, self.height
        return [None if value is None else (x(n), base - share(value) * height) for n, value in enumerate(values)]

    def frame(self, title: str, note: str, marks: Sequence[str]) -> Markup:
        """The title, and a line with its text at each mark of the axis."""
        left, right = self.days.left, self.days.left + self.days.width
        levels = [self.y(float(tick)) for tick in self.axis.ticks]
        lines = [tag("path", d=f"M{left:.1f},{y:.1f}H{right:.1f}", class_="grid-line") for y in levels]
        words = [text(left - 8, y + 4, mark, None, "end") for y, mark in zip(levels, marks, strict=True)]
        aside = tag("tspan", note, dx=8, class_="note") if note else ""
        name = tag("text", title, aside, x=0, y=self.top - 12, class_="strong")
        return Markup().join([name, *lines, *words])

    def line(self, values: Values, css_class: str) -> Markup:
        """A line that is broken where a day is missing."""
        path = line_path(self.points(values))
        return tag("path", d=path, class_=css_class) if path else Markup()

    def amounts(self, values: Values, css_class: str, said: Callable[[int, Decimal], str]) -> Markup:
        """Amounts from zero: bars that say their day, or an area where the days are too close."""
        if self.days.slot >= _BARS_FROM:
            bars = [self._bar(n, value, said) for n, value in enumerate(values) if value is not None]
            return tag("g", *bars, class_=css_class)
        zero, pieces = self.y(0), runs(self.points(values))
        if not pieces:
            return Markup()
        lines = [line_path(piece) for piece in pieces]
        area = "".join(_closed(*both, zero, self.days.slot / 2) for both in zip(pieces, lines, strict=True))
        inside = (tag("path", d=area, class_="area"), tag("path", d="".join(lines), class_="line thin"))
        return tag("g", *inside, class_=css_class)

    def _bar(self, n: int, value: float, said: Callable[[int, Decimal], str]) -> Markup:
        zero, end = self.y(0), self.y(value)
        wide = self.days.slot * 0.72
        place = {"x": self.days.x(n) - wide / 2, "y": min(zero, end), "width": wide, "height": abs(zero - end)}
        return tag("rect", tag("title", said(n, Decimal(repr(value)))), **place, rx=min(2.0, wide / 4), class_="bar")


def _closed(run: Sequence[Point], line: str, zero: float, half: float) -> str:
    if len(run) == 1:
        (x, y) = run[0]
        return f"M{x - half:.1f},{zero:.1f}V{y:.1f}h{2 * half:.1f}V{zero:.1f}Z"
    return f"{line}V{zero:.1f}H{run[0][0]:.1f}Z"
