"""The metric taken apart by dimensions: each part with its own cost and its own units, the dearest first.

Here: the rows. Not here: what a part cost (mart/parts.py); slices of the cost alone, over all units (slices.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.asset_names import slices_asset
from unit_economics.dashboard.facts.causes import is_flat
from unit_economics.dashboard.mart.parts import Key, PartsQuestion, PartTotal, parts_of_windows
from unit_economics.dashboard.panels.tiles import Change, relative
from unit_economics.dashboard.scene import Scene

MOST_ROWS = 12
NOTHING = PartTotal(None, Decimal(0))


@dataclass(frozen=True)
class Row:
    """One part: the values of its dimensions, and its numbers as text."""

    name: str
    unit_cost: str
    change: Change | None
    cost: str
    units: str


@dataclass(frozen=True)
class Table:
    """One slice: its name in words, its dearest parts, and how many more there are."""

    title: str
    rows: Sequence[Row]
    hidden: int


@dataclass(frozen=True)
class Parts:
    """All slices of the page's scope; `is_there` says whether the catalogue has some."""

    is_there: bool
    per: str = ""
    units: str = ""
    tables: Sequence[Table] = ()
    missing: str = ""
    template: str = "panels/parts.html"


def parts(scene: Scene) -> Parts:
    """The slices of the view's scope by dimension."""
    names = [
        name
        for name, slicing in scene.metric.slices.items()
        if (slicing.cost or scene.of.catalogue.headline_scope(scene.view.metric)) == scene.view.scope
    ]
    if not names:
        return Parts(is_there=False)
    found = scene.comparison
    if found is None or not found.after.days:
        return Parts(is_there=True, missing="no day is complete yet")
    days = {
        late: [day.day for day in scene.series.counted(total.window)]
        for late, total in ((False, found.before), (True, found.after))
    }
    return _tables(scene, names, days)


def _tables(scene: Scene, names: Sequence[str], days: Mapping[bool, Sequence[date]]) -> Parts:
    asked = PartsQuestion(scene.view.metric, scene.view.scope, scene.of.catalogue.currency, scene.metric.over_days)
    totals = parts_of_windows(scene.connection, asked, days)
    tables = [_table(scene, name, totals) for name in names]
    missing = "" if any(table.rows for table in tables) else f"{slices_asset(scene.view.metric)} has none of these days"
    return Parts(True, scene.per, scene.units_name, tables, missing)  # noqa: FBT003  # `is_there`


def _table(scene: Scene, name: str, totals: Mapping[bool, Mapping[Key, PartTotal]]) -> Table:
    after = {key: part for key, part in totals[True].items() if key[0] == name}
    ordered = sorted(after, key=lambda key: (-(after[key].cost or Decimal(0)), key))
    by = scene.metric.slices[name].by
    rows = [_row(scene, by, key, totals[False].get(key, NOTHING), after[key]) for key in ordered[:MOST_ROWS]]
    title = "By " + " and ".join(dimension.replace("_", " ") for dimension in by)
    return Table(title, rows, max(0, len(ordered) - MOST_ROWS))


def _row(scene: Scene, by: Sequence[str], key: Key, before: PartTotal, after: PartTotal) -> Row:
    numbers, values = scene.numbers, dict(key[1])
    now, was = after.unit_cost, before.unit_cost
    change = now / was - 1 if now is not None and was else None
    tone = "flat" if change is None or is_flat(change) else "bad" if change > 0 else "good"
    return Row(
        " · ".join(values[dimension] for dimension in by),
        numbers.money(None if now is None else now * scene.scale),
        None if change is None else relative(numbers, change, tone),
        numbers.money(after.cost),
        numbers.compact_count(after.quantity),
    )
