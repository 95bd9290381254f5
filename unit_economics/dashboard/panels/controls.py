"""The choices of the executive page: metric, scope, windows, range. Each is a link or a form field: it is in the URL.

Here: what can be chosen. Not here: parsing it (view.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from unit_economics.dashboard.mart.slices import label_of
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.view import RANGES, WINDOWS
from unit_economics.entries.metric import Metric

MOST_SLICES = 100
_SLICES = """
    select cost_scope from unit_costs
    where metric = %s and billing_currency = %s and business_date between %s and %s and starts_with(cost_scope, %s)
    group by 1 order by sum(cost) desc nulls last, 1 limit %s
"""


@dataclass(frozen=True)
class Choice:
    """One thing that can be chosen."""

    value: str
    label: str
    is_chosen: bool
    href: str = ""


@dataclass(frozen=True)
class Controls:
    """The choices, and the hidden fields that keep the others when one of them changes."""

    metrics: Sequence[Choice]
    scopes: Sequence[tuple[str, Sequence[Choice]]]
    windows: Sequence[Choice]
    ranges: Sequence[Choice]
    kept: Sequence[tuple[str, str]]
    template: str = "panels/controls.html"


def controls(scene: Scene) -> Controls:
    """What the catalogue and the last windows offer."""
    view = scene.view
    return Controls(
        [
            Choice(name, _shown(name, metric), name == view.metric)
            for name, metric in scene.of.catalogue.measured.items()
        ],
        _scopes(scene),
        [Choice(name, name, name == view.window, view.url(window=name)) for name in WINDOWS],
        [Choice(name, name, name == view.range, view.url(range=name)) for name in RANGES],
        [("by", view.by), ("window", view.window), ("range", view.range), *([("to", str(view.to))] if view.to else [])],
    )


def _shown(name: str, metric: Metric) -> str:
    return f"{name} (draft)" if metric.state == "draft" else name


def _scopes(scene: Scene) -> list[tuple[str, list[Choice]]]:
    """The scopes by themselves, and under each split one the dearest slices of the windows; always the chosen one."""
    view, entries = scene.view, scene.of.catalogue.scopes_of(scene.view.metric)
    whole = [name for name, entry in entries.items() if not entry.is_split or name == view.scope]
    groups = [("Scope", [Choice(name, name, name == view.scope) for name in whole])]
    for name, entry in entries.items():
        if entry.is_split:
            found = _dearest(scene, name) | ({view.scope} if view.scope.startswith(f"{name}:") else set())
            choices = [Choice(one, label_of(one, entry.by), one == view.scope) for one in sorted(found)]
            groups.append((f"By {name}", choices))
    return [(title, choices) for title, choices in groups if choices]


def _dearest(scene: Scene, name: str) -> set[str]:
    last = scene.series.complete_to or scene.today
    first = scene.series.shown.first if not scene.comparison else scene.comparison.before.window.first
    values = [scene.view.metric, scene.of.catalogue.currency, first, last, f"{name}:", MOST_SLICES]
    return {row[0] for row in scene.connection.execute(_SLICES, values)}
