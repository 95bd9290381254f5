"""What changed since yesterday: the days whose number is another one than a day ago, each with the recorded cause.

Here: the last 24 hours of the ledger, for one scope. Not here: the causes (dashboard/restated.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from psycopg import sql

from unit_economics.dashboard.facts.restated import VERSIONS, Restated, asked
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.dagster_links import run_url

SINCE = timedelta(hours=24)
MOST_ROWS = 12
_CHANGED = """
    and v.recorded_at > %(since)s and v.version > 1 and v.rows_version = v.version
    and (now.cost, now.quantity, now.unit_cost) is distinct from (old.cost, old.quantity, old.unit_cost)
    order by v.recorded_at desc, v.business_date desc limit %(most)s
"""
_NEW = """
    select count(*) from day_versions where asset = %(metric)s and recorded_at > %(since)s and version = 1
"""


@dataclass(frozen=True)
class Row:
    """One day that changed: before and after, by how much, why, and by which run."""

    day: str
    href: str
    unit_cost: str
    difference: str
    tone: str
    cause: str
    run: str
    run_href: str
    recorded: str


@dataclass(frozen=True)
class Changes:
    """The newest first; `new_days` were stored for the first time."""

    per: str
    since: str
    new_days: int
    rows: Sequence[Row] = ()
    hidden: int = 0
    template: str = "panels/changes.html"


def changes(scene: Scene) -> Changes:
    """The last 24 hours."""
    zone, since = scene.of.calendar.timezone, scene.now - SINCE
    values = {**asked(scene), "since": since, "most": MOST_ROWS}
    found = [Restated(*row) for row in scene.connection.execute(sql.SQL(VERSIONS + _CHANGED), values)]
    ((new_days,),) = scene.connection.execute(_NEW, values).fetchall()
    rows = [_row(scene, one) for one in found]
    hidden = found[0].total - len(rows) if found else 0
    return Changes(scene.per, scene.numbers.moment(since.astimezone(zone)), new_days, rows, hidden)


def _row(scene: Scene, one: Restated) -> Row:
    numbers, change = scene.numbers, _less(one.unit_cost, one.former_unit_cost)
    return Row(
        numbers.short_day(one.day),
        scene.view.url(day=one.day) + "#explain",
        f"{numbers.money(_at_scale(scene, one.former_unit_cost))} → {numbers.money(_at_scale(scene, one.unit_cost))}",
        difference(scene, one),
        "" if not change else "bad" if change > 0 else "good",
        " and ".join(one.causes(scene)) or "the record names no cause",
        one.run_id[:8],
        run_url(scene.of.catalogue.dashboard, one.run_id),
        numbers.moment(one.recorded_at.astimezone(scene.of.calendar.timezone)),
    )


def difference(scene: Scene, one: Restated) -> str:
    """`+$3.00 cost, +12 orders`: by how much the halves differ from the version before; empty where neither does."""
    cost, units = _less(one.cost, one.former_cost), _less(one.quantity, one.former_quantity)
    parts = [f"{scene.numbers.signed_money(cost)} cost"] if cost else []
    parts += [f"{scene.numbers.signed_count(units)} {scene.units_name}"] if units else []
    return ", ".join(parts)


def _less(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else after - before


def _at_scale(scene: Scene, unit_cost: Decimal | None) -> Decimal | None:
    return None if unit_cost is None else unit_cost * scene.scale
