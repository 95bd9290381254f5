"""The first line of the executive page: the answer and its main cause in one sentence, and what it rests on.

Here: the sentence. Not here: the words for causes (causes.py), the numbers under it (tiles.py).
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.dashboard.facts.causes import cause, is_flat, pushed, slice_name
from unit_economics.dashboard.scene import Comparison, Scene
from unit_economics.insight.bridge import Bridge, main_cause


@dataclass(frozen=True)
class Headline:
    """The sentence in three parts, the change in the middle; the windows it compares; what is left out of it."""

    begin: str
    change: str
    end: str
    windows: str
    notes: list[str]
    template: str = "panels/headline.html"

    @property
    def text(self) -> str:
        """The whole sentence."""
        return " ".join(part for part in (self.begin, self.change, self.end) if part).replace(" :", ":")


def headline(scene: Scene) -> Headline:
    """The answer in words."""
    found = scene.comparison
    if found is None:
        return _empty(scene)
    begin, change, end = _sentence(scene, found)
    return Headline(begin, change, end, _windows(scene, found), _notes(scene, found))


def _empty(scene: Scene) -> Headline:
    yesterday = scene.today - timedelta(days=1)
    stored = len(scene.series.days)
    why = f"{stored} days are stored, none of them complete." if stored else "Nothing has been computed for this view."
    command = f"unit-economics run --from {yesterday - timedelta(days=6)} --to {yesterday}"
    return Headline(f"No complete day of {scene.view.metric} yet", "", "", why, [f"Next: {command}"])


def _sentence(scene: Scene, found: Comparison) -> tuple[str, str, str]:
    numbers, now = scene.numbers, found.after.unit_cost
    subject = f"Cost per {scene.per}"
    if not scene.is_whole_scope:
        subject = f"{_own_name(scene)}: cost per {scene.per}"
    if now is None:
        return f"{subject} can't be told:", "", found.why_not
    level = numbers.money(now * scene.scale)
    if found.why_not or scene.bridge is None or not found.before.unit_cost:
        return f"{subject} is {level};", "", f"no change is stated, for {found.why_not or 'it was nothing before'}"
    change = now / found.before.unit_cost - 1
    if is_flat(change):
        return f"{subject} held at {level},", numbers.signed_percent(change), "on the window before"
    verb = "rose" if change > 0 else "fell"
    because = _because(scene, scene.bridge)
    return f"{subject} {verb}", numbers.percent(abs(change)), f"to {level}{because}"


def _because(scene: Scene, bridge: Bridge[Decimal]) -> str:
    main = main_cause(bridge)
    if main is None:
        return ""
    rest = bridge.change - main.amount
    others = f", everything else {pushed(scene, rest)}" if rest else ""
    return f": {cause(scene, main)} {pushed(scene, main.amount)}{others}"


def _own_name(scene: Scene) -> str:
    from unit_economics.dashboard.mart.slices import label_of

    return label_of(scene.view.scope, scene.entry.by) if scene.entry.by else slice_name(scene, scene.view.scope)


def _windows(scene: Scene, found: Comparison) -> str:
    numbers, window = scene.numbers, found.after.window
    days = f"{numbers.short_day(window.first)} – {numbers.day(window.last)}"
    return f"{days} against the {len(window)} days before."


def _notes(scene: Scene, found: Comparison) -> list[str]:
    """What is stored or due and yet in no total."""
    after = found.after.window.last
    later = [day for day in scene.series.days.values() if day.day > after]
    notes: list[str] = []
    if later:
        span = DayRange(later[0].day, later[-1].day)
        shown = scene.numbers.short_day(span.first)
        shown += f" – {scene.numbers.short_day(span.last)}" if len(span) > 1 else ""
        notes.append(f"{shown}: the bill may still grow, so {'they are' if len(span) > 1 else 'it is'} in no total.")
    missing = len(found.after.window) - found.after.days
    if missing:
        notes.append(f"{missing} of the {len(found.after.window)} days {'are' if missing > 1 else 'is'} not complete.")
    return notes
