"""The proof that a metric's slices are its whole: on every day, in every currency, to the last digit.

Here: judging rows of slices against what they are parts of, summed on another way. Not here: making them (slicing.py).
"""

from collections.abc import Iterable, Sequence
from datetime import date

import pandas as pd

from unit_economics.catalogue import Catalogue
from unit_economics.checks import Finding, contract
from unit_economics.promises import CONSERVATION
from unit_economics.schemas import UNIT_COST_SLICES
from unit_economics.slicing import Question, questions
from unit_economics.unit_cost import sums


def slice_findings(
    catalogue: Catalogue, metric: str, days: Sequence[date], rows: pd.DataFrame, unit_costs: pd.DataFrame
) -> list[Finding]:
    """Contract and conservation. unit_costs: the metric's own rows, which the slices are parts of."""
    found = contract(UNIT_COST_SLICES, rows, days)
    apart: dict[date, list[str]] = {day: [] for day in days}
    for asked in questions(catalogue, metric):
        own = rows[rows["slice"] == asked.name]
        wholes = unit_costs[(unit_costs["cost_scope"] == asked.scope) & unit_costs["business_date"].isin(days)]
        for column in _columns(asked):
            for day, text in _differences(asked, column, own, wholes):
                apart.setdefault(day, []).append(text)
    return [*found, *(Finding(day, CONSERVATION, passed=not said, text="; ".join(said)) for day, said in apart.items())]


def _columns(asked: Question) -> list[str]:
    """What adds up: cost always, units where they know every dimension of the slice."""
    return ["cost", *(["quantity"] if len(asked.of_units) == len(asked.slicing.by) else [])]


def _differences(asked: Question, column: str, rows: pd.DataFrame, wholes: pd.DataFrame) -> Iterable[tuple[date, str]]:
    parts, of_whole = sums(rows, column), sums(wholes, column)
    for (day, currency), part in parts.items():
        whole = of_whole.get((day, currency))
        if part != whole and not (column == "quantity" and whole is None):
            yield day, f"{asked.name}: the parts have {column} {part} in {currency}, the whole {whole}"
    for day, currency in of_whole.keys() - parts.keys() if column == "cost" else ():
        if whole := of_whole[day, currency]:
            yield day, f"{asked.name}: there is no part in {currency}, the whole has {column} {whole}"
