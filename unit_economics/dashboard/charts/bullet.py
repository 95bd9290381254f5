"""How far a month is, against where it ends at this rate and what is aimed at.

Here: one bar from zero with two marks. Not here: the sums.
"""

from collections.abc import Callable
from decimal import Decimal

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import drawing, tag, text, width_of

_TOP, _HIGH = 30.0, 14.0
_HEIGHT = 66.0


def bullet(
    *,
    so_far: Decimal,
    by_end: Decimal | None,
    target: Decimal | None,
    money: Callable[[Decimal], str],
    width: float = 420,
) -> Markup:
    """The bar of what is there, a mark where the rate leads and one at the target, each where it is known."""
    known = [value for value in (so_far, by_end, target) if value is not None]
    low, high = min(*known, Decimal(0)), max(*known, Decimal(0))
    span = (high - low) * Decimal("1.02") or Decimal(1)

    def x(value: Decimal) -> float:
        return float((value - low) / span) * width

    track = tag("rect", x=0, y=_TOP, width=width, height=_HIGH, rx=4, class_="track")
    ahead = _ahead(x(so_far), x(by_end)) if by_end is not None and by_end > so_far else ""
    start, end = sorted((x(Decimal(0)), x(so_far)))
    done = tag("rect", x=start, y=_TOP + 3, width=max(1.0, end - start), height=_HIGH - 6, rx=3, class_="fill c-cost")
    rate = _mark(x(by_end), "rate", over=2) if by_end is not None else ""
    aim = _aim(x(target), f"target {money(target)}", width) if target is not None else ""
    foot = _foot(so_far, by_end, money, width)
    return drawing(
        _said(so_far, by_end, target, money), width, _HEIGHT, track, ahead, done, rate, aim, foot, css_class="bullet"
    )


def _ahead(start: float, end: float) -> Markup:
    return tag("rect", x=start, y=_TOP + 3, width=end - start, height=_HIGH - 6, class_="ahead")


def _mark(x: float, css_class: str, *, over: float) -> Markup:
    return tag("path", d=f"M{x:.1f},{_TOP - over:g}V{_TOP + _HIGH + over:g}", class_=css_class)


def _aim(x: float, words: str, width: float) -> Markup:
    half = width_of(words) / 2
    middle = min(max(x, half), width - half)
    return _mark(x, "aim", over=6) + text(middle, _TOP - 11, words, "strong", "middle")


def _foot(so_far: Decimal, by_end: Decimal | None, money: Callable[[Decimal], str], width: float) -> Markup:
    there = text(0, _HEIGHT - 5, f"so far {money(so_far)}")
    if by_end is None:
        return there
    return there + text(width, _HEIGHT - 5, f"at this rate {money(by_end)} by month end", None, "end")


def _said(so_far: Decimal, by_end: Decimal | None, target: Decimal | None, money: Callable[[Decimal], str]) -> str:
    rate = f"at this rate {money(by_end)} by month end" if by_end is not None else "no rate is known yet"
    aim = f"target {money(target)}" if target is not None else "no target is set"
    return f"So far {money(so_far)}, {rate}, {aim}"
