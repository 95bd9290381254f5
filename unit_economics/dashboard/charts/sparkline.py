"""A trend the size of a word.

Here: a line with an end dot. Not here: axes; the exact numbers stand beside it.
"""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from unit_economics.dashboard.charts.axis import extent
from unit_economics.dashboard.charts.svg import drawing, line_path, tag

_PAD = 4.0


def sparkline(
    values: Sequence[float | None],
    *,
    label: str,
    css_class: str = "c-ratio",
    provisional: bool = False,
    written: Callable[[float], str] = "{:.4g}".format,
    width: float = 104,
    height: float = 30,
) -> Markup:
    """Values in order, None where one is missing; the last one has a dot, hollow where it may still change."""
    low, high = extent(values)
    apart = (width - 2 * _PAD) / max(1, len(values) - 1)
    deep = (height - 2 * _PAD) / (high - low or 1)
    level = height / 2 if high == low else height - _PAD
    points = [
        None if value is None else (_PAD + n * apart, level - (value - low) * deep) for n, value in enumerate(values)
    ]
    end = next((point for point in reversed(points) if point), None)
    dot = tag("circle", cx=end[0], cy=end[1], r=2.6, class_="hollow" if provisional else "fill") if end else ""
    line = tag("path", d=line_path(points), class_="line") if end else ""
    said = _said(label, values, written, provisional=provisional)
    return drawing(said, width, height, line, dot, css_class=f"spark {css_class}")


def _said(label: str, values: Sequence[float | None], written: Callable[[float], str], *, provisional: bool) -> str:
    there = [value for value in values if value is not None]
    if not there:
        return f"{label}: no values"
    gaps = len(values) - len(there)
    missing = f", {gaps} missing" if gaps else ""
    last = f"last {written(there[-1])}{', provisional' if provisional else ''}"
    return f"{label}: {len(values)} values{missing}, low {written(min(there))}, high {written(max(there))}, {last}"
