"""A mart with something in every table, for the tests of who may read what.

Here: filling it, and asking it as somebody. Not here: assertions.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from unit_economics import schemas
from unit_economics.business_days import DayRange
from unit_economics.drift import Holding
from unit_economics.warehouse import ledger, outbox, read_backs, tables
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.gate import Verdict, refuse_days
from unit_economics.warehouse.ledger import NOT_TOLD, Attempt, Run, Source
from unit_economics.warehouse.migrations import migrate
from unit_economics.warehouse.replace_days import DayState, Replaced, replace_days
from unit_economics_tests import nowcast_rows

DAY = date(2026, 3, 1)
DAYS = DayRange(DAY, DAY + timedelta(days=2))
RUN = Run("run", "code", "catalogue")
ORDERS, REVENUE, COST, UNIT_COST = "daily_orders", "daily_order_revenue", "cloud_costs", "cost_per_order"
EARNED = Decimal("98765.43")
MARGIN, RATES = "margin_per_order", "exchange_rates"
FORMULA, OF_REVENUE = "cost_share", "finance_margin_share"
SENT_REVENUE = "vantage_business_metric_order_revenue"
FOR_FINANCE = (
    *(REVENUE, MARGIN, "unit_margin_versions", "unit_margins"),
    *("finance_formula_value_versions", "finance_formula_values", OF_REVENUE),
)
"""The views that rest on revenue."""


def mart(database: str) -> Warehouse:
    """Two versions of a day of everything, a red day of revenue, publications of units and revenue, two alerts."""
    warehouse = Warehouse(database)
    kinds = {ORDERS: "units", UNIT_COST: "unit_cost", REVENUE: "revenue", MARGIN: "margin"}
    migrate(warehouse, {**kinds, FORMULA: "formula", OF_REVENUE: "formula"}, {UNIT_COST: "sum"})
    for number in (1, 2):
        write(warehouse, ORDERS, tables.UNIT_QUANTITIES, units(Decimal(number), "Order"))
        write(warehouse, REVENUE, tables.UNIT_QUANTITIES, units(EARNED * number, "EUR"), Source(f"{EARNED * number}"))
        write(warehouse, COST, tables.CHARGES, charges(Decimal(number)), read_from(Decimal(number)))
        write(warehouse, "allocated_costs", tables.ALLOCATED_COSTS, allocated_costs(Decimal(number)))
        write(warehouse, UNIT_COST, tables.UNIT_COSTS, unit_costs(Decimal(number)))
        write(warehouse, RATES, tables.EXCHANGE_RATES, rates(Decimal(number)))
        write(warehouse, MARGIN, tables.UNIT_MARGINS, margins(EARNED * number), Source(f"of {EARNED * number}"))
        write(warehouse, f"{UNIT_COST}_slices", tables.UNIT_COST_SLICES, slices(Decimal(number)))
        write(warehouse, FORMULA, tables.FORMULA_VALUES, formula_value(Decimal(number)))
        write(warehouse, OF_REVENUE, tables.FORMULA_VALUES, formula_value(EARNED * number))
    nowcast_rows.store_two(warehouse, DAY)
    with warehouse.transaction() as connection:
        connection.execute(
            "insert into definition (asset, definition, meaning, catalogue_version) values (%s, 'a', '{}', 'c')",
            [ORDERS],
        )
        said = f"only 5 where {EARNED} were counted before"
        attempt = begin(warehouse, REVENUE)
        refuse_days(connection, attempt, [Verdict(DAY, {"delivery": said}, {"volume_band": said})])
        for asset, why in ((REVENUE, said), (ORDERS, "why")):
            message = outbox.Message(f"check/{asset}/delivery/0123456789ab", f"{asset} is red", why)
            outbox.put(connection, message, timedelta(0))
        connection.execute(
            "insert into publication (asset, business_date, quantity, converged, attempt, run_id)"
            " values ('vantage_business_metric', %s, 1, true, 1, 'run')",
            [DAY],
        )
        connection.execute(
            "insert into publication (asset, business_date, quantity, held_before, read_back, converged, attempt,"
            " run_id) values (%(asset)s, %(day)s, %(after)s, %(before)s, %(after)s, true, 1, 'run')",
            {"asset": SENT_REVENUE, "day": DAY, "before": EARNED, "after": EARNED * 2},
        )
        edited = Holding(DAY, "edited", EARNED, EARNED * 2, EARNED * 2, f"{EARNED} labelled 'eu'")
        read_backs.keep(connection, SENT_REVENUE, [edited], "run")
        connection.execute(
            "insert into unit_cost_comparison (metric, business_date, cost_scope, billing_currency, asked, saved,"
            " reason, run_id) values (%s, %s, 'all', 'USD', '{}', '{}', 'why', 'run')",
            [UNIT_COST, DAY],
        )
    return warehouse


def begin(warehouse: Warehouse, asset: str) -> Attempt:
    """The next attempt at the days."""
    return ledger.begin(warehouse, asset, DAYS, RUN)


def write(
    warehouse: Warehouse,
    asset: str,
    table: tables.Table,
    rows: pd.DataFrame,
    source: Source = NOT_TOLD,
    status: Any = "complete",
    verdict: Verdict | None = None,
) -> Replaced:
    """Replace DAY by these rows."""
    with warehouse.transaction() as connection:
        states = {DAY: DayState(status, DAY)}
        verdicts = [verdict or Verdict(DAY)]
        return replace_days(connection, begin(warehouse, asset), table, rows, states, verdicts, source)


def units(quantity: Decimal, unit: str) -> pd.DataFrame:
    """DAY's units."""
    return pd.DataFrame([(DAY, "all", quantity, unit)], columns=list(schemas.UNITS.columns), dtype=object)


def charges(cost: Decimal) -> pd.DataFrame:
    """DAY's one charge."""
    row = {
        **dict.fromkeys(schemas.CHARGES.columns),
        "business_date": DAY,
        "provider_name": "AWS",
        "charge_category": "Usage",
        "tags": "{}",
        "billing_currency": "EUR",
        "effective_cost": cost,
        "charge_rows": 1,
    }
    return pd.DataFrame([row], dtype=object)


def read_from(cost: Decimal) -> Source:
    """A source that itself states this cost, of DAY and of a day that is not stored."""
    columns = ["business_date", "billing_currency", "charge_rows", *schemas.COSTS]
    rows = [(day, "EUR", 1, None, cost, None, None) for day in (DAY, DAYS.last)]
    return Source("bill", totals=tables.source_totals(pd.DataFrame(rows, columns=columns, dtype=object)))


def allocated_costs(cost: Decimal) -> pd.DataFrame:
    """What the one target pays on DAY."""
    row = (DAY, "teams", "EUR", "effective", "", 0, "cart", None, "cart", cost, Decimal(0), 1)
    return pd.DataFrame([row], columns=list(schemas.ALLOCATED_COSTS.columns), dtype=object)


def unit_costs(cost: Decimal) -> pd.DataFrame:
    """DAY's unit cost, of the whole bill and of a target."""
    rows = [
        (UNIT_COST, DAY, scope, "EUR", "effective", cost, 1, Decimal(1), "Order", cost, None)
        for scope in ("all", "teams:cart")
    ]
    return pd.DataFrame(rows, columns=list(schemas.UNIT_COSTS.columns), dtype=object)


def rates(rate: Decimal) -> pd.DataFrame:
    """DAY's one rate."""
    row = (DAY, "USD", rate, DAY, "EUR", "a bank")
    return pd.DataFrame([row], columns=list(schemas.EXCHANGE_RATES.columns), dtype=object)


def margins(earned: Decimal) -> pd.DataFrame:
    """DAY's margin: what was earned, after no cost and no fees."""
    known = {"fees": Decimal(0), "fully_loaded_cost": Decimal(0), "net_revenue": earned, "quantity": Decimal(1)}
    named = {"metric": UNIT_COST, "business_date": DAY, "currency": "EUR", "unit": "Order"}
    told = {"margin_after": "fully_loaded_cost", "contribution_margin": earned, "reason": "no percent in this test"}
    row = {**dict.fromkeys(schemas.UNIT_MARGINS.columns), **named, **known, **told}
    return pd.DataFrame([row], columns=list(schemas.UNIT_MARGINS.columns), dtype=object)


def slices(cost: Decimal) -> pd.DataFrame:
    """The whole scope as the one part of a slice."""
    row = (
        UNIT_COST,
        DAY,
        "region",
        '{"region":"eu"}',
        "all",
        "EUR",
        "effective",
        cost,
        1,
        Decimal(1),
        "Order",
        cost,
        None,
    )
    return pd.DataFrame([row], columns=list(schemas.UNIT_COST_SLICES.columns), dtype=object)


def formula_value(value: Decimal) -> pd.DataFrame:
    """What a formula amounts to on DAY."""
    row = (DAY, value, "EUR", None, f'{{"revenue(order)": {{"value": "{value}"}}}}')
    return pd.DataFrame([row], columns=list(schemas.FORMULA_VALUES.columns), dtype=object)


@contextmanager
def acting_as(warehouse: Warehouse, role: str) -> Generator[Connection]:
    """A connection of the mart's user that has taken on a role."""
    with warehouse.connection() as connection:
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        yield connection


def refused(connection: Connection, query: str) -> bool:
    """Whether this user is not permitted to say that."""
    try:
        connection.execute(query.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False
