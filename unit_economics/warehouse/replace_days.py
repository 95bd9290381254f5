"""Replace a day: the one way in which rows get into the mart.

A retry, a backfill and a restatement are this same act. One transaction: lock, fence, compare, copy what changed,
record the gate, and only then commit. A day whose content is what it was writes nothing at all.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd
from psycopg import sql

from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.gate import Verdict, record_verdicts
from unit_economics.warehouse.ledger import NOT_TOLD, Attempt, LedgerDay, Source, commit, current, fence, lock
from unit_economics.warehouse.tables import Table, content_hash

Change = Literal["new", "restated", "redefined", "status", "same"]
"""redefined: another value, since the catalogue says something else; restated: since the source does."""


MANY_DAYS = 14
"""From so many changed days on the planner is told of them at once."""


@dataclass(frozen=True)
class DayState:
    """What a day is to be, beside its rows.

    provisional: the bill may still grow; complete: it is not expected to; closed: it is what the invoices say.
    """

    status: Literal["provisional", "complete", "closed"]
    complete_through: date | None
    input_versions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Replaced:
    """What became of each day: written anew, changed, only its status changed, or the same as before."""

    changes: Mapping[date, Change]
    versions: Mapping[date, int]
    rows_written: int

    def without(self, days: Collection[date]) -> "Replaced":
        """The same, but for these days."""
        changes: dict[date, Change] = {day: change for day, change in self.changes.items() if day not in days}
        return Replaced(changes, {day: self.versions[day] for day in changes}, self.rows_written)

    def days(self, *kinds: Change) -> list[date]:
        """The days that changed in one of these ways."""
        return sorted(day for day, change in self.changes.items() if change in kinds)


def replace_days(
    connection: Connection,
    attempt: Attempt,
    table: Table,
    rows: pd.DataFrame,
    states: Mapping[date, DayState],
    verdicts: Sequence[Verdict],
    source: Source = NOT_TOLD,
) -> Replaced:
    """Make each day of `states` hold exactly its rows of `rows`, and record what the checks said of every day.

    Call it inside a transaction: nothing is there before that commits, and whatever is raised until then undoes it.
    A day that a newer attempt has decided is left to it; raises `LateAttempt` where that is every day.
    """
    lines = table.lines(rows)
    lock(connection, attempt.asset)
    overtaken = fence(connection, attempt)
    before = current(connection, [attempt.asset], attempt.days)
    days = sorted(states.keys() - overtaken.keys())
    plan = [_plan(attempt, before.get((attempt.asset, day)), lines.get(day, []), day, states[day]) for day in days]
    written = _write(connection, attempt, table, plan, source)
    record_verdicts(connection, attempt, [verdict for verdict in verdicts if verdict.day not in overtaken])
    commit(connection, attempt, source, {step.day for step in plan if step.change not in ("same", "status")})
    return _replaced(plan, written)


def keep_days(
    connection: Connection, attempt: Attempt, table: Table, states: Mapping[date, DayState], source: Source
) -> Replaced:
    """Keep each stored day as it is, but for a status that `states` has for it: the source looks as it did before."""
    lock(connection, attempt.asset)
    overtaken = fence(connection, attempt)
    before = current(connection, [attempt.asset], attempt.days)
    plan = [
        _keep(attempt, row, states.get(day) or _as_it_is(row))
        for (_, day), row in sorted(before.items())
        if day not in overtaken
    ]
    _write(connection, attempt, table, plan, source)
    commit(connection, attempt, source)
    return _replaced(plan, 0)


def _as_it_is(row: LedgerDay) -> DayState:
    """Restated is no state to be in, but what became of one that was complete."""
    is_told = row.status in ("provisional", "closed")
    return DayState(row.status if is_told else "complete", row.complete_through, row.input_versions)  # pyright: ignore[reportArgumentType]  # one of the two


def _replaced(plan: Sequence["_Step"], written: int) -> Replaced:
    return Replaced({step.day: step.change for step in plan}, {step.day: step.version for step in plan}, written)


@dataclass(frozen=True)
class _Step:
    day: date
    change: Change
    version: int
    rows_version: int
    status: str
    state: DayState
    lines: Sequence[str]
    hash: str


def _plan(attempt: Attempt, before: LedgerDay | None, lines: Sequence[str], day: date, state: DayState) -> _Step:
    new_hash = content_hash(lines)
    if before is None:
        return _Step(day, "new", 1, 1, state.status, state, lines, new_hash)
    if before.content_hash != new_hash:
        version = before.version + 1
        if before.definition != attempt.definition:
            return _Step(day, "redefined", version, version, state.status, state, lines, new_hash)
        status = "restated" if before.status in ("complete", "closed", "restated") else state.status
        return _Step(day, "restated", version, version, status, state, lines, new_hash)
    return _keep(attempt, before, state)


def _keep(attempt: Attempt, before: LedgerDay, state: DayState) -> _Step:
    status = _next_status(before.status, state.status)
    made_of = (before.definition, dict(before.input_versions))
    same = status == before.status and made_of == (attempt.definition, dict(state.input_versions))
    version = before.version if same else before.version + 1
    change: Change = "same" if same else "status"
    return _Step(before.business_date, change, version, before.rows_version, status, state, (), before.content_hash)


def _next_status(before: str, wanted: str) -> str:
    """Of the same rows: what was complete never opens again, and what was restated stays marked, also once closed."""
    may_change = before == "provisional" or (before == "complete" and wanted == "closed")
    return wanted if may_change else before


def _write(connection: Connection, attempt: Attempt, table: Table, plan: Sequence[_Step], source: Source) -> int:
    changed = [step for step in plan if step.change != "same"]
    if not changed:
        return 0
    moment = _supersede(connection, attempt.asset, [step.day for step in changed])
    _copy_ledger(connection, attempt, changed, source.hash, moment)
    _copy_rows(connection, attempt.asset, table, changed)
    if len(changed) >= MANY_DAYS:
        _describe(connection, table)
    return sum(len(step.lines) for step in changed)


def _describe(connection: Connection, table: Table) -> None:
    """Let the planner know what is there now: autovacuum tells it a minute later, and until then a page may take long.

    Another one's analysis is not waited for: it tells the same. A glance is enough till then: the usual sample of JSON
    takes a fifth of the time of the whole writing.
    """
    connection.execute("set local default_statistics_target = 30")
    text = sql.SQL("analyze (skip_locked) ledger, {}")
    connection.execute(text.format(sql.Identifier(table.name)))


def _supersede(connection: Connection, asset: str, days: Sequence[date]) -> datetime:
    """End what is current at one moment, the same at which the new rows begin: `as_of` then never sees neither."""
    # Before the moment is taken: from here on everybody sees that something is being written.
    connection.execute("select pg_current_xact_id()")
    # A clock that stepped back must not end a row before it began.
    row = connection.execute(
        "select greatest(clock_timestamp(), max(recorded_at) + interval '1 microsecond') from ledger"
        " where asset = %s and business_date = any(%s) and superseded_at is null",
        [asset, list(days)],
    ).fetchone()
    assert row is not None  # noqa: S101  # an aggregate returns one row
    connection.execute(
        "update ledger set superseded_at = %s where asset = %s and business_date = any(%s) and superseded_at is null",
        [row[0], asset, list(days)],
    )
    return row[0]


def _copy_ledger(
    connection: Connection, attempt: Attempt, steps: Sequence[_Step], source_hash: str, moment: datetime
) -> None:
    columns = (
        "asset, business_date, version, rows_version, attempt, status, complete_through, content_hash, definition,"
        " input_versions, source_hash, recorded_at, run_id, code_version, catalogue_version"
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy ledger ({}) from stdin").format(sql.SQL(columns))) as copy,
    ):
        for step in steps:
            copy.write_row(_ledger_row(attempt, step, source_hash, moment))


def _ledger_row(attempt: Attempt, step: _Step, source_hash: str, moment: datetime) -> list[Any]:
    run = attempt.run
    inputs = json.dumps(dict(step.state.input_versions), sort_keys=True)
    return [
        *(attempt.asset, step.day, step.version, step.rows_version, attempt.number, step.status),
        *(step.state.complete_through, step.hash, attempt.definition, inputs, source_hash, moment),
        *(run.run_id, run.code_version, run.catalogue_version),
    ]


def _copy_rows(connection: Connection, asset: str, table: Table, steps: Sequence[_Step]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, ("asset", "business_date", "version", *table.columns)))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table.name), columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for step in steps:
            head = f"{asset}\t{step.day}\t{step.version}\t"
            copy.write("".join(f"{head}{line}\n" for line in step.lines))
