"""The gate: what the checks said of each day, the newest attempt last. A publication reads it and nothing else.

Here: verdicts, storing and asking for them. Not here: judging (checks.py), or the stored days themselves (ledger.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import NOT_TOLD, Attempt, commit, fence, lock


@dataclass(frozen=True)
class Verdict:
    """What the checks said of one day: passed, or the failures as {check: what is wrong}; warnings keep nothing out."""

    day: date
    failures: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing keeps the day out."""
        return not self.failures


def record_verdicts(connection: Connection, attempt: Attempt, verdicts: Sequence[Verdict]) -> None:
    """Store each verdict that says something new: any failure, a first word, or another word than the one before."""
    before = _newest(connection, attempt)
    news = [verdict for verdict in verdicts if not verdict.passed or before.get(verdict.day) != verdict]
    columns = "asset, business_date, attempt, passed, failures, warnings, run_id"
    with connection.cursor() as cursor, cursor.copy(f"copy verdict ({columns}) from stdin") as copy:
        for verdict in news:
            copy.write_row(_verdict_row(attempt, verdict))


def _newest(connection: Connection, attempt: Attempt) -> dict[date, Verdict]:
    rows = connection.execute(
        "select business_date, failures, warnings from gate where asset = %s and business_date between %s and %s",
        [attempt.asset, attempt.days.first, attempt.days.last],
    )
    return {row[0]: Verdict(row[0], _words(row[1]), _words(row[2])) for row in rows}


def _verdict_row(attempt: Attempt, verdict: Verdict) -> list[Any]:
    said = [_said(verdict.failures), _said(verdict.warnings)]
    return [attempt.asset, verdict.day, attempt.number, verdict.passed, *said, attempt.run.run_id]


def _said(words: Mapping[str, str]) -> str:
    return json.dumps([{"check": check, "what": what} for check, what in words.items()])


def _words(said: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {one["check"]: one["what"] for one in said}


def standing_failures(connection: Connection, asset: str, days: DayRange) -> dict[date, dict[str, str]]:
    """The red days, each with the checks that failed and what they said."""
    rows = connection.execute(
        "select business_date, failures from gate where asset = %s and not passed and business_date between %s and %s",
        [asset, days.first, days.last],
    )
    return {row[0]: _words(row[1]) for row in rows}


def gate(connection: Connection, asset: str, days: DayRange) -> dict[date, bool]:
    """Whether the checks' newest word on each day is a pass; days never judged are absent."""
    rows = connection.execute(
        "select business_date, passed from gate where asset = %s and business_date between %s and %s",
        [asset, days.first, days.last],
    )
    return {row[0]: row[1] for row in rows}


def red_days(connection: Connection, assets: Sequence[str], days: DayRange) -> dict[date, str]:
    """The days on which a check of one of these assets is red, each with the reason."""
    rows = connection.execute(
        "select business_date, string_agg(asset, ', ' order by asset) from gate where not passed"
        " and asset = any(%s) and business_date between %s and %s group by 1",
        [list(assets), days.first, days.last],
    )
    return {row[0]: f"a check is red on {row[1]}" for row in rows}


def red_reasons(connection: Connection, days: DayRange) -> dict[tuple[str, date], str]:
    """What the newest word of the checks says of every red asset and day."""
    rows = connection.execute(
        "select asset, business_date, failures from gate where not passed and business_date between %s and %s",
        [days.first, days.last],
    )
    return {
        (asset, day): "; ".join(f"{check}: {what}" for check, what in _words(failed).items())
        for asset, day, failed in rows
    }


def newest_words(connection: Connection, days: DayRange) -> dict[tuple[str, date], Verdict]:
    """The checks' newest word on every asset and day that was ever judged."""
    rows = connection.execute(
        "select asset, business_date, failures, warnings from gate where business_date between %s and %s",
        [days.first, days.last],
    )
    return {(asset, day): Verdict(day, _words(failed), _words(warned)) for asset, day, failed, warned in rows}


def turned_red(connection: Connection, run_id: str) -> bool:
    """Whether a check of this run turned a day red, whatever was said since. It reads a table: for a writer only."""
    found = connection.execute("select 1 from verdict where run_id = %s and not passed limit 1", [run_id])
    return found.fetchone() is not None


def refuse_days(connection: Connection, attempt: Attempt, verdicts: Sequence[Verdict]) -> None:
    """Record that days were judged and refused as a whole: the gate turns red, the stored rows stay."""
    lock(connection, attempt.asset)
    overtaken = fence(connection, attempt)
    record_verdicts(connection, attempt, [verdict for verdict in verdicts if verdict.day not in overtaken])
    commit(connection, attempt, NOT_TOLD)
