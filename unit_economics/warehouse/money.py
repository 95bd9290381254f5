"""What later steps read back of money: rates, components of revenue, units by the value of a dimension, margins.

Not here: charges, units and unit costs (reading.py), the published views (migrations/).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, LiteralString

import pandas as pd
from psycopg import sql

from unit_economics.business_days import DayRange
from unit_economics.schemas import EXCHANGE_RATES, UNIT_MARGINS
from unit_economics.warehouse.connection import Connection

_CURRENT: LiteralString = """select {columns} from ledger l join {table} r
    on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = %s and l.business_date between %s and %s and l.superseded_at is null"""


def current_rates(connection: Connection, asset: str, days: DayRange) -> pd.DataFrame:
    """The current rates of these days, as `schemas.EXCHANGE_RATES`."""
    names = list(EXCHANGE_RATES.columns)
    return pd.DataFrame(_rows(connection, asset, "exchange_rate", names, days), columns=names, dtype=object)


def rates_by_day(connection: Connection, asset: str, days: DayRange) -> dict[tuple[date, str], Decimal]:
    """The current rate of every currency of these days."""
    columns = ["business_date", "currency", "rate"]
    return {(day, currency): rate for day, currency, rate in _rows(connection, asset, "exchange_rate", columns, days)}


def units_by_value(
    connection: Connection, asset: str, dimension: str, days: DayRange
) -> Mapping[date, Mapping[str, Decimal]]:
    """The current units of these days by the value of one dimension, all others added up."""
    columns = sql.SQL("r.business_date, r.dimensions ->> {}, sum(r.quantity)").format(sql.Literal(dimension))
    found: dict[date, dict[str, Decimal]] = {}
    query = sql.SQL(_CURRENT).format(columns=columns, table=sql.Identifier("unit_quantity"))
    grouped = query + sql.SQL(" group by 1, 2")
    for day, value, quantity in connection.execute(grouped, [asset, days.first, days.last]).fetchall():
        found.setdefault(day, {})[value or ""] = quantity
    return found


def current_margins(connection: Connection, asset: str, metric: str, days: DayRange) -> pd.DataFrame:
    """The current margins of these days, as `schemas.UNIT_MARGINS`."""
    names = [name for name in UNIT_MARGINS.columns if name != "metric"]
    frame = pd.DataFrame(_rows(connection, asset, "unit_margin", names, days), columns=names, dtype=object)
    frame.insert(0, "metric", metric)
    return frame


def _rows(
    connection: Connection, asset: str, table: str, names: Sequence[str], days: DayRange
) -> Sequence[tuple[Any, ...]]:
    columns = sql.SQL(", ").join(sql.Identifier("r", name) for name in names)
    query = sql.SQL(_CURRENT).format(columns=columns, table=sql.Identifier(table))
    return connection.execute(query, [asset, days.first, days.last]).fetchall()
