"""What a formula took from elsewhere than its own day's inputs: earlier days' unit costs, the platform's own work.

Here: finding what it read, or saying why that can't be told. Not here: computing with it (ways.py), how the mart tells
what an attempt saw (warehouse/looks.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.formula_inputs import entries
from unit_economics.graph import CLOUD_COSTS, Node
from unit_economics.insight import variation
from unit_economics.warehouse import tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.history import DELAY, history
from unit_economics.warehouse.looks import Look, look_of, seen
from unit_economics.warehouse.stored_days import StoredDay, rows_of

STILL_ENDING = "it rests on history(), and attempts of its day were still ending while it was computed"
NOT_TOLD = "it rests on variation(), and no state of the mart has the fingerprint that its attempt recorded"


@dataclass(frozen=True)
class LookedBack:
    """As `formula_inputs.Held` has them: what was known of the platform's work, and unit costs of the days before."""

    history: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    unit_costs: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def looked_back(connection: Connection, catalogue: Catalogue, node: Node, day: StoredDay) -> LookedBack | str:
    """What a stored day was computed from besides its inputs, or why that can't be told."""
    if node.formula is None:
        return LookedBack()
    worked, varied = entries(node.formula, "history"), entries(node.formula, "variation")
    if not worked and not varied:
        return LookedBack()
    look = look_of(connection, day)
    known = _history(connection, catalogue, day, look, worked)
    unit_costs = _unit_costs(connection, node, day, look, varied)
    if known is None:
        return STILL_ENDING
    return NOT_TOLD if unit_costs is None else LookedBack(known, unit_costs)


def _history(
    connection: Connection, catalogue: Catalogue, day: StoredDay, look: Look, names: list[str]
) -> Mapping[str, Mapping[date, Decimal]] | None:
    """What was known at either end of the look; None where that is not the same. The bill's delay never changes."""
    calendar, days = catalogue.business_day.calendar, DayRange(day.business_date, day.business_date)
    before, after = (history(connection, calendar, days, at) for at in (look.begins, look.ends))
    if any(before[name] != after[name] for name in names):
        return None
    return {name: known for name, known in after.items() if name != DELAY or CLOUD_COSTS in day.input_versions}


def _unit_costs(
    connection: Connection, node: Node, day: StoredDay, look: Look, metrics: list[str]
) -> Mapping[str, pd.DataFrame] | None:
    """The rows of the versions that it saw of the last 28 days; None where they can't be told."""
    versions = seen(connection, look, node.inputs, variation.DAYS - 1) if metrics else {}
    if versions is None:
        return None
    last = day.business_date
    days = DayRange(last - timedelta(days=variation.DAYS - 1), last)
    return {
        metric: pd.concat(rows_of(connection, tables.UNIT_COSTS, metric, at, versions.get((metric, at))) for at in days)
        for metric in metrics
    }
