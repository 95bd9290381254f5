"""Storing what was judged: the sound days replace what was there, the others turn their gate red, and people are told.

Here: from findings to one transaction's writes, and the status a day is stored with. Not here: judging (checks.py),
the writes themselves (warehouse/), or what flows where (steps/).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from unit_economics import alerts, checks
from unit_economics.checks import Finding
from unit_economics.deployment import Deployment
from unit_economics.warehouse import gate, ledger, outbox, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import NOT_TOLD, Attempt, Source
from unit_economics.warehouse.redefined import redefined
from unit_economics.warehouse.replace_days import DayState, Replaced, replace_days


@dataclass(frozen=True)
class Judged:
    """A range of days as it is to be stored: the rows, what was found, and the state of each day that is sound."""

    table: tables.Table
    rows: pd.DataFrame
    found: Sequence[Finding]
    states: Mapping[date, DayState]
    source: Source = NOT_TOLD


def store(deployment: Deployment, connection: Connection, attempt: Attempt, judged: Judged) -> Replaced:
    """Replace the sound days, turn the gate of the others red, and put what is to be said into the outbox."""
    days = {finding.day for finding in judged.found} | set(judged.states)
    verdicts = checks.verdicts(sorted(days), judged.found)
    before = gate.standing_failures(connection, attempt.asset, attempt.days)
    former = [] if deployment.is_quiet(attempt.asset) else redefined(connection, attempt)
    sound = judged.rows[judged.rows["business_date"].isin(set(judged.states))]
    replaced = replace_days(connection, attempt, judged.table, sound, judged.states, verdicts, judged.source)
    _announce(deployment, connection, attempt, news(judged.found, before))
    if former and replaced.days("new", "redefined", "status"):
        outbox.put_news(connection, alerts.redefined(attempt, former, others_follow=_others_follow(deployment)))
    return replaced


def _others_follow(deployment: Deployment) -> bool:
    return deployment.catalogue.automation.on_definition_change == "backfill"


def refuse(deployment: Deployment, connection: Connection, attempt: Attempt, found: Sequence[Finding]) -> None:
    """Turn the gate of all days red: their input was refused as a whole, and what is stored stays."""
    before = gate.standing_failures(connection, attempt.asset, attempt.days)
    gate.refuse_days(connection, attempt, checks.verdicts(attempt.days, found))
    _announce(deployment, connection, attempt, news(found, before))


def news(found: Sequence[Finding], before: Mapping[date, Mapping[str, str]]) -> list[Finding]:
    """What turned red, or is red for another reason than before; the rest has been said."""
    return [finding for finding in found if before.get(finding.day, {}).get(finding.check) != finding.text]


def _announce(deployment: Deployment, connection: Connection, attempt: Attempt, found: Sequence[Finding]) -> None:
    said = [] if deployment.is_quiet(attempt.asset) else alerts.red_checks(attempt.asset, found)
    for message in said:
        outbox.put(connection, message, deployment.catalogue.alerts.repeat_after)


def states_by_age(
    deployment: Deployment, complete_after: timedelta, days: Iterable[date], absent: Mapping[date, str]
) -> dict[date, DayState]:
    """Complete when the day is old enough."""
    through = deployment.complete_through(complete_after)
    return {
        day: DayState("complete" if day <= through else "provisional", through) for day in days if day not in absent
    }


def state_by_inputs(inputs: Mapping[tuple[str, date], ledger.LedgerDay], names: Sequence[str], day: date) -> DayState:
    """As complete as the least complete input, closed with the bill; the versions say what it was made of."""
    present = [inputs[name, day] for name in names if (name, day) in inputs]
    provisional = len(present) < len(names) or any(row.status == "provisional" for row in present)
    through = [row.complete_through for row in present if row.complete_through]
    versions = {row.asset: row.version for row in present}
    closed = any(row.status == "closed" for row in present)  # only what is made of the bill can be
    status = "provisional" if provisional else "closed" if closed else "complete"
    return DayState(status, min(through, default=None), versions)
