"""What is worth saying, to whom, at most once per cause; at least once in spite of failures.

Here: the messages, each with the next command in it, and sending what is due. Every channel is a URL as Apprise takes
it: Slack, mail, and the rest. Not here: keeping messages (warehouse/outbox.py), noticing things (automation.py).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from time import monotonic

import apprise

from unit_economics.business_days import DayRange, shown
from unit_economics.checks import Finding
from unit_economics.outside import Outside
from unit_economics.warehouse import outbox
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.ledger import Attempt
from unit_economics.warehouse.outbox import Due, Message
from unit_economics.warehouse.redefined import Redefined

Send = Callable[[Message], bool]
Channels = Mapping[str, Send]
MOST_REASONS = 5
PATIENCE_SECONDS = 30
"""Dagster ends a sensor that takes longer than a minute."""


def red_checks(asset: str, findings: Sequence[Finding]) -> list[Message]:
    """One message for each check that keeps days out, with the reasons day by day."""
    blocking = [finding for finding in findings if finding.blocks]
    by_check = {check: [one for one in blocking if one.check == check] for check in {one.check for one in blocking}}
    return [_red(asset, check, of_check) for check, of_check in sorted(by_check.items())]


def _red(asset: str, check: str, findings: Sequence[Finding]) -> Message:
    days = sorted(finding.day for finding in findings)
    reasons = sorted({finding.text for finding in findings})
    said = reasons if len(reasons) == 1 else [f"{one.day}: {one.text}" for one in findings]
    more = [f"... and {len(said) - MOST_REASONS} more"] if len(said) > MOST_REASONS else []
    return Message(
        f"check/{asset}/{check}/{_short(' '.join([*map(str, days), *reasons]))}",
        f"{asset}: check {check} is red for {shown(days)}",
        "\n".join([*said[:MOST_REASONS], *more])
        + "\nThe days were not stored and nothing was published for them.\n"
        + f"Mend the source, then: unit-economics run --from {days[0]} --to {days[-1]}",
    )


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def failed_run(job: str, run_id: str, days: str, reason: str) -> Message:
    """A run that failed for another reason than a red check."""
    return Message(
        f"run/{job}/{days}/{_short(reason)}",
        f"Run of {job} failed for {days or 'no partition'}",
        f"{reason[:500]}\nRun {run_id}. See what is missing with: unit-economics status",
    )


def missing_days(asset: str, days: Sequence[date], tries: int) -> Message:
    """Days that are not there although they were tried again and again."""
    return Message(
        f"missing/{asset}/{max(days)}",
        f"{asset}: {shown(days)} is still missing after {tries} tries",
        "The gap sensor tries again tomorrow. See why with: unit-economics status\n"
        f"Try now with: unit-economics run --from {min(days)} --to {max(days)} --only {asset}",
    )


def redefined(attempt: Attempt, former: Sequence[Redefined], *, others_follow: bool) -> Message:
    """Stored days mean something else by the catalogue as it is now: how many, and since when; said once a change."""
    count = sum(one.days for one in former)
    span = DayRange(min(one.first_day for one in former), max(one.last_day for one in former))
    were = [
        f"{one.days} from {one.first_day} to {one.last_day} have definition {one.definition or '(none)'}"
        f" (catalogue {one.catalogue_version})"
        for one in former
    ]
    rest = (
        "The missing-days sensor makes new versions of the others, back to automation.gap_horizon."
        if others_follow
        else "Older days keep their definition. New versions of them: "
        f"unit-economics run --from {span.first} --to {span.last} --only {attempt.asset}"
    )
    return Message(
        f"redefined/{attempt.asset}/{attempt.definition}",
        f"{attempt.asset} means something else: {count} stored day{'' if count == 1 else 's'} had another definition",
        "\n".join(were)
        + f"\nThe definition is {attempt.definition} now (catalogue {attempt.run.catalogue_version}).\n{rest}\n"
        + "Nothing was overwritten: see day_versions and definitions, or unit-economics catalogue diff",
    )


def touched(asset: str, findings: Sequence[Finding]) -> list[Message]:
    """One message for what somebody changed at a destination: it was sent again, so nobody would see it otherwise."""
    changed = [finding for finding in findings if not finding.passed]
    if not changed:
        return []
    said = [f"{finding.day}: {finding.text}" for finding in changed]
    more = [f"... and {len(said) - MOST_REASONS} more"] if len(said) > MOST_REASONS else []
    days = [finding.day for finding in changed]
    return [
        Message(
            f"touched/{asset}/{_short(' '.join(said))}",
            f"{asset}: somebody else changed {shown(days)} there",
            "\n".join([*said[:MOST_REASONS], *more])
            + "\nIf the other value is right, mend the source: the next publication would replace it again.\n"
            + "What was held before is in the view publications.",
        )
    ]


def failed_proof(asset: str, check: str, about: str, reason: str) -> Message:
    """A proof that failed: the same reason is said once, until it is another one or still holds after a while."""
    return Message(
        f"proof/{asset}/{check}/{about}/{_short(reason)}",
        f"{asset}: {check} failed{f' for {about}' if about else ''}",
        f"{reason}\nNothing that is stored was changed by it.",
    )


def stale(asset: str, day: date, reason: str) -> Message:
    """The latest closed day is not there by its deadline."""
    return Message(
        f"stale/{asset}/{day}",
        f"{asset}: {day} is not there by its deadline",
        f"{reason}\nTry now with: unit-economics run --from {day} --to {day}\nSee why with: unit-economics doctor",
    )


def deliver(warehouse: Warehouse, channels: Channels) -> tuple[int, int]:
    """Send what is due; returns how many messages every channel took, and how many must wait for one.

    No transaction is open while a channel is asked, and each answer is kept at once: whatever happens in between, a
    message is sent again to nobody who took it, and holds up no other.
    """
    sent = waiting = 0
    until = monotonic() + PATIENCE_SECONDS
    with warehouse.connection() as connection:
        while monotonic() < until and (one := outbox.claim(connection)):
            refusing = [name for name, send in channels.items() if not _took(connection, one, name, send)]
            outbox.settle(connection, one, refusing)
            sent, waiting = sent + (not refusing), waiting + bool(refusing)
    return sent, waiting


def _took(connection: Connection, one: Due, name: str, send: Send) -> bool:
    if name in one.sent_to:
        return True
    accepted = send(one.message)
    if accepted:
        outbox.taken_by(connection, one, name)
    return accepted


def channels(outside: Outside, variables: Sequence[str]) -> Channels:
    """One channel a variable."""
    # Apprise would log an address that it does not understand, password and all.
    logging.getLogger("apprise").disabled = True
    return {name: _channel(outside, name) for name in variables}


def _channel(outside: Outside, name: str) -> Send:
    """A channel that can't be had takes nothing: the others are not to fall silent with it (`doctor` says why)."""
    channel = apprise.Apprise()
    if not channel.add(outside.setting(name, "")):
        return lambda _message: False
    return lambda message: bool(channel.notify(title=message.title, body=message.body))
