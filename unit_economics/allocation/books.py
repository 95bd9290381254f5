"""What one target's cost is made of: its entries in the books, each with the pool, the weights and the share behind it.

Here: reading stored lines backwards. Not here: making them (double_entry.py), asking for them
(warehouse/explaining.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

from unit_economics.allocation.double_entry import Line
from unit_economics.allocation.keys import ZERO, Quantities, basis_of, pieces_of
from unit_economics.entries.allocation import Allocation
from unit_economics.exact import RATIO, total

Weights = Mapping[str, Decimal | None]


@dataclass(frozen=True)
class Pool:
    """The pool behind a shared entry: what it had at its turn, and what it gave away by this rule."""

    name: str
    had: Decimal | None
    gave: Decimal | None


@dataclass(frozen=True)
class Posting:
    """One entry of a target. Direct cost has no pool; a target that is a pool itself has a negative entry.

    share: the part of what the pool gave; weights: of all who share, empty where they are no longer known.
    """

    step: int
    rule: str
    amount: Decimal | None
    charge_rows: int
    pool: Pool | None
    share: Decimal | None
    weights: Weights


def postings(lines: Sequence[Line], target: str, weights: Mapping[tuple[int, str], Weights]) -> list[Posting]:
    """The entries of one target, out of all lines of a scope, day and currency."""
    return [_posting(lines, line, weights.get((line.step, line.rule), {})) for line in lines if line.target == target]


def amount_of(lines: Iterable[Line]) -> Decimal | None:
    """The exact sum; None where an amount is not stated."""
    return reduce(total, (line.amount for line in lines), ZERO)


def weights_of(
    allocation: Allocation, day: date, lines: Sequence[Line], quantities: Quantities
) -> dict[tuple[int, str], Weights]:
    """By step and rule, the weights that a key has for everybody who shares."""
    direct = {target: amount_of(_direct(lines, target)) for target in {line.target for line in lines}}
    shares = (share for share in allocation.shared if share.holds_on(day))
    return {
        (step, f"{share.cost_of} by {piece.name}"): basis_of(piece.key, share, day, direct, quantities).weights
        for step, share in enumerate(shares, start=1)
        for piece in pieces_of(share.by, None)
    }


def _direct(lines: Sequence[Line], target: str) -> list[Line]:
    return [line for line in lines if line.step == 0 and line.target == target]


def _posting(lines: Sequence[Line], line: Line, weights: Weights) -> Posting:
    if line.step == 0:
        return Posting(0, line.rule, line.amount, line.charge_rows, None, None, {})
    name = line.source or line.target
    had = amount_of(one for one in lines if one.target == name and one.step < line.step)
    taken = amount_of(one for one in lines if (one.step, one.rule, one.source) == (line.step, line.rule, None))
    gave = None if taken is None else taken.copy_negate()
    share = RATIO.divide(line.amount, gave) if line.source and line.amount is not None and gave else None
    return Posting(line.step, line.rule, line.amount, 0, Pool(name, had, gave), share, weights)
