"""Shared cost: what each target pays in the end, in double entry. Sums of a day in, lines that add up to them out.

Here: taking the shares in their order, and who gets what. Not here: which charges a rule takes (rules.py), the weights
of a key (keys.py), dividing without losing a micro-unit (largest_remainder.py), any I/O.

    step 0   direct: what the rules gave a target
    step n   the n-th share that holds on the day: its pool gets -X, the receivers get +X in total

- Each day and currency is divided by itself; the limits of tiers are in the currency of the cost.
- At its turn a pool gives what it has: its direct cost, and what pools before it gave it.
- Where no weight is above 0, the amount goes to `unallocated`, and a sentence says why. Nobody else gets it by default.
- Where an amount or a weight is not known because the source does not state a cost, neither is what follows from it:
  these lines have no amount, and a sentence says so.

Sources: step-down, Horngren, Datar and Rajan, "Cost Accounting", on support departments, and Kaplan (1973), "Variable
and Self-Service Costs in Reciprocal Allocation Models"; the negative line, Koku's distribution of platform cost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import groupby

from unit_economics.allocation.keys import ZERO, Basis, Piece, Quantities, basis_of, pieces_of
from unit_economics.allocation.largest_remainder import split
from unit_economics.entries.allocation import UNALLOCATED, Allocation, Key, Share, Tiers
from unit_economics.exact import total

NOT_STATED = "the source does not state a cost that this needs"


@dataclass(frozen=True)
class Direct:
    """What the scan summed: one rule's charges of one day and currency; `rule` may be one of our own lines.

    amount: None where a charge does not state this cost.
    """

    day: date
    currency: str
    rule: str
    target: str
    amount: Decimal | None
    charge_rows: int


@dataclass(frozen=True)
class Line:
    """One entry of the books: `target` gets the amount.

    source: the pool that it comes from; None for direct cost, and for the pool itself, which gives it away. The lines
        of one rule of one step add up to 0.
    charge_rows: counted once, in the direct line.
    """

    day: date
    currency: str
    step: int
    rule: str
    source: str | None
    target: str
    amount: Decimal | None
    charge_rows: int


@dataclass(frozen=True)
class Allocated:
    """The lines, which add up to the direct amounts; and for each day with a share that could not be divided, why."""

    lines: Sequence[Line]
    unbased: Mapping[date, str]


def allocate(
    allocation: Allocation, direct: Iterable[Direct], quantities: Quantities, variant: str | None = None
) -> Allocated:
    """Direct and shared cost of every target, whatever the order of `direct`.

    variant: use the alternative keys of this name, where a share has one.
    """
    lines: list[Line] = []
    lacking: dict[date, list[str]] = {}
    for (day, currency), entries in groupby(sorted(direct, key=_order), key=lambda entry: (entry.day, entry.currency)):
        book = _Book(day, currency, entries, quantities)
        for step, share in enumerate((share for share in allocation.shared if share.holds_on(day)), start=1):
            book.divide(step, share, share.or_by.get(variant or "", share.by))
        lines += book.lines
        lacking.setdefault(day, []).extend(book.lacking)
    return Allocated(lines, {day: "; ".join(dict.fromkeys(why)) for day, why in lacking.items() if why})


def _order(entry: Direct) -> tuple[date, str, str, str]:
    return entry.day, entry.currency, entry.target, entry.rule


class _Book:
    """The lines of one day and currency, and what each target has after them."""

    def __init__(self, day: date, currency: str, entries: Iterable[Direct], quantities: Quantities) -> None:
        self.day, self.currency, self.quantities = day, currency, quantities
        self.lines: list[Line] = []
        self.lacking: list[str] = []
        self.has: dict[str, Decimal | None] = {}
        for entry in entries:
            self._write(0, entry.rule, None, entry.target, entry.amount, entry.charge_rows)
        self.direct = dict(self.has)

    def divide(self, step: int, share: Share, key: Key | Tiers) -> None:
        """Let the others pay for the share's pool."""
        for piece in pieces_of(key, self.has.get(share.cost_of, ZERO)):
            if piece.amount != 0:
                self._divide(step, share.cost_of, piece, self._basis(piece, share))

    def _basis(self, piece: Piece, share: Share) -> Basis:
        return basis_of(piece.key, share, self.day, self.direct, self.quantities)

    def _divide(self, step: int, pool: str, piece: Piece, basis: Basis) -> None:
        rule = f"{pool} by {piece.name}"
        paid = _paid(piece.amount, basis.weights)
        if paid is None:
            self.lacking.append(f"{rule}: {basis.lacking}")
            rule, paid = f"{rule}: no basis", {UNALLOCATED: piece.amount}
        elif None in paid.values():
            self.lacking.append(f"{rule}: {NOT_STATED}")
        moved = {target: amount for target, amount in paid.items() if target != pool and amount != 0}
        if moved:
            given = reduce(total, moved.values(), ZERO)
            self._write(step, rule, None, pool, None if given is None else given.copy_negate())
            for target, amount in moved.items():
                self._write(step, rule, pool, target, amount)

    def _write(
        self, step: int, rule: str, source: str | None, target: str, amount: Decimal | None, charge_rows: int = 0
    ) -> None:
        self.lines.append(Line(self.day, self.currency, step, rule, source, target, amount, charge_rows))
        self.has[target] = total(self.has.get(target, ZERO), amount)


def _paid(amount: Decimal | None, weights: Mapping[str, Decimal | None]) -> Mapping[str, Decimal | None] | None:
    """What each pays: not known where the amount or one of the weights is not; None where nobody can pay."""
    known = {name: weight for name, weight in weights.items() if weight is not None}
    if amount is not None and len(known) == len(weights):
        return split(amount, known)
    payers = [name for name, weight in weights.items() if weight is None or weight > 0]
    return dict.fromkeys(payers) if payers else None
