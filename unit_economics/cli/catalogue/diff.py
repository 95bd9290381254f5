"""`unit-economics catalogue diff`: what another catalogue changes, in entries, definitions, and numbers of stored days.

Here: the command line and the sample. Not here: getting the other catalogue (against.py), recomputing
(recomputing.py), comparing (definition_diff.py, number_diff.py), judging (diff_told.py), showing (diff_page.py).
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unit_economics.business_days import DayRange
from unit_economics.cli.catalogue import diff_page
from unit_economics.cli.catalogue.against import catalogue_against
from unit_economics.cli.catalogue.diff_told import Diff
from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, day_options
from unit_economics.definition_diff import affected, spread
from unit_economics.deployment import Deployment
from unit_economics.environment import catalogue_path, environment
from unit_economics.graph import CLOUD_COSTS
from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import DATABASE_URL, Connection, Warehouse
from unit_economics.warehouse.migrations import shipped
from unit_economics.warehouse.overview import complete_days, mart_state

if TYPE_CHECKING:
    from unit_economics.cli.catalogue.recomputing import Recomputed

_LATEST = 90


@click.command("diff")
@click.option("--against", required=True, metavar="FILE|COMMIT", help="What to compare with: a file, or a git commit.")
@day_options(default="so many --days, spread over the last 90 complete stored ones")
@click.option("--days", "most", type=click.IntRange(1, 400), default=7, show_default=True, help="Size of the sample.")
@click.option("--allow-change", is_flag=True, help="Exit with 0 whatever changes.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@config_option
def command(
    against: str,
    first: date | None,
    last: date | None,
    *,
    most: int,
    allow_change: bool,
    form: str,
    config: Path | None,
) -> int:
    """Recompute a sample of stored days under another catalogue and this one, and show every number that would change.

    The other catalogue is the one before, this one (--config) the one after; paths in both are taken from this one's
    folder. Sources are read where a definition changed; the mart is only read. Exit code 1 when a number would change,
    or something that changed could not be recomputed or compared: a gate for pull requests.
    """
    path = catalogue_path(environment(), config)
    before = catalogue_against(against, path)
    new = opened(path)
    old = replace(new, catalogue=before)
    wanted = _asked(new, first, last)
    assets = affected(old.catalogue, new.catalogue)
    sample, done = _recomputed(old, new, assets, wanted, most) if assets else ([], None)
    told = Diff.of(against, old.catalogue, new.catalogue, sample, done)
    diff_page.FORMS[form](told)
    return int(not (told.is_fine or allow_change))


def _asked(of: Deployment, first: date | None, last: date | None) -> DayRange | None:
    """The days that are asked for by name; None where the sample is ours to choose."""
    if first is None and last is None:
        return None
    newest = of.calendar.last_closed_day(of.outside.now())
    days = DayRange(first or last or newest, last or max(first or newest, newest))
    of.calendar.refuse_open(days, of.outside.now())
    return days


def _recomputed(
    old: Deployment, new: Deployment, assets: list[str], wanted: DayRange | None, most: int
) -> "tuple[list[date], Recomputed]":
    from unit_economics.cli.catalogue.inputs import Mart  # pandas and DuckDB: only where something is recomputed
    from unit_economics.cli.catalogue.recomputing import Recomputed, recomputed

    # Not `new.warehouse`: that would bring the mart to this release, and nothing is to be written.
    with Warehouse(new.outside.secret(DATABASE_URL)).snapshot() as connection:
        mart = Mart(connection if _is_there(connection) else None, [])
        sample = list(wanted) if wanted else _sample(old, new, mart.connection, assets, most)
        if not sample:
            return [], Recomputed({}, {}, {}, [])
        return sample, recomputed(old, new, replace(mart, days=sample))


def _is_there(connection: Connection) -> bool:
    """Whether there is a mart; raises `Refusal` where it is an older release's, which this one can't read."""
    applied = mart_state(connection).migrations
    if applied and any(step.number not in applied for step in shipped()):
        what, remedy = (
            "the mart is not of this release yet",
            "Let this release bring it up to date: unit-economics status",
        )
        raise Refusal(what, where="schema unit_economics", remedy=remedy)
    return bool(applied)


def _sample(
    old: Deployment, new: Deployment, connection: Connection | None, assets: list[str], most: int
) -> list[date]:
    """Days of what may differ; where all of that is new and none is stored, of what it will be made of."""
    if connection is None:
        return []
    newest = new.calendar.last_closed_day(new.outside.now())
    days = complete_days(connection, assets, newest, _LATEST)
    if not days and not set(assets) & set(old.graph):
        days = complete_days(connection, [CLOUD_COSTS], newest, _LATEST)
    return spread(days, most)
