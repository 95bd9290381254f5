"""What a destination holds, against what was sent and what is right now: one word for each day.

    same     it holds what is right
    edited   it holds neither what was sent nor what is right: somebody changed it there
    deleted  it holds nothing of a day that was sent
    behind   it holds what was sent, and the mart has moved on since; the publication follows by itself
    foreign  it holds what was never sent: another day, another label, another hour

Here: the words and their rule. Not here: asking a destination (sinks/), what was sent (warehouse/publications.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Verdict = Literal["same", "edited", "deleted", "behind", "foreign"]
Sent = Mapping[date, Sequence[Decimal]]
"""What was sent of each day: what it was last seen to hold first, then what was sent since and never seen to arrive."""
TOUCHED: frozenset[Verdict] = frozenset({"edited", "deleted"})
"""Somebody else has changed what was sent."""


@dataclass(frozen=True)
class Holding:
    """One day: what the destination holds, what was sent last, and what is right now; None is nothing, never 0.

    ours: None where the mart has nothing that may go out. beside: what else is there, in words.
    """

    day: date
    verdict: Verdict
    held: Decimal | None
    sent: Decimal | None
    ours: Decimal | None
    beside: str = ""


def holdings(
    held: Mapping[date, Decimal], beside: Mapping[date, str], sent: Sent, ours: Mapping[date, Decimal]
) -> list[Holding]:
    """A word for every day that is held or was sent, oldest first."""
    days = sorted({*held, *beside, *sent})
    return [_holding(day, held.get(day), beside.get(day, ""), sent.get(day, ()), ours.get(day)) for day in days]


def of(verdicts: Iterable[Verdict], found: Iterable[Holding]) -> Iterator[Holding]:
    """Those with one of these words."""
    chosen = set(verdicts)
    return (one for one in found if one.verdict in chosen)


def was_touched(held: Decimal | None, sent: Sequence[Decimal]) -> bool:
    """Whether somebody else wrote or deleted this: it is not what was sent, nor nothing where nothing was sent."""
    return bool(sent) if held is None else held not in sent


def _holding(day: date, held: Decimal | None, beside: str, sent: Sequence[Decimal], ours: Decimal | None) -> Holding:
    verdict = _verdict(held, sent, ours)
    is_foreign = verdict == "same" and beside
    return Holding(day, "foreign" if is_foreign else verdict, held, sent[0] if sent else None, ours, beside)


def _verdict(held: Decimal | None, sent: Sequence[Decimal], ours: Decimal | None) -> Verdict:
    """What is right is the same, whoever wrote it: an answer that got lost may have come from our own call."""
    if held is None:
        return "deleted" if sent else "same"
    if held == ours:
        return "same"
    if not sent:
        return "foreign"
    if held not in sent:
        return "edited"
    return "same" if ours is None else "behind"
