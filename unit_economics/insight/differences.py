"""Why an invoice is another amount than what was billed for it: each part of the difference with what it rests on.

An invoice may state how much of it is tax, credits, a support fee or bought in a marketplace; the charges tell the same
of themselves. Where the two differ, that part of the difference is explained by both sides. A person may explain a
part with a reason. What only the charges suggest (they are on no invoice yet, another issuer's) is taken where it
fits: it has the sign of what is left and is not larger. Last comes rounding, of less than one smallest coin a day.

Here: the items. Not here: what is left, and what becomes of the invoice (reconciling.py), or reading either side.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Literal, get_args

from unit_economics.exact import EXACT

Kind = Literal["tax", "credits", "support", "marketplace", "timing", "rounding", "out_of_scope", "unreadable_source"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PARTS: tuple[Kind, ...] = ("tax", "credits", "support", "marketplace")
"""What an invoice may state of itself, and the charges too."""
ZERO = Decimal(0)
_SUPPORT = re.compile(r"\bsupport\b", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """A part of a difference, signed as the difference: what the invoice has more than the charges.

    origin: the invoice itself, a person's hand, or the charges.
    """

    kind: Kind
    amount: Decimal
    evidence: str
    origin: Literal["invoice", "hand", "charges"]


@dataclass(frozen=True)
class Charged:
    """What the mart holds for an invoice.

    billed: None where it can't be told; parts: how much of it is of each of `PARTS`, none where it is nothing; days:
    how many have a charge of it. not_invoiced: what else its account was billed in its period that is on no invoice
    yet; of_other_issuers: the same of other issuers, on no stated invoice.
    """

    billed: Decimal | None
    charge_rows: int = 0
    days: int = 0
    parts: Mapping[Kind, Decimal] = field(default_factory=dict[Kind, Decimal])
    not_invoiced: Decimal = ZERO
    of_other_issuers: Decimal = ZERO


def part_of(category: str, service: str | None, publisher: str | None, sellers: Sequence[str | None]) -> Kind | None:
    """Which part of an invoice a charge is; None for plain usage and purchases from the provider itself.

    sellers: the provider and the issuer of the invoice. What neither of them publishes is bought in a marketplace.
    """
    if category == "Tax":
        return "tax"
    if category == "Credit":
        return "credits"
    if service and _SUPPORT.search(service):
        return "support"
    return "marketplace" if publisher and publisher not in sellers else None


def items_of(
    difference: Decimal,
    stated: Mapping[Kind, Decimal],
    charged: Charged,
    by_hand: Sequence[Item],
    smallest: Decimal,
) -> list[Item]:
    """What explains the difference, in the order of how sure it is.

    stated: the parts that the invoice states, of `PARTS`; by_hand: what a person says goes before what is found of
    the same kind; smallest: the smallest coin of the currency.
    """
    said = {item.kind for item in by_hand}
    found = [*by_hand, *(item for item in _by_both_sides(stated, charged) if item.kind not in said)]
    most = smallest * charged.days
    for item in _suggested(charged):
        rest = _rest(difference, found)
        if item.kind not in {one.kind for one in found} and _fits(item.amount, rest, most):
            found.append(item)
    rest = _rest(difference, found)
    if "rounding" not in said and ZERO < rest.copy_abs() < most:
        found.append(Item("rounding", rest, f"less than {smallest:f} on each of {charged.days} days", "charges"))
    return found


def _rest(difference: Decimal, items: Sequence[Item]) -> Decimal:
    return reduce(EXACT.subtract, (item.amount for item in items), difference)


def _fits(amount: Decimal, rest: Decimal, rounding: Decimal) -> bool:
    """Whether it explains some of the rest and nothing beyond it: what an invoice has is rounded."""
    is_same_way = ZERO not in (amount, rest) and (amount > ZERO) == (rest > ZERO)
    return is_same_way and amount.copy_abs() <= EXACT.add(rest.copy_abs(), rounding)


def _by_both_sides(stated: Mapping[Kind, Decimal], charged: Charged) -> Iterator[Item]:
    for kind in PARTS:
        if kind not in stated:
            continue
        held = charged.parts.get(kind, ZERO)
        amount = EXACT.subtract(stated[kind], held)
        if amount != ZERO:
            evidence = f"the invoice states {_plain(stated[kind])} of {kind}, the charges hold {_plain(held)}"
            yield Item(kind, amount, evidence, "invoice")


def _suggested(charged: Charged) -> Iterator[Item]:
    told = "of the same account, period and currency"
    yield Item("timing", charged.not_invoiced, f"charges {told} are on no invoice yet", "charges")
    yield Item("marketplace", charged.of_other_issuers, f"charges {told} are issued by others", "charges")


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
