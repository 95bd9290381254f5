"""From one total to another, term by term: a row a step, as people read a bill.

Here: names, bars and amounts, each in a column of its own. Where the terms would be too small to see beside the totals,
the axis does not start at zero: the totals' bars are cut, and the picture says so. Not here: the arithmetic
(insight/bridge.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import drawing, fitted, tag, text, width_of

Written = Callable[[Decimal], str]
CUT = "The totals' bars are cut: the axis does not start at zero."
_ROW, _BAR, _GAP, _FOOT = 26.0, 14.0, 8.0, 20.0
_TEXT = 12.0
_NAMES = 0.66  # of the room beside the amounts, at most: 28 characters, and a third is left for the bars
_VISIBLE = Decimal("0.4")  # of the longest bar: from here on the terms are seen beside whole totals


@dataclass(frozen=True)
class Step:
    """One bar: a total, or a term that adds to what stands before it."""

    label: str
    amount: Decimal
    is_total: bool = False


@dataclass(frozen=True)
class _Bar:
    step: Step
    start: Decimal
    end: Decimal
    said: str


@dataclass(frozen=True)
class _Frame:
    """Where on the page a value is: names end before `left`, amounts begin after `right`."""

    width: float
    left: float
    right: float
    low: Decimal
    high: Decimal
    is_cut: bool

    def x(self, value: Decimal) -> float:
        """From the left."""
        return self.left + float((value - self.low) / (self.high - self.low)) * (self.right - self.left)


def waterfall(steps: Sequence[Step], money: Written, signed_money: Written, *, width: float = 360) -> Markup:
    """A row a step; totals as `money`, terms as `signed_money` writes them. A rise has the class "bad".

    The usual width is a phone's, so that the texts keep their size there.
    """
    bars = _bars(steps, money, signed_money)
    if not bars:
        return drawing("No terms to show", width, _ROW, css_class="waterfall")
    frame = _frame(bars, width)
    base = len(bars) * _ROW
    axis = tag("path", d=f"M{frame.left if frame.is_cut else frame.x(Decimal(0)):.1f},0V{base:g}", class_="axis-line")
    joins = [_join(bar, n, frame) for n, (bar, _) in enumerate(pairwise(bars))]
    drawn = [_drawn(bar, n * _ROW, frame) for n, bar in enumerate(bars)]
    note = text(0, base + _FOOT - 5, CUT) if frame.is_cut else ""
    said = "; ".join(f"{bar.step.label} {bar.said}" for bar in bars) + (f". {CUT}" if frame.is_cut else "")
    height = base + (_FOOT if frame.is_cut else 0)
    return drawing(f"Waterfall: {said}", width, height, *joins, *drawn, axis, note, css_class="waterfall")


def _bars(steps: Sequence[Step], money: Written, signed_money: Written) -> list[_Bar]:
    bars: list[_Bar] = []
    for step in steps:
        start = Decimal(0) if step.is_total or not bars else bars[-1].end
        said = money(step.amount) if step.is_total else signed_money(step.amount)
        bars.append(_Bar(step, start, start + step.amount, said))
    return bars


def _frame(bars: Sequence[_Bar], width: float) -> _Frame:
    levels = [level for bar in bars for level in ((bar.end,) if bar.step.is_total else (bar.start, bar.end))]
    low, high, is_cut = _scale(levels)
    right = width - max(width_of(bar.said, _TEXT) for bar in bars) - _GAP
    names = min(max(width_of(bar.step.label, _TEXT) for bar in bars), (right - _GAP) * _NAMES)
    return _Frame(width, names + _GAP, right, low, high, is_cut)


def _scale(levels: Sequence[Decimal]) -> tuple[Decimal, Decimal, bool]:
    low, high = min(levels), max(levels)
    if low > 0 and high - low < _VISIBLE * high:
        return low - (high - low or high) * _VISIBLE, high, True
    low, high = min(low, Decimal(0)), max(high, Decimal(0))
    return low, high if high > low else low + 1, False


def _drawn(bar: _Bar, top: float, frame: _Frame) -> Markup:
    is_cut = bar.step.is_total and frame.is_cut
    ends = [frame.x(frame.low if is_cut else bar.start), frame.x(bar.end)]
    long, y, baseline = max(1.5, max(ends) - min(ends)), top + (_ROW - _BAR) / 2, top + _ROW / 2 + 4
    words = "name strong" if bar.step.is_total else "name"
    return tag(
        "g",
        tag("title", f"{bar.step.label}: {bar.said}"),
        text(0, baseline, fitted(bar.step.label, frame.left - _GAP, _TEXT), words),
        tag("rect", x=min(ends), y=y, width=long, height=_BAR, rx=min(2.5, long / 4), class_=f"fill {_tone(bar)}"),
        _zigzag(frame.left, y) if is_cut else "",
        text(frame.width, baseline, bar.said, words, "end"),
    )


def _tone(bar: _Bar) -> str:
    if bar.step.is_total:
        return "total"
    return "bad" if bar.step.amount > 0 else "good" if bar.step.amount else "muted"


def _zigzag(left: float, top: float) -> Markup:
    half = _BAR / 2 + 2
    return tag("path", d=f"M{left + 9:.1f},{top - 2:.1f}l5,{half:g}h-5l5,{half:g}", class_="cut")


def _join(bar: _Bar, n: int, frame: _Frame) -> Markup:
    inset = (_ROW - _BAR) / 2
    return tag("path", d=f"M{frame.x(bar.end):.1f},{(n + 1) * _ROW - inset:g}v{2 * inset:g}", class_="join")
