"""Amounts by name, beside each other: what is added goes right, what is taken off left.

Here: bars from zero with their names and amounts. Not here: their order and what they mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import drawing, fitted, linked, tag, text, width_of

_ROW, _BAR, _GAP = 26.0, 14.0, 6.0
_NAME = 12.0


@dataclass(frozen=True)
class Bar:
    """One amount, what it is called, and where it leads."""

    label: str
    amount: Decimal
    href: str = ""


@dataclass(frozen=True)
class _Frame:
    """Where zero is, and how long one bar of the greatest amount is."""

    names: float
    zero: float
    reach: float
    most: Decimal

    def length(self, amount: Decimal) -> float:
        """How long the bar of an amount is."""
        return float(abs(amount) / self.most) * self.reach


def bars(rows: Sequence[Bar], written: Callable[[Decimal], str], *, label: str, width: float = 420) -> Markup:
    """One row a bar; amounts as `written` writes them. What costs has the class "bad", a credit "good"."""
    texts = [written(row.amount) for row in rows]
    frame = _frame(rows, texts, width)
    height = max(1, len(rows)) * _ROW
    drawn = [_drawn(row, said, n * _ROW, frame) for n, (row, said) in enumerate(zip(rows, texts, strict=True))]
    axis = tag("path", d=f"M{frame.zero:.1f},0V{height:g}", class_="axis-line") if rows else ""
    listed = "; ".join(f"{row.label} {said}" for row, said in zip(rows, texts, strict=True)) or "nothing"
    role = "group" if any(row.href for row in rows) else "img"
    return drawing(f"{label}: {listed}", width, height, *drawn, axis, css_class="bars", role=role)


def _frame(rows: Sequence[Bar], texts: Sequence[str], width: float) -> _Frame:
    names = width * 0.42
    beside = max((width_of(said) for said in texts), default=0) + 2 * _GAP
    most = max((abs(row.amount) for row in rows), default=Decimal(1)) or Decimal(1)
    less = max((-row.amount for row in rows if row.amount < 0), default=Decimal(0))
    more = max((row.amount for row in rows if row.amount > 0), default=Decimal(0))
    sides = (less > 0) + (more > 0)
    room = max(20.0, width - names - beside * max(1, sides))
    reach = room * float(most / ((less + more) or most))
    left = (beside if less else 0) + float(less / most) * reach
    return _Frame(names, names + left, reach, most)


def _drawn(row: Bar, said: str, top: float, frame: _Frame) -> Markup:
    long = max(1.0, frame.length(row.amount))
    is_credit = row.amount < 0
    x = frame.zero - long if is_credit else frame.zero
    baseline = top + _ROW / 2 + 4
    name = text(0, baseline, fitted(row.label, frame.names - _GAP, _NAME), "name")
    tone = "good" if is_credit else "bad" if row.amount else "muted"
    bar = tag("rect", x=x, y=top + (_ROW - _BAR) / 2, width=long, height=_BAR, rx=2.5, class_=f"fill {tone}")
    place, anchor = (x - _GAP, "end") if is_credit else (x + long + _GAP, None)
    return linked(row.href, f"{row.label}: {said}", name, bar, text(place, baseline, said, "strong", anchor))
