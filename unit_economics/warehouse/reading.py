"""What later steps read back from the mart: charges, units, and the trailing history that checks compare with.

Not here: the published views for people and dashboards (migrations/), or the ledger (ledger.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

import pandas as pd
from psycopg import sql

from unit_economics.business_days import DayRange
from unit_economics.exact import EXACT
from unit_economics.schemas import (
    ALLOCATED_COSTS,
    CHARGES,
    FORMULA_VALUES,
    INVOICED_COSTS,
    SLICED_UNITS,
    UNIT_COST_SLICES,
    UNIT_COSTS,
    UNITS,
)
from unit_economics.warehouse.connection import Connection

_CURRENT = """select {columns} from ledger l join {table} r
    on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = %s and l.business_date between %s and %s and l.superseded_at is null"""

_SEGMENTS = ["business_date", "segment", "quantity"]


def current_charges(connection: Connection, days: DayRange) -> pd.DataFrame:
    """The current charges of these days, as `schemas.CHARGES` (tags as text)."""
    texts = {"tags": sql.SQL("r.tags::text"), "taken_by": sql.SQL("r.taken_by::text")}
    columns = [texts.get(name) or sql.Identifier("r", name) for name in CHARGES.columns]
    return _frame(connection, "charge_day", columns, list(CHARGES.columns), "cloud_costs", days)


def current_invoiced_costs(connection: Connection, days: DayRange) -> pd.DataFrame:
    """What each invoice billed on these days, as `schemas.INVOICED_COSTS`."""
    names = list(INVOICED_COSTS.columns)
    columns = [sql.Identifier("r", name) for name in names]
    return _frame(connection, "invoiced_cost", columns, names, "invoiced_costs", days)


def current_units(connection: Connection, asset: str, days: DayRange) -> pd.DataFrame:
    """The current units of these days, as `schemas.UNITS`."""
    columns = [sql.Identifier("r", name) for name in UNITS.columns]
    return _frame(connection, "unit_quantity", columns, list(UNITS.columns), asset, days)


def units_by_segment(connection: Connection, asset: str, days: DayRange) -> dict[date, dict[str, Decimal]]:
    """The current quantities of these days, by day and segment."""
    return by_segment(current_units(connection, asset, days))


def by_segment(rows: pd.DataFrame) -> dict[date, dict[str, Decimal]]:
    """Rows like `schemas.UNITS`, by day and segment."""
    found: dict[date, dict[str, Decimal]] = {}
    for day, segment, quantity in rows[_SEGMENTS].itertuples(index=False, name=None):
        of_day = found.setdefault(day, {})  # of units told apart by dimensions, several rows are of one segment
        of_day[segment] = EXACT.add(of_day.get(segment, Decimal(0)), quantity)
    return found


def added_up(segments: Mapping[date, Mapping[str, Decimal]]) -> dict[date, Decimal]:
    """Each day's segments in one sum."""
    return {day: reduce(EXACT.add, of_day.values()) for day, of_day in segments.items()}


def units_by_day(connection: Connection, asset: str, days: DayRange) -> dict[date, Decimal]:
    """The current units of these days, all segments added up."""
    return added_up(units_by_segment(connection, asset, days))


def current_allocated_costs(connection: Connection, days: DayRange) -> pd.DataFrame:
    """What each target pays on these days, as `schemas.ALLOCATED_COSTS`."""
    columns = [sql.Identifier("r", name) for name in ALLOCATED_COSTS.columns]
    names = list(ALLOCATED_COSTS.columns)
    return _frame(connection, "allocated_cost", columns, names, "allocated_costs", days)


def current_unit_costs(connection: Connection, metric: str, days: DayRange) -> pd.DataFrame:
    """The current unit costs of these days, as `schemas.UNIT_COSTS`, in the order in which they were computed."""
    names = list(UNIT_COSTS.columns)
    columns = [sql.Identifier("r", "asset" if name == "metric" else name) for name in names]
    return _frame(connection, "unit_cost", columns, names, metric, days)


def current_slices(connection: Connection, asset: str, days: DayRange) -> pd.DataFrame:
    """A metric taken apart, as `schemas.UNIT_COST_SLICES`."""
    texts = {"metric": sql.Identifier("r", "asset"), "dimensions": sql.SQL("r.dimensions::text")}
    columns = [texts.get(name) or sql.Identifier("r", name) for name in UNIT_COST_SLICES.columns]
    return _frame(connection, "unit_cost_slice", columns, list(UNIT_COST_SLICES.columns), asset, days)


def current_formula_values(connection: Connection, asset: str, days: DayRange) -> pd.DataFrame:
    """The values of a formula, as `schemas.FORMULA_VALUES`."""
    texts = {"inputs": sql.SQL("r.inputs::text")}
    columns = [texts.get(name) or sql.Identifier("r", name) for name in FORMULA_VALUES.columns]
    return _frame(connection, "formula_value", columns, list(FORMULA_VALUES.columns), asset, days)


def current_sliced_units(connection: Connection, asset: str, days: DayRange) -> pd.DataFrame:
    """The current units of these days by dimension, as `schemas.SLICED_UNITS`."""
    texts = {"dimensions": sql.SQL("r.dimensions::text")}
    columns = [texts.get(name) or sql.Identifier("r", name) for name in SLICED_UNITS.columns]
    return _frame(connection, "unit_quantity", columns, list(SLICED_UNITS.columns), asset, days)


def _frame(
    connection: Connection,
    table: str,
    columns: Sequence[sql.Composable],
    names: list[str],
    asset: str,
    days: DayRange,
) -> pd.DataFrame:
    query = sql.SQL(_CURRENT).format(columns=sql.SQL(", ").join(columns), table=sql.Identifier(table))
    rows = connection.execute(query, [asset, days.first, days.last]).fetchall()
    return pd.DataFrame(rows, columns=names, dtype=object)


def daily_quantities(connection: Connection, asset: str, days: DayRange, weeks: int = 8) -> dict[date, Decimal]:
    """Units a day, from `weeks` before the range to its end."""
    return _daily(connection, asset, "unit_quantity", "sum(r.quantity)", days, timedelta(weeks=weeks))


def daily_charge_rows(connection: Connection, days: DayRange, weeks: int = 4) -> dict[date, int]:
    """Charge rows a day, from `weeks` before the range to its end."""
    return _daily(connection, "cloud_costs", "charge_day", "sum(r.charge_rows)::bigint", days, timedelta(weeks=weeks))


def _daily(
    connection: Connection, asset: str, table: str, total: str, days: DayRange, before: timedelta
) -> dict[date, Any]:
    columns = sql.SQL("l.business_date, " + total)  # pyright: ignore[reportArgumentType]  # a literal of this module
    query = sql.SQL(_CURRENT).format(columns=columns, table=sql.Identifier(table)) + sql.SQL(" group by 1")
    return dict(connection.execute(query, [asset, days.first - before, days.last]).fetchall())


def services_seen(connection: Connection, days: DayRange) -> set[tuple[str, str | None]]:
    """The providers and services that have charges on these days."""
    columns = sql.SQL("distinct r.provider_name, r.service_name")
    query = sql.SQL(_CURRENT).format(columns=columns, table=sql.Identifier("charge_day"))
    return {(row[0], row[1]) for row in connection.execute(query, ["cloud_costs", days.first, days.last])}


def stored_totals(connection: Connection, asset: str, days: DayRange) -> dict[tuple[date, str], tuple[Any, ...]]:
    """What the mart holds by day and currency: charge_rows, billed, effective, list and contracted cost."""
    columns = sql.SQL(
        "r.business_date, r.billing_currency, sum(r.charge_rows)::bigint, sum(r.billed_cost), sum(r.effective_cost),"
        " sum(r.list_cost), sum(r.contracted_cost)"
    )
    query = sql.SQL(_CURRENT).format(columns=columns, table=sql.Identifier("charge_day")) + sql.SQL(" group by 1, 2")
    rows = connection.execute(query, [asset, days.first, days.last]).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}
