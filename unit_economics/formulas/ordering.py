"""In which order formulas that stand on each other are computed.

Here: the order, and the refusal of a circle. Not here: which reference stands for which formula (the caller knows).
"""

from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import Formula, Reference

MOST_SHOWN = 50

Depends = Callable[[Reference], str | None]


def in_order(formulas: Mapping[str, Formula], depends: Depends) -> list[str]:
    """The names of the formulas, each after all that it stands on; raises `FormulaProblem` for a circle.

    depends: the name of the formula that a reference stands for, or None where it stands for something measured.
    """
    needed = {name: _needs(formula, formulas, depends) for name, formula in formulas.items()}
    try:
        return list(TopologicalSorter(needed).static_order())
    except CycleError as error:
        # graphlib's circle begins and ends with the same name, each before the one that needs it.
        circle: list[str] = error.args[1][::-1]
        raise _circular(circle, formulas[circle[0]], needed[circle[0]]) from None


def _needs(formula: Formula, formulas: Mapping[str, Formula], depends: Depends) -> dict[str, Reference]:
    """The formulas that this one names, each with the reference that does."""
    named = ((depends(reference), reference) for reference in formula.references)
    return {name: reference for name, reference in named if name is not None and name in formulas}


def _circular(circle: list[str], first: Formula, needs: Mapping[str, Reference]) -> FormulaProblem:
    links = [f"{name} needs {other}" for name, other in pairwise(circle)]
    more = f", and {len(links) - MOST_SHOWN} more" if len(links) > MOST_SHOWN else ""
    what = f"it stands on itself: {', '.join(links[:MOST_SHOWN])}{more}"
    return FormulaProblem(what, needs[circle[1]].column, first.text)
