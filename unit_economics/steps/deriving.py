"""An asset that is made of others: read what is current and green, compute, judge, store.

Here: the one way in which `allocated_costs` and every unit cost come about. Not here: what is computed (allocation/,
unit_cost.py), how a day is stored (storing.py), what flows where (assets.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from unit_economics import checks
from unit_economics.business_days import DayRange
from unit_economics.checks import Finding
from unit_economics.deployment import Deployment
from unit_economics.reporting import Metadata, Told
from unit_economics.storing import Judged, state_by_inputs, store
from unit_economics.warehouse import gate, ledger, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt, LedgerDay, Source
from unit_economics.warehouse.replace_days import Replaced, keep_days

MadeOf = Mapping[tuple[str, date], LedgerDay]


@dataclass(frozen=True)
class Made:
    """What was computed for the green days, and what the checks found in it."""

    rows: pd.DataFrame
    found: Sequence[Finding]


@dataclass(frozen=True)
class Recipe:
    """How one derived asset is made.

    inputs: the assets it is made of; table: where its rows are; promises: its checks by name. read: what is needed of
    the mart, in one snapshot with the ledger, given what is current and the green days; the callable it returns
    computes after the snapshot has ended. stored: the rows that are there, for days on which nothing has changed.
    numbers: what Dagster plots of rows that were stored. trailing: how many days before each are read as well.
    """

    inputs: Sequence[str]
    table: tables.Table
    promises: Mapping[str, str]
    read: Callable[[Connection, DayRange, MadeOf, Sequence[date]], Callable[[], Made]]
    stored: Callable[[Connection, DayRange], pd.DataFrame]
    numbers: Callable[[pd.DataFrame, Replaced], Mapping[date, Metadata]]
    trailing: int = 0


def derived(deployment: Deployment, recipe: Recipe) -> Callable[[Attempt], Told]:
    """The step of an asset that is made by this recipe."""

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        with deployment.warehouse.snapshot() as connection:
            made_of = ledger.current(connection, recipe.inputs, days)
            red = {**_outdated(deployment, made_of), **_overtaken(made_of)}
            red |= gate.red_days(connection, recipe.inputs, days)
            seen = (
                ledger.current(connection, recipe.inputs, _reaching_back(recipe, days)) if recipe.trailing else made_of
            )
            versions = {place: row.version for place, row in seen.items()}
            source = Source(glance=ledger.glance_of(versions, red))
            if ledger.is_unchanged(connection, attempt, source.glance):
                return _unchanged(deployment, recipe, attempt, source, red)
            green = [day for day in days if day not in red]
            compute = recipe.read(connection, days, made_of, green)
        made = compute()
        states = {day: state_by_inputs(made_of, recipe.inputs, day) for day in checks.sound(green, made.found)}
        with deployment.warehouse.transaction() as connection:
            judged = Judged(recipe.table, made.rows, made.found, states, source)
            done = store(deployment, connection, attempt, judged)
        return Told(recipe.numbers(made.rows, done), [*made.found, *checks.held_back(red, checks.CONTRACT)], red)

    return step


def _reaching_back(recipe: Recipe, days: DayRange) -> DayRange:
    return DayRange(days.first - timedelta(days=recipe.trailing), days.last)


def _outdated(deployment: Deployment, made_of: MadeOf) -> dict[date, str]:
    """The days whose inputs were stored for another catalogue: a tag that was not kept then would look absent."""
    now = {asset: deployment.definition(asset) for asset in {asset for asset, _ in made_of}}
    return {
        day: f"{asset} of this day was stored for another catalogue; it has to be read again first"
        for (asset, day), row in made_of.items()
        if row.definition != now[asset]
    }


def _overtaken(made_of: MadeOf) -> dict[date, str]:
    """The days on which one input was made of an older version of another: together they would be two bills in one."""
    return {
        day: f"{asset} of this day was made of an older {name}; it has to be made again first"
        for (asset, day), row in made_of.items()
        for name, version in row.input_versions.items()
        if (name, day) in made_of and made_of[name, day].version != version
    }


def _unchanged(
    deployment: Deployment, recipe: Recipe, attempt: Attempt, source: Source, red: Mapping[date, str]
) -> Told:
    """What is told of days that would be made of exactly what they were made of."""
    with deployment.warehouse.transaction() as connection:
        done = keep_days(connection, attempt, recipe.table, {}, source)
        rows = recipe.stored(connection, attempt.days)
        failures = gate.standing_failures(connection, attempt.asset, attempt.days)
    green = done.without({*failures, *red})
    found = checks.standing(green.versions, failures, red, recipe.promises)
    return Told(recipe.numbers(rows, green), found, red)
