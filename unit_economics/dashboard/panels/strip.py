"""The last 28 business days of every asset, a lane each, by data day and not by when a run was.

Here: which cell is in which state, why, and where it leads. Not here: shapes (charts/strip.py), states (day_states.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from markupsafe import Markup

from unit_economics.dashboard.charts import strip as drawn
from unit_economics.dashboard.charts.ruler import ruler
from unit_economics.dashboard.mart.troubles import metrics_on
from unit_economics.dashboard.panels.banner import shortened
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.dagster_links import partition_url
from unit_economics.dashboard.words.spans import spans
from unit_economics.day_states import STORED
from unit_economics.graph import CLOUD_COSTS

_NO_LINK = ("open", "before")
_WORST = ("red", "missing", "warning", "waits")
_LONGEST = 140


@dataclass(frozen=True)
class Lane:
    """One asset: its name, what it holds, its cells, the newest day that is not in doubt, and the worst reason."""

    asset: str
    holds: str
    cells: Markup
    latest: str
    tone: str
    worst: str


@dataclass(frozen=True)
class Reason:
    """Days of an asset that are not simply fine, and why."""

    asset: str
    days: str
    state: str
    reason: str


@dataclass(frozen=True)
class Strip:
    """The lanes, the days under them, the shapes' legend, and the reasons as rows."""

    lanes: Sequence[Lane]
    ruler: Markup
    ends: tuple[str, str]
    legend: Markup
    reasons: Sequence[Reason]
    zone: str
    template: str = "panels/strip.html"


def strip(scene: Scene) -> Strip:
    """The states of the page's days."""
    days = scene.states.days
    reasons = {asset: _reasons(scene, asset) for asset in scene.states.graph}
    lanes = [_lane(scene, asset, of_asset) for asset, of_asset in reasons.items()]
    below = ruler(days.first, len(days), len(days) * drawn.APART, scene.numbers)
    ends = (scene.numbers.short_day(days.first), scene.numbers.short_day(days.last))
    return Strip(lanes, below, ends, drawn.legend(), list(chain(*reasons.values())), scene.of.calendar.timezone.key)


def _lane(scene: Scene, asset: str, reasons: Sequence[Reason]) -> Lane:
    cells = drawn.strip([_cell(scene, asset, day) for day in scene.states.days], label=asset)
    worst = f"{reasons[0].days}: {shortened(reasons[0].reason, _LONGEST)}" if reasons else ""
    return Lane(asset, _holds(scene, asset), cells, *_latest(scene, asset), worst)


def _latest(scene: Scene, asset: str) -> tuple[str, str]:
    latest = scene.states.latest_good(asset)
    if latest is None:
        return "none", "bad"
    behind = (scene.states.last_closed - latest).days
    said = scene.numbers.short_day(latest)
    return (f"{said} · {behind} d behind", "warn") if behind else (said, "good")


def _cell(scene: Scene, asset: str, day: date) -> drawn.Cell:
    state, reason = _state(scene, asset, day)
    return drawn.Cell(scene.numbers.day(day), state, reason, "" if state in _NO_LINK else _leads_to(scene, asset, day))


def _state(scene: Scene, asset: str, day: date) -> tuple[str, str]:
    """The day's state and why; a stored day that a check warns of is a state of its own."""
    state = scene.states.state(asset, day)
    word = scene.words.get((asset, day))
    if state in STORED and word and word.warnings:
        return "warning", "; ".join(f"{check}: {what}" for check, what in word.warnings.items())
    return state, scene.states.reason(asset, day)


def _leads_to(scene: Scene, asset: str, day: date) -> str:
    """The partition in Dagster; the debug page where nobody says where Dagster is."""
    in_dagster = partition_url(scene.of.catalogue.dashboard, asset, day)
    if in_dagster:
        return in_dagster
    metrics = metrics_on(scene.of, asset)
    metric = scene.view.metric if scene.view.metric in metrics or not metrics else metrics[0]
    same = metric == scene.view.metric
    return scene.view.url("/debug", metric=metric, day=day, **({} if same else {"scope": "", "by": ""}))


_MADE: Mapping[str, str] = {
    "invoiced": "the bill, by invoice",
    "allocated": "rules and shares",
    "unit_cost": "cost ÷ units",
    "publication": "published",
    "revenue_publication": "published",
    "slices": "by dimension",
    "margin": "revenue − cost",
    "formula": "formula",
}


def _holds(scene: Scene, asset: str) -> str:
    catalogue = scene.of.catalogue
    if asset == CLOUD_COSTS:
        return f"the bill · {', '.join(source.kind for source in catalogue.cost_sources.values())}"
    node = scene.of.graph[asset]
    source = node.source or node.rates
    return f"{node.kind} · {source.kind}" if source else _MADE[node.kind]


def _reasons(scene: Scene, asset: str) -> Sequence[Reason]:
    """The days of each state and reason together, the worst state first, and of each the newest."""
    found: dict[tuple[str, str], list[date]] = {}
    for day in scene.states.days:
        state, reason = _state(scene, asset, day)
        if reason:
            found.setdefault((state, reason), []).append(day)
    newest_first = sorted(found.items(), key=lambda one: one[1][-1], reverse=True)
    return [
        Reason(asset, spans(scene.numbers, days), drawn.words_of(state), reason)
        for (state, reason), days in sorted(newest_first, key=lambda one: _WORST.index(one[0][0]))
    ]
