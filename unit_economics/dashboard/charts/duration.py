"""How long one thing took against the longest of its kind; what has not ended has a shape of its own.

Here: one bar. Not here: what it stands for.
"""

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import tag

_WIDE, _HIGH, _LEAST = 88.0, 12.0, 2.0
_MIDDLE = _HIGH / 2


def duration(share: float, *, css_class: str, ended: bool) -> Markup:
    """A bar of this share of the whole width; hollow with an open end where it has not ended. For eyes only."""
    length = max(_LEAST, min(1.0, share) * _WIDE)
    if ended:
        shape = tag("rect", x=0, y=2, width=length, height=_HIGH - 4, rx=2, class_="bar")
    else:
        edge = f"M{length:.1f},2H0.8V{_HIGH - 2:g}H{length:.1f}"
        shape = tag("path", d=edge, class_="line thin") + tag("path", d=f"M3,{_MIDDLE:g}H{length:.1f}", class_="dash")
    box = f"0 0 {_WIDE:g} {_HIGH:g}"
    return tag("svg", shape, viewBox=box, width=_WIDE, height=_HIGH, class_=f"chart {css_class}", aria_hidden="true")
