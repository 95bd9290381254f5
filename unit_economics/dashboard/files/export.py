"""What a page is made of as CSV, exact to the last digit: its days, and its slices.

Here: rows and their columns. Not here: how a value is written (csv_text.py), other formats and every metric at once
(`unit-economics export`).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from unit_economics.csv_text import as_csv
from unit_economics.dashboard.facts.causes import slice_name
from unit_economics.dashboard.mart.comparison import Comparison
from unit_economics.dashboard.mart.slices import slice_costs
from unit_economics.dashboard.panels.trend import shown_range
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.view import NoSuchView
from unit_economics.insight.bridge import Window
from unit_economics.warehouse.overview import NOWCASTS

DAYS = (
    *("business_date", "metric", "cost_scope", "currency", "basis", "cost", "quantity", "unit", "unit_cost"),
    *("status", "reason"),
)
SLICES = (
    *("name", "metric", "cost_scope", "currency", "basis", "unit", "before_first", "before_last", "after_first"),
    *("after_last", "cost_before", "cost_after", "unit_cost_before", "unit_cost_after", "effect"),
)
MOST_SLICES = 20_000
"""The cheaper ones beyond are one row together, so that the effects still add up."""
Row = Sequence[object]


def days_csv(scene: Scene) -> bytes:
    """The stored days of the chart; `unit_cost` is for one unit, and empty with the reason where there is none.

    Where the catalogue has `nowcast`, what provisional days will come to stands in three columns more.
    """
    names = DAYS + (NOWCASTS if scene.of.catalogue.nowcast else ())
    return as_csv(names, _days(scene))


def slices_csv(scene: Scene) -> bytes:
    """Every slice of both windows, the dearest first; `effect` is its part of the change of the whole unit cost.

    Without a window before to compare with, what is of it and the effect are empty. Raises `NoSuchView` where there is
    nothing to take apart.
    """
    found, after = scene.comparison, scene.later_slices
    entries = scene.slice_entries
    if found is None or after is None or scene.view.by not in entries:
        what = scene.why_no_slices if scene.view.by in entries else "the view has no slices"
        raise NoSuchView(what, where="the slices as CSV", remedy="Choose another view on the page")
    before = scene.earlier_slices
    return as_csv(SLICES, _slices(scene, found, before, after))


def _days(scene: Scene) -> Iterator[Row]:
    shown, unit = shown_range(scene), scene.metric.unit
    for day in scene.series:
        if day is not None and day.day in shown:
            unit_cost = day.cost / day.quantity if day.cost is not None and day.quantity else None
            money = (day.cost, day.quantity, unit, unit_cost)
            yield day.day, *_view(scene, scene.view.scope), *money, day.status, day.reason, *_nowcast(scene, day.day)


def _nowcast(scene: Scene, day: date) -> Row:
    """What is in `NOWCASTS`; no cell where the catalogue has no `nowcast`."""
    if scene.of.catalogue.nowcast is None:
        return ()
    one = scene.nowcasts.get(day)
    return (one.nowcast_unit_cost, one.low_unit_cost, one.high_unit_cost) if one else (None, None, None)


def _slices(scene: Scene, found: Comparison, before: Window | None, after: Window) -> Iterator[Row]:
    costs = slice_costs(before, after)
    names = sorted(costs, key=lambda name: (-costs[name][1], -(costs[name][0] or 0), name))
    for name in names[:MOST_SLICES]:
        yield _slice(scene, found, slice_name(scene, name), name, costs[name])
    if rest := names[MOST_SLICES:]:
        together = (
            sum((costs[name][0] or Decimal(0) for name in rest), Decimal(0)) if before else None,
            sum((costs[name][1] for name in rest), Decimal(0)),
        )
        yield _slice(scene, found, f"({len(rest)} cheaper ones together)", "", together)


def _slice(scene: Scene, found: Comparison, name: str, scope: str, costs: tuple[Decimal | None, Decimal]) -> Row:
    was, now = None if costs[0] is None else costs[0] / found.before.quantity, costs[1] / found.after.quantity
    days = [day for total in (found.before, found.after) for day in (total.window.first, total.window.last)]
    return name, *_view(scene, scope), scene.metric.unit, *days, *costs, was, now, None if was is None else now - was


def _view(scene: Scene, scope: str) -> Row:
    return scene.view.metric, scope, scene.of.catalogue.currency, scene.entry.basis
