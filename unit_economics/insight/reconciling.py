"""An invoice held against what was billed for it: the difference, what explains it, what is left, and the state.

    difference = invoice - billed = sum of the items + unexplained, exactly
    score      = 1 - |billed - invoice| / |invoice|, not below 0

Here: the judgement of one invoice. Not here: the items (differences.py), reading either side, or storing it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Literal

from unit_economics.business_days import shown
from unit_economics.exact import EXACT, RATIO
from unit_economics.insight.differences import ZERO, Charged, Item, Kind, items_of

State = Literal["void", "no_amount", "open", "provisional", "reconciled", "explained", "unexplained", "not_held"]
Status = Literal["provisional", "issued", "paid", "void"]
FINAL: tuple[Status, ...] = ("issued", "paid")
"""What can be closed by: anything before may still change."""


@dataclass(frozen=True)
class Question:
    """An invoice and what is known of it.

    amount: None where nobody stated it; parts: what it states of itself; tolerance: what may stay unexplained;
    smallest: the currency's smallest coin; is_over: whether its period is; lacking: its days that are not stored or
    not complete; doubt: why what was billed can't be told; not_in_mart: which of its days the mart never has, in words.
    """

    status: Status
    amount: Decimal | None
    parts: Mapping[Kind, Decimal]
    charged: Charged
    by_hand: Sequence[Item]
    tolerance: Decimal
    smallest: Decimal
    is_over: bool = True
    lacking: Sequence[date] = ()
    doubt: str = ""
    not_in_mart: str = ""


@dataclass(frozen=True)
class Answer:
    """How an invoice stands; what can't be computed is None, and `reason` says why."""

    state: State
    reason: str = ""
    difference: Decimal | None = None
    score: Decimal | None = None
    items: Sequence[Item] = field(default_factory=tuple)
    explained: Decimal | None = None
    unexplained: Decimal | None = None


def answer(asked: Question) -> Answer:
    """How the invoice stands against what was billed for it."""
    if asked.status == "void":
        return Answer("void", "it was voided")
    if asked.amount is None:
        return Answer("no_amount", "the bill names it and nobody stated its amount")
    if not asked.is_over or asked.lacking:
        return _measured(asked, asked.amount, "open", _why_open(asked))
    if asked.status in FINAL:
        found = _measured(asked, asked.amount)
    else:
        found = _measured(asked, asked.amount, "provisional", "it is not issued yet")
    if asked.not_in_mart and _may_be_elsewhere(asked, asked.amount, found.unexplained):
        return Answer("not_held", f"cannot be held: {asked.not_in_mart}")
    return found


def _may_be_elsewhere(asked: Question, amount: Decimal, left: Decimal | None) -> bool:
    """Whether charges of days that the mart never has can be what is left: some are there, and the invoice is more."""
    if left is None:
        return not asked.doubt
    is_more = left.copy_abs() > asked.tolerance and (left > ZERO) == (amount > ZERO)
    return is_more and asked.charged.charge_rows > 0


def _measured(asked: Question, amount: Decimal, state: State | None = None, reason: str = "") -> Answer:
    billed = asked.charged.billed
    if billed is None:
        why = asked.doubt or "what was billed for it can't be told"
        return Answer(state or "unexplained", "; ".join(filter(None, [reason, why])))
    difference = EXACT.subtract(amount, billed)
    items = items_of(difference, asked.parts, asked.charged, asked.by_hand, asked.smallest)
    explained = reduce(EXACT.add, (item.amount for item in items), ZERO)
    rest = EXACT.subtract(difference, explained)
    score = _score(difference, amount)
    return Answer(state or _state(asked, difference, rest, items), reason, difference, score, items, explained, rest)


def _state(asked: Question, difference: Decimal, rest: Decimal, items: Sequence[Item]) -> State:
    if rest.copy_abs() > asked.tolerance:
        return "unexplained"
    plain = difference.copy_abs() <= asked.tolerance or all(item.kind == "rounding" for item in items)
    return "reconciled" if plain else "explained"


def _score(difference: Decimal, amount: Decimal) -> Decimal | None:
    """None for an invoice of nothing: no part of it can be told."""
    if amount == ZERO:
        return None
    return max(ZERO, RATIO.subtract(Decimal(1), RATIO.divide(difference.copy_abs(), amount.copy_abs())))


def _why_open(asked: Question) -> str:
    if not asked.is_over:
        return "its period is not over"
    return f"not stored or not complete yet: {shown(asked.lacking)}"
