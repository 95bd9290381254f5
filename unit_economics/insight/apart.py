"""Why another tool shows another unit cost of the same day: a walk from ours to theirs, whose steps add up exactly.

    scope        their report holds other charges than our cost scope
    basis        their report is saved with other settings: amortised, credits, refunds, discounts, tax
    denominator  they divide by another number of units
    timing       the day may still grow here or there, or they have divided at another moment than they were asked

The walk changes one thing at a time, in this order: our cost over our units; their cost, asked for with our settings,
over our units; with their saved settings; over their units; what they show. Each place is rounded once, as every unit
cost is (`exact.RATIO`), and a step is the exact difference of two places: so the steps add up, whatever the numbers.
The order is a choice, as in every such walk: cost before units, so that money is told in the units that people know.

Here: the arithmetic. Not here: asking for either side, what is too far apart to be fine (proof/).
"""

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import Literal

from unit_economics.exact import RATIO

_WIDE = Context(prec=400, traps=[Inexact])
"""The difference of two places of 28 digits each, however far apart their magnitudes are."""

PARTS = ("scope", "basis", "denominator", "timing")
Word = Literal["same", "explained", "drift"]


@dataclass(frozen=True)
class Ours:
    """One day here: what the units cost, in one currency, and whether the day is complete. `quantity` is not 0."""

    cost: Decimal
    quantity: Decimal
    is_complete: bool

    @property
    def unit_cost(self) -> Decimal:
        """The cost of one unit."""
        return RATIO.divide(self.cost, self.quantity)


@dataclass(frozen=True)
class Theirs:
    """One day there.

    unit_cost: as it is shown, of `scale` units; scale: above 0; amount: of the business metric, not 0; cost: asked for
    with our settings; cost_as_saved: with those that the report is saved with.
    """

    unit_cost: Decimal
    scale: Decimal
    amount: Decimal
    cost: Decimal
    cost_as_saved: Decimal

    @property
    def shown(self) -> Decimal:
        """What is shown, of one unit."""
        return RATIO.divide(self.unit_cost, self.scale)

    @property
    def quantity(self) -> Decimal:
        """The units that they divide by.

        The contract does not say whether `amount` has been divided by the scale; their own quotient does.
        """
        scaled = _WIDE.multiply(self.amount, self.scale)
        return min((self.amount, scaled), key=lambda units: abs(self.cost_as_saved - RATIO.multiply(self.shown, units)))


@dataclass(frozen=True)
class Apart:
    """The difference and its parts, of one unit: shown - unit_cost = scope + basis + denominator + timing, exactly."""

    unit_cost: Decimal
    shown: Decimal
    scope: Decimal
    basis: Decimal
    denominator: Decimal
    timing: Decimal
    is_complete: bool

    @property
    def difference(self) -> Decimal:
        """What is shown there, less ours."""
        return _less(self.shown, self.unit_cost)

    def word(self, tolerance: Decimal) -> Word:
        """`drift`: other charges or other units on a complete day, by more than this share of our unit cost."""
        most = abs(self.unit_cost) * tolerance
        if self.is_complete and max(abs(self.scope), abs(self.denominator)) > most:
            return "drift"
        return "explained" if abs(self.difference) > most else "same"


def apart(ours: Ours, theirs: Theirs) -> Apart:
    """The walk from ours to theirs."""
    units, start = ours.quantity, ours.unit_cost
    their_cost, as_saved = RATIO.divide(theirs.cost, units), RATIO.divide(theirs.cost_as_saved, units)
    their_units = RATIO.divide(theirs.cost_as_saved, theirs.quantity)
    other_charges, late = _less(their_cost, start), _less(theirs.shown, their_units)
    return Apart(
        unit_cost=start,
        shown=theirs.shown,
        scope=other_charges if ours.is_complete else Decimal(0),
        basis=_less(as_saved, their_cost),
        denominator=_less(their_units, as_saved),
        timing=late if ours.is_complete else _sum(late, other_charges),
        is_complete=ours.is_complete,
    )


def _less(one: Decimal, other: Decimal) -> Decimal:
    return _WIDE.subtract(one, other)


def _sum(*parts: Decimal) -> Decimal:
    return reduce(_WIDE.add, parts)
