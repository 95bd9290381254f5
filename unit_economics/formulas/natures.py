"""The nature of what is measured: what makes one value of the days of a window, and what a formula may do with it.

Here: the natures and their algebra. Not here: units (checking.py), any value (evaluation.py).

A formula is always computed over a window, from values of its names over that window, never from results of its days:

    additive       a total: its days are summed (cost, orders)
    gauge          a level: its days are averaged (GB stored)
    semi_additive  a level that may be summed over segments, not over days: mean or last, as declared (seats)
    distinct       a count of different ones: the source is asked for the window itself (active customers)
    ratio          made of others by the formula: computed anew from their values over the window
    percentile     known for what the source was asked for alone; of several days nobody knows it

So a quotient is one of sums, never a mean of quotients. A product of two quantities is a `ratio` for the same reason:
total times price is not the sum of its days where the price moves. A total plus a number is one as well: each
day would add the number again. What is a `ratio` is therefore neither summed nor averaged; `last(...)` is right for
everything, because on one day there is nothing to put together.
"""

from typing import Literal

from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import Operator, Window

Nature = Literal["additive", "gauge", "semi_additive", "distinct", "ratio", "percentile"]

_LEVELS = ("gauge", "semi_additive")
_ONLY_A_NUMBER = "a percentile can be multiplied only by a number"
_DIVIDE = "divide the sums instead, like sum(cost(shop)) / sum(units(order))"
_NOT_SUMMED = {
    "gauge": "a gauge can't be summed over days; use mean(...)",
    "semi_additive": "a level can't be summed over days; use mean(...) or last(...)",
    "distinct": "distinct counts can't be summed over days: who comes twice would count twice; leave out sum(...)",
    "ratio": f"ratios can't be summed; {_DIVIDE}",
    "percentile": "percentiles can't be summed; ask the source for the percentile of the whole",
}
_NOT_AVERAGED = {
    "distinct": "distinct counts can't be averaged over days: the window has its own count; leave out mean(...)",
    "ratio": f"percentiles and ratios can't be averaged; {_DIVIDE}",
    "percentile": "percentiles and ratios can't be averaged; ask the source for the percentile of the whole",
}


def combined(one: Nature | None, operator: Operator, other: Nature | None, column: int) -> Nature | None:
    """The nature of two put together, where a number has none; raises `FormulaProblem` at the operator's column."""
    if operator in ("+", "-"):
        return _added(one, other, column)
    if operator == "*":
        return _multiplied(one, other, column)
    return one if other is None else "ratio"


def windowed(window: Window, nature: Nature | None, column: int) -> Nature:
    """The nature of what is summed, averaged or taken from the last day; raises `FormulaProblem`."""
    refused = {"sum": _NOT_SUMMED, "mean": _NOT_AVERAGED, "last": {}}[window]
    if nature is None:
        raise FormulaProblem(f"{window}(...) needs something measured inside, not only numbers", column)
    if nature in refused:
        raise FormulaProblem(refused[nature], column)
    if nature == "additive" and window != "sum":
        return "gauge" if window == "mean" else "semi_additive"
    return nature


def _added(one: Nature | None, other: Nature | None, column: int) -> Nature | None:
    if "percentile" in (one, other):
        what = "a percentile can't be added to anything, nor anything subtracted"
        raise FormulaProblem(f"{what}; ask the source for the percentile of the whole", column)
    if one == other:
        return one
    if "additive" in (one, other) and (one in _LEVELS or other in _LEVELS):
        what = "a total and a level can't be added: only the total grows with the window"
        raise FormulaProblem(f"{what}; put mean(...) around the total", column)
    return "gauge" if {one, other} == {"gauge", None} else "ratio"


def _multiplied(one: Nature | None, other: Nature | None, column: int) -> Nature | None:
    if one is None or other is None:
        return other if one is None else one
    if "percentile" in (one, other):
        raise FormulaProblem(_ONLY_A_NUMBER, column)
    return "ratio"
