"""All versions of the explained day: what each one held, who wrote it, and what differs from the one before.

Here: the table. Not here: the causes (dashboard/restated.py), where the current one comes from (panels/explain.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from unit_economics.dashboard.facts.origins import explained_day
from unit_economics.dashboard.facts.restated import VERSIONS, Restated, asked
from unit_economics.dashboard.panels.changes import difference
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.dagster_links import run_url

MOST_ROWS = 30
_OF_DAY = " and v.business_date = %(day)s order by v.version desc limit %(most)s"


@dataclass(frozen=True)
class Row:
    """One version as text."""

    version: int
    recorded: str
    status: str
    cost: str
    units: str
    unit_cost: str
    run: str
    run_href: str
    differs: str


@dataclass(frozen=True)
class Versions:
    """The newest first; empty where the day is not stored."""

    day: str
    scope: str
    per: str
    units: str
    rows: Sequence[Row] = ()
    hidden: int = 0
    template: str = "panels/versions.html"


def versions(scene: Scene) -> Versions:
    """The versions of the view's day, or of the last complete one."""
    day, numbers = explained_day(scene), scene.numbers
    values = {**asked(scene), "day": day, "most": MOST_ROWS}
    found = [Restated(*row) for row in scene.connection.execute(sql.SQL(VERSIONS + _OF_DAY), values)] if day else []
    hidden = found[0].total - len(found) if found else 0
    rows = [_row(scene, one) for one in found]
    return Versions(numbers.day(day), scene.view.scope, scene.per, scene.units_title, rows, hidden)


def _row(scene: Scene, one: Restated) -> Row:
    numbers = scene.numbers
    return Row(
        one.version,
        numbers.moment(one.recorded_at.astimezone(scene.of.calendar.timezone)),
        one.status,
        numbers.money(one.cost),
        numbers.count(one.quantity),
        numbers.money(one.unit_cost * scene.scale) if one.unit_cost is not None else f"– ({one.reason or 'no charge'})",
        one.run_id[:8],
        run_url(scene.of.catalogue.dashboard, one.run_id),
        _differs(scene, one),
    )


def _differs(scene: Scene, one: Restated) -> str:
    if not one.has_former:
        return "first recorded"
    causes, by = one.causes(scene), difference(scene, one)
    causes += [f"now {one.status}"] if one.is_of_other_status else []
    return f"{', '.join(causes) or 'an input was confirmed'}{f': {by}' if by else '; the same number'}"
