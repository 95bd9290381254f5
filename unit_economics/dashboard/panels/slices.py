"""The scope taken apart by team, product or service: each slice with its effect on the total.

Here: the rows, the most expensive first. Not here: what a slice cost (mart/slices.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from unit_economics.business_days import DayRange
from unit_economics.dashboard.charts.sparkline import sparkline
from unit_economics.dashboard.facts.causes import is_flat, slice_name
from unit_economics.dashboard.facts.weekly import weeks
from unit_economics.dashboard.mart.comparison import Comparison
from unit_economics.dashboard.mart.slices import slice_costs, weeks_of_slices
from unit_economics.dashboard.panels.tiles import Change, Tone, relative
from unit_economics.dashboard.scene import Scene
from unit_economics.insight.bridge import Window

MOST_ROWS = 50


@dataclass(frozen=True)
class Row:
    """One slice: its name and link, and its numbers as text; no change and no effect without a window before."""

    name: str
    href: str
    unit_cost: str
    change: Change | None
    effect: str
    effect_tone: str
    spark: Markup
    cost: str
    share: str


@dataclass(frozen=True)
class Slices:
    """The table; empty with the reason where the scope is not taken apart; `unchanged` says why no change is stated."""

    title: str
    per: str
    choices: Sequence[tuple[str, str, bool]]
    rows: Sequence[Row] = ()
    hidden: int = 0
    missing: str = ""
    unchanged: str = ""
    units: str = ""
    csv: str = ""
    template: str = "panels/slices.html"


def slices(scene: Scene) -> Slices:
    """The slices of the view's scope."""
    entries = scene.slice_entries
    choices = [(name, scene.view.url(by=name), name == scene.view.by) for name in entries]
    if not scene.view.by or scene.view.by not in entries:
        return Slices("By slice", scene.per, choices, missing=_nothing_to_slice(scene))
    found, after = scene.comparison, scene.later_slices
    if found is None or after is None:
        return Slices(f"By {scene.view.by}", scene.per, choices, missing=scene.why_no_slices)
    before = scene.earlier_slices
    rows = _rows(scene, found, before, after)
    shown, hidden = rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS)
    unchanged = scene.why_no_slices if before is None else ""
    more = {"unchanged": unchanged, "units": scene.units_name, "csv": scene.view.url("/slices.csv")}
    return Slices(f"By {scene.view.by}", scene.per, choices, shown, hidden, **more)


def _nothing_to_slice(scene: Scene) -> str:
    if not scene.is_whole_scope:
        return "this is one slice already"
    return f"add a scope with `by:` and the same `where` and `basis` as {scene.view.scope} under cost_scopes"


def _rows(scene: Scene, found: Comparison, before: Window | None, after: Window) -> list[Row]:
    sparks = _sparks(scene)
    costs = slice_costs(before, after)
    names = sorted(costs, key=lambda name: (-costs[name][1], name))
    return [_row(scene, found, name, costs[name], sparks.get(name, Markup())) for name in names]


def _row(scene: Scene, found: Comparison, name: str, costs: tuple[Decimal | None, Decimal], spark: Markup) -> Row:
    numbers, (before, after) = scene.numbers, costs
    now = after / found.after.quantity * scene.scale
    was = None if before is None else before / found.before.quantity * scene.scale
    change, effect = now / was - 1 if was is not None and was > 0 else None, None if was is None else now - was
    return Row(
        slice_name(scene, name),
        scene.view.url(scope=name),
        numbers.money(now),
        None if change is None else relative(numbers, change, _tone(change)),
        "–" if effect is None else numbers.signed_money(effect),
        "" if effect is None else _effect_tone(scene, found, effect),
        spark,
        numbers.money(after),
        numbers.percent(after / found.after.cost if found.after.cost > 0 else None),
    )


def _tone(change: Decimal) -> Tone:
    return "flat" if is_flat(change) else "bad" if change > 0 else "good"


def _effect_tone(scene: Scene, found: Comparison, effect: Decimal) -> str:
    """Coloured where it is half a percent of the whole unit cost or more."""
    whole = found.before.cost / found.before.quantity * scene.scale
    return "" if not whole or is_flat(effect / whole) else "bad" if effect > 0 else "good"


def _sparks(scene: Scene) -> dict[str, Markup]:
    every = weeks(scene)
    span = DayRange(every[0].first, every[-1].last)
    days = [day.day for day in scene.series.counted(span)]
    costs = weeks_of_slices(scene.connection, scene.slice_question, days, span)
    units = [scene.series.total(week).quantity for week in every]
    return {
        name: sparkline(
            [float(of_week.get(n, Decimal(0)) / quantity) if quantity else None for n, quantity in enumerate(units)],
            css_class="c-ratio",
            label=f"cost per unit of {slice_name(scene, name)}",
        )
        for name, of_week in costs.items()
    }
