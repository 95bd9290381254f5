"""Nowcasts of a made-up metric in a mart, of a day that is complete since and of one that is not, by one curve.

Here: storing them by the mart's own functions. Not here: assertions, or learning anything (mornings.py).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import pandas as pd

from unit_economics import schemas
from unit_economics.business_days import DayRange
from unit_economics.insight.completion import Cell
from unit_economics.insight.curve_points import CurvePoint
from unit_economics.insight.nowcast import Nowcast
from unit_economics.nowcasting import Estimate, Observed
from unit_economics.warehouse import ledger, tables
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.nowcasts import Learnt, store_curve, store_nowcasts
from unit_economics.warehouse.replace_days import DayState, replace_days

METRIC = "cost_per_visit"
RUN = Run("run", "code", "catalogue")


def store_two(warehouse: Warehouse, day: date) -> None:
    """A nowcast of this day, made before it was complete, and one of the next, which is not; both in a second version.

    The mart must hold two versions of this day's bill.
    """
    days = DayRange(day, day + timedelta(days=1))
    _write(warehouse, dict.fromkeys(days, "provisional"), bill=1)
    _write(warehouse, {days.first: "complete", days.last: "provisional"}, bill=2)
    point = CurvePoint(Cell("AWS", "(none)", "EUR"), 1, "prior", 0, Decimal(2), 0.2)
    with warehouse.transaction() as connection:
        curve = store_curve(connection, RUN, Learnt("effective", 2, days, [point]))
        made = [_estimate(days.first, version=1), _estimate(days.last, version=2)]
        store_nowcasts(connection, RUN, Decimal("0.9"), {"effective": curve}, made)


def _estimate(day: date, version: int) -> Estimate:
    of = Observed(METRIC, day, "all", "EUR", Decimal(1), Decimal(1), "Visit", version, "", "", units_complete=True)
    return Estimate(of, 1, "effective", Nowcast(Decimal(2), Decimal(1), Decimal(3), "prior"), None)


def _write(warehouse: Warehouse, statuses: Mapping[date, Literal["provisional", "complete"]], bill: int) -> None:
    one = Decimal(1)
    rows = [(METRIC, day, "all", "EUR", "effective", one, 1, one, "Visit", one, None) for day in statuses]
    frame = pd.DataFrame(rows, columns=list(schemas.UNIT_COSTS.columns), dtype=object)
    states = {day: DayState(status, day, {"cloud_costs": bill}) for day, status in statuses.items()}
    attempt = ledger.begin(warehouse, METRIC, DayRange(min(statuses), max(statuses)), RUN)
    with warehouse.transaction() as connection:
        replace_days(connection, attempt, tables.UNIT_COSTS, frame, states, [Verdict(day) for day in statuses])
