"""Why did it change: the change between two windows, as terms that add up to it exactly, whatever their order.

Here: the bridge of a unit cost and of a total cost; cutting and rounding a bridge without losing a cent.
Not here: which windows and slices are compared, words and pictures, whether a change is more than noise.

    volume  there are more or fewer units
    price   a slice costs more or less: its bill, or its cost per own unit where units carry the same segments
    mix     a slice that is dearer (cheaper) than the average serves more (fewer) of the units
    other   the terms that `folded` put together

Sources: two factors, Bennet (1920), "The Theory of Measurement of Changes in Cost of Living"; rate and mix, Kitagawa
(1955), "Components of a Difference Between Two Rates"; all of them are Shapley values, Shorrocks (2013), "Decomposition
procedures for distributional analysis". A waterfall depends on its order, and a base-weighted index leaves a residual.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Generic, Literal, TypeVar

Kind = Literal["volume", "price", "mix", "other"]
Number = TypeVar("Number", Fraction, Decimal)  # exact, or rounded to be shown

ZERO = Fraction(0)


@dataclass(frozen=True)
class Slice:
    """What one team, service, ... cost in a window, and its own units; None where it shares the units of all."""

    cost: Decimal
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Window:
    """All units of some days, and the slices that their cost is the sum of."""

    quantity: Decimal
    slices: Mapping[str, Slice]


@dataclass(frozen=True)
class Term(Generic[Number]):
    """One reason of a change; `slice` is None for the volume and for units outside every slice."""

    kind: Kind
    slice: str | None
    amount: Number


@dataclass(frozen=True)
class Bridge(Generic[Number]):
    """before + the sum of the terms = after, the largest term first; exact, and with no term of 0, until rounded."""

    before: Number
    after: Number
    terms: tuple[Term[Number], ...]

    @property
    def change(self) -> Number:
        """What the terms add up to."""
        return self.after - self.before


def unit_cost_bridge(before: Window, after: Window, per: int = 1) -> Bridge[Fraction]:
    """Why the cost of `per` units changed; ValueError where a window has no units, or its slices more than it.

    A slice without own units is a bill that all units share: a larger bill is its price, more units are the volume.
    A slice with own units, in each window that has it, has a rate and a share of the units: its price and its mix.
    One that is in one window only, or without units there, has its other window's rate there: all of it is mix.
    What a slice costs in a window without own units, all units share.
    """
    first, second = _apart(before, after)
    terms = chain(
        _own_terms(first, second, _Two(Fraction(per), Fraction(per))),
        _shared_terms(first.bills, second.bills, _Two(per / first.quantity, per / second.quantity)),
    )
    return _bridge(per * first.cost / first.quantity, per * second.cost / second.quantity, terms)


def cost_bridge(before: Window, after: Window) -> Bridge[Fraction]:
    """Why the total cost changed: more units at the mean unit cost, and what `unit_cost_bridge` tells, in money."""
    first, second = _apart(before, after)
    units = _Two(first.quantity, second.quantity)
    terms = chain(
        _own_terms(first, second, units),
        _shared_terms(first.bills_per_unit, second.bills_per_unit, units),
    )
    return _bridge(first.cost, second.cost, terms)


def rounded(bridge: Bridge[Number], step: Decimal) -> Bridge[Decimal]:
    """All numbers in whole steps (0.01 for cents), and still the terms add up: by the largest remainder.

    The difference of the two rounded ends may be a step beside the rounded change; the ends are what a reader sees.
    """
    exact = [Fraction(term.amount) / Fraction(step) for term in bridge.terms]
    before, after = (round(Fraction(end) / Fraction(step)) for end in (bridge.before, bridge.after))
    steps = [round(amount) for amount in exact]
    missing = after - before - sum(steps)
    sign = 1 if missing > 0 else -1
    for n in sorted(range(len(steps)), key=lambda n: sign * (steps[n] - exact[n]))[: abs(missing)]:
        steps[n] += sign
    terms = [Term(term.kind, term.slice, count * step) for term, count in zip(bridge.terms, steps, strict=True)]
    return Bridge(before * step, after * step, tuple(sorted(terms, key=_rank)))


def folded(bridge: Bridge[Number], most: int) -> Bridge[Number]:
    """The `most` largest terms, and the sum of the rest as one term "other", which is the last."""
    kept, rest = bridge.terms[:most], bridge.terms[most:]
    if not rest:
        return bridge
    amount = sum((term.amount for term in rest[1:]), start=rest[0].amount)
    return Bridge(bridge.before, bridge.after, (*kept, Term("other", None, amount)))


def main_cause(bridge: Bridge[Number]) -> Term[Number] | None:
    """The largest term that goes the way of the change; None where nothing changed."""
    return next((term for term in bridge.terms if term.amount * bridge.change > 0), None)


@dataclass(frozen=True)
class _Two:
    """One number in both windows."""

    before: Fraction
    after: Fraction

    @property
    def mean(self) -> Fraction:
        return (self.before + self.after) / 2

    @property
    def change(self) -> Fraction:
        return self.after - self.before


@dataclass(frozen=True)
class _Parts:
    """A window taken apart: shares of the units and cost per own unit, and the bills that all units share."""

    quantity: Fraction
    shares: dict[str | None, Fraction]  # None: the units outside every slice, at no cost of their own
    rates: dict[str | None, Fraction]  # no entry where there is no unit
    bills: dict[str, Fraction]

    @property
    def rate(self) -> Fraction:
        return sum((share * self.rates.get(name, ZERO) for name, share in self.shares.items()), ZERO)

    @property
    def bills_per_unit(self) -> dict[str, Fraction]:
        return {name: bill / self.quantity for name, bill in self.bills.items()}

    @property
    def cost(self) -> Fraction:
        return self.quantity * self.rate + sum(self.bills.values())


def _apart(before: Window, after: Window) -> tuple[_Parts, _Parts]:
    sharing = {name for window in (before, after) for name, part in window.slices.items() if part.quantity is None}
    return _parts(before, sharing), _parts(after, sharing)


def _parts(window: Window, sharing: set[str]) -> _Parts:
    quantity = Fraction(window.quantity)
    slices = window.slices.items()
    units = {name: Fraction(part.quantity) for name, part in slices if part.quantity and name not in sharing}
    outside = quantity - sum(units.values())
    if quantity <= 0 or outside < 0 or any(own < 0 for own in units.values()):
        raise ValueError(f"{window.quantity} units, of which the slices have {quantity - outside}: no unit cost")
    return _Parts(
        quantity,
        {None: outside / quantity, **{name: own / quantity for name, own in units.items()}},
        {name: Fraction(window.slices[name].cost) / own for name, own in units.items()},
        {name: Fraction(part.cost) for name, part in slices if name not in units},
    )


def _own_terms(first: _Parts, second: _Parts, size: _Two) -> Iterator[Term[Fraction]]:
    """The terms of size x share x rate over all slices; mix is centred, so that it reads slice by slice."""
    average = _Two(first.rate, second.rate)
    for name in first.shares.keys() | second.shares.keys():
        share = _Two(first.shares.get(name, ZERO), second.shares.get(name, ZERO))
        known = first.rates.get(name, second.rates.get(name, ZERO))
        rate = _Two(known, second.rates.get(name, known))
        yield Term("volume", None, size.change * _others(share, rate))
        yield Term("mix", name, share.change * (_others(size, rate) - _others(size, average)))
        yield Term("price", name, rate.change * _others(size, share))


def _others(one: _Two, two: _Two) -> Fraction:
    """What the third of three factors multiplies: the mean of one x two over all orders of change (Shapley)."""
    same = one.before * two.before + one.after * two.after
    return (2 * same + one.before * two.after + one.after * two.before) / 6


def _shared_terms(
    first: Mapping[str, Fraction], second: Mapping[str, Fraction], size: _Two
) -> Iterator[Term[Fraction]]:
    """The terms of size x the sum of amounts."""
    for name in first.keys() | second.keys():
        amount = _Two(first.get(name, ZERO), second.get(name, ZERO))
        yield Term("volume", None, size.change * amount.mean)
        yield Term("price", name, amount.change * size.mean)


def _bridge(before: Fraction, after: Fraction, terms: Iterable[Term[Fraction]]) -> Bridge[Fraction]:
    amounts: dict[tuple[Kind, str | None], Fraction] = {}
    for term in terms:
        amounts[term.kind, term.slice] = amounts.get((term.kind, term.slice), ZERO) + term.amount
    found = [Term(kind, name, amount) for (kind, name), amount in amounts.items() if amount]
    return Bridge(before, after, tuple(sorted(found, key=_rank)))


def _rank(term: Term[Number]) -> tuple[bool, Fraction, str, str]:
    return term.kind == "other", -abs(Fraction(term.amount)), term.kind, term.slice or ""
