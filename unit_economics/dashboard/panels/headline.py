"""The first line of the executive page: the answer and its main cause in one sentence, and what it rests on.

Here: the sentence. Not here: the words for causes (causes.py), the numbers under it (tiles.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.dashboard.facts.causes import cause, is_flat, pushed, slice_name
from unit_economics.dashboard.mart.comparison import Comparison
from unit_economics.dashboard.mart.series import other_currencies
from unit_economics.dashboard.mart.slices import label_of
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.spans import counted, spans
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
    stored = scene.series.days
    why = f"{counted(stored)} stored, none of them complete." if stored else "Nothing has been computed for this view."
    if scene.view.to and scene.view.to < yesterday:
        until = scene.numbers.day(scene.view.to)
        return Headline(f"No complete day of {scene.view.metric} up to {until}", "", "", why, ["Choose a later day."])
    if stored and all(day.cost is None for day in stored.values()):
        why = f"{counted(stored)} stored, none with a charge of it, or from before the catalogue had this scope."
        return Headline(f"No cost of {scene.view.scope} is known", "", "", why, [])
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
    former = found.before.unit_cost
    if found.why_not or scene.bridge is None or former is None:
        return f"{subject} is {level};", "", f"no change is stated, for {found.why_not}"
    because = _because(scene, scene.bridge)
    if now != former and (former <= 0 or now < 0):  # a ratio of these would tell nothing, or the contrary
        return f"{subject} went from", numbers.money(former * scene.scale), f"to {level}{because}"
    change = now / former - 1 if former else Decimal(0)
    if is_flat(change):
        return f"{subject} held at {level},", numbers.signed_percent(change), "on the window before"
    verb = "rose" if change > 0 else "fell"
    return f"{subject} {verb}", numbers.percent(abs(change)), f"to {level}{because}"


def _because(scene: Scene, bridge: Bridge[Decimal]) -> str:
    main = main_cause(bridge)
    if main is None:
        return ""
    rest = bridge.change - main.amount
    further = [term for term in bridge.terms if term is not main and term.amount]
    name = cause(scene, further[0]) if len(further) == 1 else "everything else"
    others = f", {name} {pushed(scene, rest)}" if rest else ""
    return f": {cause(scene, main)} {pushed(scene, main.amount)}{others}"


def _own_name(scene: Scene) -> str:
    if scene.entry.is_split:
        return label_of(scene.view.scope, scene.entry.by)
    return slice_name(scene, scene.view.scope)


def _windows(scene: Scene, found: Comparison) -> str:
    numbers, window = scene.numbers, found.after.window
    first = numbers.short_day if window.first.year == window.last.year else numbers.day
    days = f"{first(window.first)} – {numbers.day(window.last)}"
    return f"{days} against the {len(window)} days before."


def _notes(scene: Scene, found: Comparison) -> list[str]:
    """What is refused, what is stored or due and yet in no total, and windows of unequal length."""
    later = [day for day in scene.series.days.values() if day.day > found.after.window.last]
    notes = _red(scene, found.after.window)
    notes += _left_out(scene, [day.day for day in later if day.is_whole], "the bill may still grow")
    notes += _left_out(scene, [day.day for day in later if not day.is_whole], "cost or units are not there")
    missing = len(found.after.window) - found.after.days
    if missing:
        notes.append(f"{missing} of the {len(found.after.window)} days {'are' if missing > 1 else 'is'} not complete.")
    if not found.why_not and found.before.days != found.after.days:
        notes.append(f"The window before has {found.before.days} complete days, so changes are those of the mean day.")
    others = other_currencies(scene.connection, scene.question, scene.series.shown)
    return [*notes, *_foreign(others, scene.of.catalogue.currency)]


def _red(scene: Scene, window: DayRange) -> list[str]:
    """A day that is refused keeps what was stored before, and has no value where nothing was."""
    red = {day for day in window if day in scene.red}
    kept = red & {day.day for day in scene.series.days.values() if day.is_whole}
    told = {"keep a former value": kept, "have no value": red - kept}
    return [_refused(what, days, len(window)) for what, days in told.items() if days]


def _refused(what: str, days: Collection[date], of: int) -> str:
    if len(days) > 1:
        return f"{len(days)} of these {of} days {what}: a check is red on them (see On call)."
    one = what.replace("keep", "keeps").replace("have", "has")
    return f"1 of these {of} days {one}: a check is red on it (see On call)."


def _left_out(scene: Scene, days: Sequence[date], why: str) -> list[str]:
    are = "they are" if len(days) > 1 else "it is"
    return [f"{spans(scene.numbers, days)}: {why}, so {are} in no total."] if days else []


def _foreign(others: Sequence[str], currency: str) -> list[str]:
    return [f"Charges in {' and '.join(others)} are in no number here: all are in {currency}."] if others else []
