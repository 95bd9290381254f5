"""The main chart: ratio, numerator and denominator as three aligned panels on one time axis.

Here: the days as the drawing needs them, on the server (charts/trend.py) and in the browser (static/trend.js), and as
the table behind both. Not here: drawing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

from markupsafe import Markup

from unit_economics.business_days import DayRange
from unit_economics.dashboard.charts.trend import Trend, is_beyond
from unit_economics.dashboard.charts.trend import trend as trend_chart
from unit_economics.dashboard.facts import nowcasts
from unit_economics.dashboard.mart.series import Day
from unit_economics.dashboard.scene import Scene

_MARKS = {"complete": "c", "closed": "k", "restated": "r"}
_SMOOTH_DAYS = 7
_BEFORE = """
    select distinct on (business_date) business_date, unit_cost from unit_cost_versions
    where metric = %(metric)s and cost_scope = %(scope)s and billing_currency = %(currency)s
        and business_date = any(%(days)s) and superseded_at is not null and unit_cost is not null
    order by business_date, version desc
"""


@dataclass(frozen=True)
class TrendPanel:
    """The picture, the data that the browser draws from, and the rows of the table behind it, newest first."""

    title: str
    per: str
    chart: Markup
    data: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    about_nowcasts: Sequence[str]
    has_target: bool
    has_restated: bool
    has_beyond: bool
    template: str = "panels/trend.html"


def trend(scene: Scene) -> TrendPanel:
    """The days of the chosen range."""
    drawn = drawn_trend(scene)
    title = f"Cost per {scene.per}"
    return TrendPanel(
        f"{title}, and what it is made of",
        scene.per,
        trend_chart(drawn, scene.numbers),
        _json(_data(scene, drawn)),
        _head(scene),
        _rows(scene),
        nowcasts.about(scene),
        drawn.target is not None,
        bool(drawn.restated),
        is_beyond(drawn),
    )


def shown_range(scene: Scene) -> DayRange:
    """The range to draw: up to today, and not far before the first stored day."""
    last = scene.series.shown.last
    first = last - timedelta(days=scene.view.shown_days - 1)
    stored = min(scene.series.days, default=first)
    return DayRange(min(max(first, stored), last - timedelta(days=_SMOOTH_DAYS)), last)


def drawn_trend(scene: Scene) -> Trend:
    """The days of the range as they are drawn."""
    shown, scale = shown_range(scene), scene.scale
    days = [scene.series.days.get(day) for day in shown]
    target = scene.targets.unit_cost
    return Trend(
        first=shown.first,
        ratio=_floats(_ratio(day, scale) for day in days),
        smooth=_floats(_smooth(scene, shown, scale)),
        cost=_floats(day and day.cost for day in days),
        units=_floats(day and day.quantity for day in days),
        provisional={n for n, day in enumerate(days) if day and day.is_whole and not day.counts},
        nowcasts=nowcasts.expected(scene, shown),
        today=(scene.today - shown.first).days if scene.today in shown else None,
        target=None if target is None else float(target * scale),
        restated=_restated(scene, shown),
        titles=(f"Cost per {scene.per}", "Cost", scene.units_title),
    )


def _floats(values: Iterable[Decimal | None]) -> list[float | None]:
    return [None if value is None else float(value) for value in values]


def _ratio(day: Day | None, scale: int) -> Decimal | None:
    if day is None or day.cost is None or not day.quantity:
        return None
    return day.cost / day.quantity * scale


def _smooth(scene: Scene, shown: DayRange, scale: int) -> Iterator[Decimal | None]:
    """Of each day the ratio of sums over seven whole days, provisional ones included; empty where fewer are there."""
    span = DayRange(shown.first - timedelta(days=_SMOOTH_DAYS - 1), shown.last)
    days = [day if day and day.is_whole else None for day in map(scene.series.days.get, span)]
    costs = _sums((day and day.cost) or Decimal(0) for day in days)
    quantities = _sums((day and day.quantity) or Decimal(0) for day in days)
    whole = _sums(Decimal(day is not None) for day in days)
    for cost, quantity, count in zip(costs, quantities, whole, strict=True):
        yield cost / quantity * scale if quantity and count == _SMOOTH_DAYS else None


def _sums(values: Iterable[Decimal]) -> list[Decimal]:
    """The sum of every seven neighbours."""
    totals = list(accumulate(values, initial=Decimal(0)))
    return [after - before for before, after in zip(totals, totals[_SMOOTH_DAYS:], strict=False)]


def _restated(scene: Scene, shown: DayRange) -> Mapping[int, str]:
    """What a restated day was before, by its place in the range."""
    days = [day.day for day in scene.series.days.values() if day.status == "restated" and day.day in shown]
    if not days:
        return {}
    view = scene.view
    values = {"metric": view.metric, "scope": view.scope, "currency": scene.of.catalogue.currency, "days": days}
    money = scene.numbers.money
    return {
        (
            day - shown.first
        ).days: f"{money(before * scene.scale)} → {money(_ratio(scene.series.days[day], scene.scale))}"
        for day, before in scene.connection.execute(_BEFORE, values)
    }


def _data(scene: Scene, drawn: Trend) -> dict[str, Any]:
    shown, digits = shown_range(scene), scene.numbers.money_digits
    return {
        "first": str(drawn.first),
        "ratio": _short(drawn.ratio, 4),
        "smooth": _short(drawn.smooth, 4),
        "cost": _short(drawn.cost, digits),
        "units": _short(drawn.units, 3),
        "status": "".join(_mark(scene.series.days.get(day)) for day in shown),
        "today": str(scene.today),
        "target": drawn.target,
        "nowcasts": _nowcasts(drawn),
        "restated": {str(shown.first + timedelta(days=n)): text for n, text in drawn.restated.items()},
        "currency": scene.of.catalogue.currency,
        "locale": scene.numbers.locale.replace("_", "-"),
        "zone": scene.of.calendar.timezone.key,
        "per": scene.per,
        "units_name": scene.units_name,
        "titles": list(drawn.titles),
        "ratio_digits": digits,
    }


def _nowcasts(drawn: Trend) -> dict[int, list[float | int | None]]:
    """Each with its interval, by its place in the range."""
    return {n: _short([one.value, one.low, one.high], 4) for n, one in drawn.nowcasts.items()}


def _short(values: Sequence[float | None], digits: int) -> list[float | int | None]:
    """No more digits than can be seen: the data is for drawing, the table has them all."""
    return [None if value is None else int(value) if value.is_integer() else round(value, digits) for value in values]


def _mark(day: Day | None) -> str:
    if day is None or not day.is_whole:
        return "m"
    return _MARKS.get(day.status, "p")


def _head(scene: Scene) -> list[str]:
    """The titles of the rows; a column for nowcasts where there is any."""
    beside = ["Nowcast"] if scene.nowcasts else []
    return ["Day", f"Cost per {scene.per}", *beside, "Cost", "Units", "State"]


def _rows(scene: Scene) -> list[Sequence[str]]:
    numbers, shown, stored = scene.numbers, shown_range(scene), scene.series.days
    if not stored:
        return []
    last = max(stored)
    every = [day for day in shown if day <= last][-scene.view.days * 2 :]
    days = [stored.get(day, Day(day, "no data", None, None)) for day in every]
    return [
        (
            numbers.day(day.day),
            numbers.money(_ratio(day, scene.scale)),
            *([nowcasts.written(scene, day.day)] if scene.nowcasts else []),
            numbers.money(day.cost),
            numbers.count(day.quantity),
            day.reason or day.status,
        )
        for day in reversed(days)
    ]


def _json(data: object) -> Markup:
    """JSON that can stand inside a script element: no text of it can end the element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
