"""Where one number comes from: inputs, the asset that joins them, the number.

Here: boxes and the lines between them. Not here: what is an input of what.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import Point, drawing, fitted, linked, tag, text

_HIGH, _ROW, _TOP = 46.0, 56.0, 4.0
_NOTE = 10.0
_COLUMNS = ((0.003, 0.32), (0.385, 0.3), (0.745, 0.25))  # where each column begins and how wide it is


@dataclass(frozen=True)
class Box:
    """Two lines of text, and where they lead."""

    title: str
    note: str = ""
    href: str = ""


def lineage(inputs: Sequence[Box], asset: Box, number: Box, *, width: float = 470) -> Markup:
    """The inputs on the left, the asset in the middle, the number on the right."""
    height = max(1, len(inputs)) * _ROW - (_ROW - _HIGH) + 2 * _TOP
    tops = [_TOP + n * _ROW for n in range(len(inputs))]
    middle = (height - _HIGH) / 2
    left, joint, right = ((start * width, wide * width) for start, wide in _COLUMNS)
    lines = [_curve((sum(left), top + _HIGH / 2), (joint[0], height / 2)) for top in tops]
    lines.append(_curve((sum(joint), height / 2), (right[0], height / 2)))
    boxes = [_box(box, left, top) for box, top in zip(inputs, tops, strict=True)]
    boxes += [_box(asset, joint, middle), _box(number, right, middle, "number")]
    sources = ", ".join(_said(box) for box in inputs) or "nothing"
    label = f"{_said(number)} comes from {_said(asset)}, which is made of {sources}"
    role = "group" if any(box.href for box in (*inputs, asset, number)) else "img"
    return drawing(label, width, height, *lines, *boxes, css_class="lineage", role=role)


def _box(box: Box, column: tuple[float, float], top: float, css_class: str = "") -> Markup:
    x, wide = column
    room = wide - 16
    frame = tag("rect", x=x, y=top, width=wide, height=_HIGH, rx=8, class_=f"box {css_class}".strip())
    title = text(x + 10, top + 19, fitted(box.title, room), "strong")
    note = text(x + 10, top + 35, fitted(box.note, room, _NOTE), "note") if box.note else ""
    return linked(box.href, _said(box), frame, title, note)


def _curve(start: Point, end: Point) -> Markup:
    (x, y), (to_x, to_y) = start, end
    half = (x + to_x) / 2
    return tag(
        "path", d=f"M{x:.1f},{y:.1f}C{half:.1f},{y:.1f} {half:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}", class_="link-line"
    )


def _said(box: Box) -> str:
    return f"{box.title} ({box.note})" if box.note else box.title
