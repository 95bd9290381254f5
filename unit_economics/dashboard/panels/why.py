"""Why did it change: the bridge from the window before to this one, its terms adding up to the cent.

Here: which terms are shown and their words. Not here: the arithmetic (insight/bridge.py), the drawing
(charts/waterfall.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import NOTHING
from unit_economics.dashboard.charts.waterfall import Step, waterfall
from unit_economics.dashboard.facts.causes import cause
from unit_economics.dashboard.scene import Scene


@dataclass(frozen=True)
class Why:
    """The picture and its table: each row a name and an amount; `missing` says why there is none."""

    per: str
    rows: Sequence[tuple[str, str]] = ()
    chart: Markup = NOTHING
    missing: str = ""
    template: str = "panels/why.html"


def why(scene: Scene) -> Why:
    """The bridge at the shown scale."""
    found, bridge = scene.comparison, scene.bridge
    if found is None or bridge is None:
        return Why(scene.per, missing=found.why_not if found else "no day is complete yet")
    numbers = scene.numbers
    ends = [f"{len(total.window)} d to {numbers.short_day(total.window.last)}" for total in (found.before, found.after)]
    terms = [(_capital(cause(scene, term)), term.amount) for term in bridge.terms]
    first, last = (
        Step(end, total, is_total=True) for end, total in zip(ends, (bridge.before, bridge.after), strict=True)
    )
    steps = [first, *(Step(*term) for term in terms), last]
    rows = [
        (ends[0], numbers.money(bridge.before)),
        *((name, numbers.signed_money(amount)) for name, amount in terms),
        (ends[1], numbers.money(bridge.after)),
    ]
    return Why(scene.per, rows, waterfall(steps, numbers.money, numbers.signed_money))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
