"""Our unit cost beside the one that another tool shows: reading ours, and keeping both whenever something changed.

Here: the rows. Not here: the arithmetic (insight/apart.py), asking the other tool (proof/vantage_unit_cost.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Connection


@dataclass(frozen=True)
class StoredDay:
    """One day of one cost scope in one currency, as unit_costs has it."""

    business_date: date
    billing_currency: str
    status: str
    cost: Decimal | None
    quantity: Decimal | None
    unit_cost: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class Kept:
    """One day's comparison, as the table has it; the parts are empty where there is a reason."""

    metric: str
    business_date: date
    cost_scope: str
    billing_currency: str
    status: str | None = None
    unit_cost: Decimal | None = None
    shown: Decimal | None = None
    scope: Decimal | None = None
    basis: Decimal | None = None
    denominator: Decimal | None = None
    timing: Decimal | None = None
    cost: Decimal | None = None
    cost_there: Decimal | None = None
    cost_as_saved: Decimal | None = None
    quantity: Decimal | None = None
    quantity_there: Decimal | None = None
    unit_scale: Decimal | None = None
    reason: str | None = None


_COLUMNS = [field.name for field in fields(Kept)]


def stored_days(connection: Connection, metric: str, scope: str, currency: str, days: DayRange) -> list[StoredDay]:
    """Our unit cost on these days; several rows a day only where the bill has several currencies."""
    with connection.cursor(row_factory=class_row(StoredDay)) as cursor:
        return cursor.execute(
            "select business_date, billing_currency, status, cost, quantity, unit_cost, reason from unit_costs"
            " where metric = %s and cost_scope = %s and billing_currency = %s and business_date between %s and %s"
            " order by business_date",
            [metric, scope, currency, days.first, days.last],
        ).fetchall()


def keep(
    connection: Connection,
    found: Sequence[Kept],
    asked: Mapping[str, bool | None],
    saved: Mapping[str, bool | None],
    run_id: str,
) -> int:
    """Add the days whose comparison is another than last time; how many these are. The same again adds nothing."""
    settings = {"asked": dict(asked), "saved": dict(saved)}
    known = _known(connection, found)
    new = [one for one in found if known.get((one.metric, one.business_date)) != (*_values(one), *settings.values())]
    with connection.cursor() as cursor:
        names = sql.SQL(", ").join(map(sql.Identifier, [*_COLUMNS, *settings, "run_id"]))
        with cursor.copy(sql.SQL("copy unit_cost_comparison ({}) from stdin").format(names)) as copy:
            for one in new:
                copy.write_row([*_values(one), *map(Jsonb, settings.values()), run_id])
    return len(new)


def _known(connection: Connection, found: Sequence[Kept]) -> dict[tuple[str, date], tuple[object, ...]]:
    names = sql.SQL(", ").join(map(sql.Identifier, [*_COLUMNS, "asked", "saved"]))
    query = sql.SQL(
        "select distinct on (metric, business_date) {} from unit_cost_comparison where metric = any(%s)"
        " and business_date = any(%s) order by metric, business_date, comparison desc"
    ).format(names)
    asked = [sorted({one.metric for one in found}), [one.business_date for one in found]]
    rows = connection.execute(query, asked).fetchall()
    return {(row[0], row[1]): tuple(row) for row in rows}


def _values(one: Kept) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in _COLUMNS)
