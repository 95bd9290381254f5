"""The ledger of days: attempts, and what is current. It, not Dagster's event log, is the truth about what is done.

Not here: what the checks said (gate.py), writing a day's rows (replace_days.py), which day ought to be there (gaps.py).
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import LiteralString

from psycopg.rows import class_row

from unit_economics.business_days import DayRange
from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import Connection, Warehouse


@dataclass(frozen=True)
class Run:
    """Who writes: the run, and the versions of code and catalogue it runs with."""

    run_id: str
    code_version: str
    catalogue_version: str
    catalogue: str = field(default="", repr=False)
    """Its text, so that what is computed now can be computed again; secrets are named in it, never held."""


@dataclass(frozen=True)
class Attempt:
    """One try at a range of days of one asset. A higher number began later: the fence against late writers.

    definition: the version of what the asset means; a day that was stored under another one is no longer right.
    """

    number: int
    asset: str
    days: DayRange
    run: Run
    definition: str = ""


@dataclass(frozen=True)
class LedgerDay:
    """What is current for one asset on one day; content_hash is "" where it would tell this reader of revenue."""

    asset: str
    business_date: date
    version: int
    rows_version: int
    status: str
    content_hash: str
    complete_through: date | None
    recorded_at: datetime
    run_id: str
    definition: str = ""
    input_versions: Mapping[str, int] = field(default_factory=dict)


class LateAttempt(Refusal):
    """A newer attempt has already written one of these days: this one is too old to be right."""


def begin(
    warehouse: Warehouse, asset: str, days: DayRange, run: Run, definition: str = "", meaning: str = ""
) -> Attempt:
    """Take a number, before any input is read; committed at once, so that it outlives a crash.

    meaning: what the definition is a version of, as JSON; kept the first time that it is seen.
    """
    values = [asset, days.first, days.last, run.run_id, run.code_version, run.catalogue_version, definition]
    with warehouse.connection() as connection:
        keep_catalogue(connection, run)
        if definition and meaning:
            connection.execute(
                "insert into definition (asset, definition, meaning, catalogue_version) values (%s, %s, %s, %s)"
                " on conflict do nothing",
                [asset, definition, meaning, run.catalogue_version],
            )
        row = connection.execute(
            "insert into attempt (asset, first_day, last_day, run_id, code_version, catalogue_version,"
            " definition) values (%s, %s, %s, %s, %s, %s, %s) returning attempt",
            values,
        ).fetchone()
    assert row is not None  # noqa: S101  # INSERT ... RETURNING always returns its row
    return Attempt(row[0], asset, days, run, definition)


def keep_catalogue(connection: Connection, run: Run) -> None:
    """Keep what the run's catalogue says, the first time that it is seen."""
    if run.catalogue:
        connection.execute(
            "insert into catalogue (catalogue_version, body) values (%s, %s) on conflict do nothing",
            [run.catalogue_version, run.catalogue],
        )


def lock(connection: Connection, asset: str) -> None:
    """Let one transaction at a time write this asset; a day's writer never waits for another asset's."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"unit_economics/{asset}"])


def fence(connection: Connection, attempt: Attempt) -> dict[date, str]:
    """The days that a newer attempt has decided since this one began: they are its, not ours. Call it under the lock.

    Raises `LateAttempt` where that is all of them.
    """
    newer = connection.execute(
        "select first_day, last_day, attempt, run_id from attempt where asset = %s and attempt > %s"
        " and committed_at is not null and first_day <= %s and last_day >= %s",
        [attempt.asset, attempt.number, attempt.days.last, attempt.days.first],
    ).fetchall()
    overtaken = {
        day: f"attempt {attempt.number} was overtaken by {number} (run {run_id}), whose value stands"
        for first, last, number, run_id in newer
        for day in DayRange(max(first, attempt.days.first), min(last, attempt.days.last))
    }
    if len(overtaken) == len(attempt.days):
        raise LateAttempt(
            overtaken[attempt.days.last],
            where=f"{attempt.asset} {attempt.days}",
            remedy="Nothing needs doing",
        )
    return overtaken


def in_flight(connection: Connection, asset: str, within: timedelta) -> set[date]:
    """The days of an asset that an attempt of this last while has neither decided nor given up."""
    rows = connection.execute(
        "select first_day, last_day from attempt where asset = %s and committed_at is null and failed_at is null"
        " and started_at > clock_timestamp() - %s",
        [asset, within],
    ).fetchall()
    return {day for first, last in rows for day in DayRange(first, last)}


SourceTotal = Mapping[str, str | int | None]
"""One day and currency: business_date, billing_currency, charge_rows, and the four costs as decimal text or None."""


@dataclass(frozen=True)
class Source:
    """What an attempt read.

    glance: how the source looked beforehand, None where it can't be told cheaply; absent: the days it did not have;
    totals: what the source itself summed, as `tables.source_totals` has it.
    """

    fingerprint: str = ""
    glance: str | None = None
    absent: Mapping[date, str] = field(default_factory=dict)
    totals: Sequence[SourceTotal] = ()

    @property
    def hash(self) -> str:
        """A short name for exactly this input."""
        return sha256(self.fingerprint.encode()).hexdigest()


NOT_TOLD = Source()


def commit(connection: Connection, attempt: Attempt, source: Source, written: Collection[date] = ()) -> None:
    """Say, in the writing transaction, that this attempt has decided its days, and from what.

    written: the days whose rows are this attempt's; the source's totals of the others are with an older one.
    """
    totals = [total for total in source.totals if date.fromisoformat(str(total["business_date"])) in written]
    connection.execute(
        "update attempt set committed_at = clock_timestamp(), source_glance = %s, source_fingerprint = %s, absent = %s,"
        " source_totals = %s where attempt = %s",
        [
            *(source.glance, source.fingerprint, json.dumps(_texts(source.absent))),
            *(json.dumps(totals) if totals else None, attempt.number),
        ],
    )


_LONGEST_REASON = 500


def fail(warehouse: Warehouse, attempt: Attempt, reason: str) -> None:
    """Say why this attempt gave up before it decided its days; committed at once. The reason must hold no secret."""
    with warehouse.transaction() as connection:
        connection.execute(
            "update attempt set failure = %s, failed_at = clock_timestamp() where attempt = %s",
            [reason[:_LONGEST_REASON], attempt.number],
        )


def _texts(absent: Mapping[date, str]) -> dict[str, str]:
    return {str(day): reason for day, reason in absent.items()}


Versions = Mapping[tuple[str, date], int]
"""Of assets on days, which version."""


def glance_of(made_of: Versions, red: Iterable[date]) -> str:
    """How inputs in the ledger look: the same again, and what is made of them would be the same."""
    versions = sorted(f"{asset} {day} {version}" for (asset, day), version in made_of.items())
    return sha256("\n".join([*versions, "red", *sorted(map(str, red))]).encode()).hexdigest()


def is_unchanged(connection: Connection, attempt: Attempt, glance: str | None) -> bool:
    """Whether the newest attempt at any of these days decided all of them from a source that looked the same."""
    newest = connection.execute(
        "select source_glance, code_version, definition, first_day, last_day from attempt where asset = %s"
        " and committed_at is not null and first_day <= %s and last_day >= %s order by attempt desc limit 1",
        [attempt.asset, attempt.days.last, attempt.days.first],
    ).fetchone()
    if glance is None or newest is None:
        return False
    same = newest[:3] == (glance, attempt.run.code_version, attempt.definition)
    return same and newest[3] <= attempt.days.first and newest[4] >= attempt.days.last


def current(connection: Connection, assets: Sequence[str], days: DayRange) -> dict[tuple[str, date], LedgerDay]:
    """The current ledger rows of these assets and days."""
    text: LiteralString = (
        "select asset, business_date, version, rows_version, status, coalesce(content_hash, '') as content_hash,"
        " complete_through, recorded_at, run_id, definition, input_versions from day_versions"
        " where asset = any(%s) and business_date between %s and %s and superseded_at is null"
    )
    with connection.cursor(row_factory=class_row(LedgerDay)) as cursor:
        rows = cursor.execute(text, [list(assets), days.first, days.last]).fetchall()
    return {(row.asset, row.business_date): row for row in rows}


def last_absent(connection: Connection, attempt: Attempt) -> dict[date, str]:
    """The days that the newest attempt at all of these days did not find, each with the reason."""
    row = connection.execute(
        "select absent from attempt where asset = %s and committed_at is not null and first_day <= %s"
        " and last_day >= %s order by attempt desc limit 1",
        [attempt.asset, attempt.days.first, attempt.days.last],
    ).fetchone()
    absent = {date.fromisoformat(day): reason for day, reason in (row[0] if row else {}).items()}
    return {day: reason for day, reason in absent.items() if day in attempt.days}


def first_day(connection: Connection) -> date | None:
    """The earliest day that was ever judged."""
    row = connection.execute(
        "select least((select min(business_date) from day_versions), (select min(business_date) from gate))"
    ).fetchone()
    return row[0] if row else None


@dataclass(frozen=True)
class Tried:
    """How often a day was tried lately, and how long ago the last time was."""

    times: int
    ago: timedelta


def tries(connection: Connection, days: DayRange, within: timedelta) -> tuple[dict[tuple[str, date], Tried], int]:
    """How each asset's day was tried lately, and the number of the newest attempt."""
    rows = connection.execute(
        "select asset, d::date, count(*), clock_timestamp() - max(started_at) from attempt"
        " cross join generate_series(greatest(first_day, %s),"
        " least(last_day, %s), interval '1 day') d where started_at > clock_timestamp() - %s group by 1, 2",
        [days.first, days.last, within],
    )
    counted = {(row[0], row[1]): Tried(row[2], row[3]) for row in rows}
    newest = connection.execute("select coalesce(max(attempt), 0) from attempt").fetchone()
    return counted, newest[0] if newest else 0
