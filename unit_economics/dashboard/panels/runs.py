"""The latest runs: which days and assets, how long, and what became of them.

Here: words for the outcome. Not here: reading the runs (warehouse/runs.py), their logs (Dagster has them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from unit_economics.dashboard.charts.duration import duration
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.dagster_links import run_url
from unit_economics.dashboard.words.spans import lasted, spans
from unit_economics.warehouse.runs import RunSummary, last_runs

MOST = 20
_SIGNS = {"bad": "✕", "warn": "…", "good": "✓", "": "="}


@dataclass(frozen=True)
class Run:
    """One run as text, with its bar."""

    when: str
    href: str
    days: str
    assets: str
    bar: Markup
    took: str
    outcome: str
    tone: str
    reason: str

    @property
    def sign(self) -> str:
        """The outcome's shape."""
        return _SIGNS[self.tone]


@dataclass(frozen=True)
class Runs:
    """The runs, newest first."""

    runs: Sequence[Run]
    template: str = "panels/runs.html"


def runs(scene: Scene) -> Runs:
    """The runs that tried any day."""
    latest = last_runs(scene.connection, MOST)
    longest = max((_took(one) for one in latest if one.ended), default=timedelta())
    return Runs([_run(scene, one, longest) for one in latest])


def _run(scene: Scene, one: RunSummary, longest: timedelta) -> Run:
    outcome, tone = _outcome(scene, one)
    took = _took(one) if one.ended or one.failure else scene.now - one.started_at
    share = took / longest if longest else 1.0
    return Run(
        scene.numbers.moment(one.started_at.astimezone(scene.of.calendar.timezone)),
        run_url(scene.of.catalogue.dashboard, one.run_id),
        spans(scene.numbers, list(one.days)),
        "every asset" if set(one.assets) >= set(scene.states.graph) else ", ".join(one.assets),
        duration(share, css_class=tone or "muted", ended=one.ended),
        lasted(took) if one.ended else "–",
        outcome,
        tone,
        one.failure or "",
    )


def _took(one: RunSummary) -> timedelta:
    return one.ended_at - one.started_at if one.ended_at else timedelta()


def _outcome(scene: Scene, one: RunSummary) -> tuple[str, str]:
    if one.failure:
        return "failed", "bad"
    if not one.ended:
        late = scene.now - one.started_at > scene.of.catalogue.automation.max_runtime
        return ("gave up or failed", "bad") if late else ("not finished", "warn")
    if one.red:
        return f"{one.red} red", "bad"
    return ("done", "good") if one.stored else ("nothing new", "")
