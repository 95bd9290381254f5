"""The first line of the debug page: what its number rests on, counted.

Here: the sentence. Not here: the versions, files and checks one by one (panels/explain.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.dashboard.facts.origins import Version, explained_day, origin_of
from unit_economics.dashboard.panels.controls import Choice, controls
from unit_economics.dashboard.scene import Scene

TITLE = "Every number here can be taken back to a run and an input"


@dataclass(frozen=True)
class Origin:
    """The sentence and what it rests on; the metric and scope that can be chosen, and what stays as it is."""

    title: str
    facts: str
    metrics: Sequence[Choice]
    scopes: Sequence[tuple[str, Sequence[Choice]]]
    kept: Sequence[tuple[str, str]]
    template: str = "panels/origin.html"


def origin(scene: Scene) -> Origin:
    """The explained day's runs, files and inputs."""
    chosen, day = controls(scene), explained_day(scene)
    kept = [one for one in chosen.kept if one[0] != "by"]  # another scope may be sliced otherwise
    kept += [("day", str(scene.view.day))] if scene.view.day else []
    title, facts = _sentence(scene, day, origin_of(scene, day)) if day else _nothing(scene)
    return Origin(title, facts, chosen.metrics, chosen.scopes, kept)


def _nothing(scene: Scene) -> tuple[str, str]:
    stored = len(scene.series.days)
    return "No number to take back yet", f"{stored or 'No'} day{'' if stored == 1 else 's'} of {scene.view.metric} " + (
        "stored, none of them complete. Choose one of them below." if stored else "stored for this view."
    )


def _sentence(scene: Scene, day: date, found: Mapping[str, Version]) -> tuple[str, str]:
    if not found:
        return TITLE, f"{scene.numbers.day(day)} is not stored: nothing rests on it."
    runs = {one.run_id for one in found.values()}
    files = {(read.source, file.name) for one in found.values() for read in one.reads(scene) for file in read.files}
    inputs = sorted(found.keys() - {scene.view.metric})
    parts = [_counted(len(runs), "run"), *([_counted(len(files), "file")] if files else [])]
    facts = f"{scene.numbers.day(day)} rests on {' and '.join(parts)}: {scene.view.metric}"
    return TITLE, f"{facts}, made of {' and '.join(inputs) or 'nothing'}."


def _counted(many: int, name: str) -> str:
    return f"{many} {name}{'' if many == 1 else 's'}"
