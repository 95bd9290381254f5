"""What is worth saying, to whom, at most once per cause; at least once in spite of failures.

Here: the messages, each with the next command in it, and sending what is due. Every channel is a URL as Apprise takes
it: Slack, mail, and the rest. Not here: keeping messages (warehouse/outbox.py), noticing things (automation.py).
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from time import monotonic

import apprise

from unit_economics.business_days import ranges
from unit_economics.checks import Finding
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse import outbox
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.outbox import Due, Message

Send = Callable[[Message], bool]
Channels = Mapping[str, Send]
PATIENCE_SECONDS = 30
"""Dagster ends a sensor that takes longer than a minute."""


def red_checks(asset: str, findings: Sequence[Finding]) -> list[Message]:
    """One message for each check and reason that keeps days out."""
    days: dict[tuple[str, str], list[date]] = {}
    for finding in findings:
        if finding.blocks:
            days.setdefault((finding.check, finding.text), []).append(finding.day)
    return [_red(asset, check, text, of_cause) for (check, text), of_cause in days.items()]


def _red(asset: str, check: str, text: str, days: list[date]) -> Message:
    which = shown(days)
    return Message(
        f"check/{asset}/{check}/{'+'.join(map(str, ranges(days)))}"[:500],
        f"{asset}: check {check} is red for {which}",
        f"{text}\nThe days were not stored and nothing was published for them.\n"
        f"Mend the source, then: unit-economics run --from {min(days)} --to {max(days)}",
    )


def failed_run(job: str, run_id: str, days: str, reason: str) -> Message:
    """A run that failed for another reason than a red check."""
    return Message(
        f"run/{job}/{days}/{sha256(reason.encode()).hexdigest()[:8]}",
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


def stale(asset: str, day: date, reason: str) -> Message:
    """The latest closed day is not there by its deadline."""
    return Message(
        f"stale/{asset}/{day}",
        f"{asset}: {day} is not there by its deadline",
        f"{reason}\nTry now with: unit-economics run --from {day} --to {day}\nSee why with: unit-economics doctor",
    )


def shown(days: Iterable[date]) -> str:
    """Days for people: `2026-01-03, 2026-01-05 to 2026-01-09`."""
    return ", ".join(str(part) for part in ranges(days))


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
    """One channel a variable; refused, by name, where one holds no URL that Apprise knows."""
    # Apprise would log an address that it does not understand, password and all.
    logging.getLogger("apprise").disabled = True
    return {name: _channel(outside.secret(name), name) for name in variables}


def _channel(url: str, name: str) -> Send:
    channel = apprise.Apprise()
    if not channel.add(url):
        raise UsageRefusal(
            "the variable holds no URL that Apprise knows",
            where=name,
            remedy="Write it as Apprise's list of services shows, for example slack://... or mailto://...",
        )
    return lambda message: bool(channel.notify(title=message.title, body=message.body))
