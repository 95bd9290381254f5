"""What is worth saying, to whom, at most once per cause; at least once in spite of failures.

Here: the messages, each with the next command in it, and sending what is due. Every channel is a URL as Apprise takes
it: Slack, mail, and the rest. Not here: keeping messages (warehouse/outbox.py), noticing things (automation.py).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import sha256

import apprise

from unit_economics.business_days import ranges
from unit_economics.checks import Finding
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse import outbox
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.outbox import Due, Message

Send = Callable[[Message], bool]


def red_checks(asset: str, findings: Sequence[Finding]) -> list[Message]:
    """One message for each check and reason that keeps days out."""
    days: dict[tuple[str, str], list[date]] = {}
    for finding in findings:
        if finding.blocks:
            days.setdefault((finding.check, finding.text), []).append(finding.day)
    return [_red(asset, check, text, of_cause) for (check, text), of_cause in days.items()]


def _red(asset: str, check: str, text: str, days: list[date]) -> Message:
    which = shown(days)
    key = sha256(text.encode()).hexdigest()[:8] if len(days) > 1 else str(days[0])
    return Message(
        f"check/{asset}/{check}/{key}",
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


def deliver(warehouse: Warehouse, send: Send) -> tuple[int, int]:
    """Send what is due; returns how many were sent and how many must wait. A message is marked only after it went."""
    with outbox.due(warehouse) as (connection, messages):
        results = [(one, send(one.message)) for one in messages]
        for one, accepted in results:
            _mark(connection, one, accepted=accepted)
    return sum(accepted for _, accepted in results), sum(not accepted for _, accepted in results)


def _mark(connection: Connection, one: Due, *, accepted: bool) -> None:
    if accepted:
        outbox.sent(connection, one)
    else:
        outbox.failed(connection, one, "a channel did not take it")


def channels(outside: Outside, variables: Sequence[str]) -> Send:
    """Send to every URL that these variables hold; a message counts as sent only when all of them took it."""
    everywhere = apprise.Apprise()
    for name in variables:
        if not everywhere.add(outside.secret(name)):
            raise UsageRefusal(
                "the variable holds no URL that Apprise knows",
                where=name,
                remedy="Write it as Apprise's list of services shows, for example slack://... or mailto://...",
            )
    return lambda message: bool(everywhere.notify(title=message.title, body=message.body))
