"""Every formula and KPI of the catalogue over the page's window and the one before; nothing where there is none.

Here: the rows. Not here: the value of a window (formula_windows.py). What rests on revenue is for finance only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.dashboard.panels.tiles import Change, Tone, relative
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.numbers import Numbers
from unit_economics.formula_book import Compiled
from unit_economics.formula_windows import OverTheDays, StoredDay, over_window
from unit_economics.formulas import Missing
from unit_economics.graph import Node
from unit_economics.warehouse.formula_reading import stored_days

SHARES = ("percent", "%")
_LEAST = Decimal("0.0005")


@dataclass(frozen=True)
class Row:
    """One formula: its numbers as text, and how many days they are of or why there is none."""

    title: str
    formula: str
    value: str
    before: str
    change: Change | None
    unit: str
    days: str


@dataclass(frozen=True)
class Formulas:
    """The table."""

    rows: Sequence[Row]
    template: str = "panels/formulas.html"


def formulas(scene: Scene) -> Formulas:
    """The formulas that this reader may see, over the two windows that the page compares."""
    nodes = [node for node in scene.of.graph.values() if node.formula and _may_see(scene, node.formula)]
    found = scene.comparison
    if not nodes or found is None:
        return Formulas(())
    before, after = found.before.window, found.after.window
    stored = stored_days(scene.connection, nodes, DayRange(before.first, after.last))
    return Formulas([_row(scene.numbers, node, stored.get(node.name, {}), before, after) for node in nodes])


def _may_see(scene: Scene, one: Compiled) -> bool:
    return scene.role == "finance" or not one.is_finance


def _row(numbers: Numbers, node: Node, stored: Mapping[date, StoredDay], before: DayRange, after: DayRange) -> Row:
    assert node.formula is not None  # noqa: S101  # such nodes were chosen
    one, unit = node.formula, "" if node.unit in SHARES else node.unit
    was, now = (over_window(one, {day: stored[day] for day in of if day in stored}) for of in (before, after))
    change = _change(numbers, one, was.value, now.value)
    title = one.entry.title or one.name.replace("_", " ").capitalize()
    value, earlier = _written(numbers, node.unit, now.value), _written(numbers, node.unit, was.value)
    return Row(title, str(one.formula), value, earlier, change, "" if unit == "1" else unit, _days(now, after))


def _written(numbers: Numbers, unit: str, value: Decimal | Missing) -> str:
    if isinstance(value, Missing):
        return numbers.measured(None)
    return numbers.percent(value) if unit in SHARES else numbers.measured(value)


def _days(now: OverTheDays, window: DayRange) -> str:
    if isinstance(now.value, Missing):
        return now.value.reason
    return f"{now.days} of {len(window)}"


def _change(numbers: Numbers, one: Compiled, was: Decimal | Missing, now: Decimal | Missing) -> Change | None:
    """A relative change; of a share the difference, in points."""
    if isinstance(was, Missing) or isinstance(now, Missing):
        return None
    if one.entry.unit in SHARES:
        points = relative(numbers, now - was, _tone(one, now - was))
        return Change(f"{points.text.replace('%', '').rstrip()} points", points.is_up, points.tone)
    return relative(numbers, now / was - 1, _tone(one, now / was - 1)) if was > 0 else None


def _tone(one: Compiled, change: Decimal) -> Tone:
    if abs(change) < _LEAST or one.entry.direction is None:
        return "flat"
    return "good" if (change > 0) == (one.entry.direction == "higher") else "bad"
