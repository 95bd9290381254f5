"""What a formula amounts to over several days: computed anew from its names over these days, never from its results.

Here: the days that count, and each name over them by its own rule. Not here: reading them, one day (formula_days.py).

A day counts where it is complete and everything that the formula names has a value; so both halves of a ratio are of
the same days. How many don't is told, and where none does, why the last one doesn't.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from unit_economics.entries.formula import OverWindow
from unit_economics.formula_book import Compiled
from unit_economics.formulas import Missing, Reference, evaluate
from unit_economics.over_days import over_days

COMPLETE = ("complete", "closed", "restated")
Inputs = Mapping[str, Mapping[str, Any]]
"""What a stored day says of every name, as `formula_values.inputs` has it."""


@dataclass(frozen=True)
class StoredDay:
    """One stored day of a formula."""

    status: str
    inputs: Inputs

    @property
    def values(self) -> dict[str, Decimal]:
        """The names that have a value."""
        return {name: Decimal(said["value"]) for name, said in self.inputs.items() if "value" in said}

    @property
    def reasons(self) -> list[str]:
        """Why the other names have none."""
        return [said["reason"] for said in self.inputs.values() if "reason" in said]


@dataclass(frozen=True)
class OverTheDays:
    """A formula over a window: its value or why there is none, every name's, and how many days count and don't."""

    value: Decimal | Missing
    leaves: Mapping[str, Decimal | Missing] = field(default_factory=dict)
    days: int = 0
    days_without: int = 0


def over_window(one: Compiled, stored: Mapping[date, StoredDay]) -> OverTheDays:
    """The formula over the complete ones of these days, which must be of its present definition."""
    complete = {day: of for day, of in stored.items() if of.status in COMPLETE}
    counted = {day: of.values for day, of in complete.items() if not of.reasons}
    without = len(stored) - len(counted)
    if not counted:
        why = complete[max(complete)].reasons if complete else ["no complete day of it is stored"]
        reason = "; ".join(dict.fromkeys(why))
        return OverTheDays(Missing(reason), days_without=without)
    values = {name: _over(one, name, counted) for name in one.formula.references}
    leaves = {_named(reference): value for reference, value in values.items()}
    return OverTheDays(evaluate(one.formula, values), leaves, len(counted), without)


def _named(reference: Reference) -> str:
    return f"{reference.window}({reference})" if reference.window else str(reference)


def _over(one: Compiled, reference: Reference, days: Mapping[date, Mapping[str, Decimal]]) -> Decimal | Missing:
    leaf = next(leaf for name, leaf in one.leaves.items() if str(name) == str(reference))
    rule: OverWindow = reference.window or leaf.rule
    quantities = {day: values[str(reference)] for day, values in days.items()}
    if rule == "percentile" and len(quantities) > 1:
        return Missing(
            f"{reference} is a percentile of each day, and that of {len(quantities)} days is not made of them"
        )
    found = over_days(quantities, "last" if rule == "percentile" else rule)
    if found is None:
        return Missing(f"{reference} counts different ones a day, and who comes twice would count twice")
    return found
