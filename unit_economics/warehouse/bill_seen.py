"""What the stored bill of the last days shows: which FOCUS columns have a value, what KPIs' own rules took.

Here: one question for whoever asks what could be computed. Not here: what a KPI needs (kpis/readiness.py).
"""

from typing import LiteralString

from unit_economics.kpis.readiness import Bill
from unit_economics.warehouse.connection import Connection

_COLUMNS: LiteralString = """
    select bool_or(effective_cost is not null), bool_or(billed_cost is not null), bool_or(list_cost is not null),
        bool_or(contracted_cost is not null), bool_or(charge_category <> 'n/a'), bool_or(service_name is not null),
        bool_or(tags <> '{}')
    from cloud_costs
    where business_date > (select max(business_date) - 35 from day_versions where asset = 'cloud_costs')
"""
_NAMES = ("EffectiveCost", "BilledCost", "ListCost", "ContractedCost", "ChargeCategory", "ServiceName", "Tags")
_TARGETS: LiteralString = """
    select distinct cost_scope || ':' || target from allocated_costs
    where starts_with(cost_scope, 'kpi_') and charge_rows > 0
        and business_date > (select max(business_date) - 35 from day_versions where asset = 'allocated_costs')
"""


def bill_seen(connection: Connection) -> Bill:
    """What the last 35 stored days of the bill show."""
    (seen,) = connection.execute(_COLUMNS).fetchall()
    targets = connection.execute(_TARGETS).fetchall()
    return Bill({name for name, is_there in zip(_NAMES, seen, strict=True) if is_there}, {row[0] for row in targets})
