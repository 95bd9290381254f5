"""A day's bill as it was seen at each age: out of the versions that are stored and the attempts that looked.

Here: that one question. Not here: what the snapshots teach (insight/completion.py).

A version says what was believed until the next one; it takes an attempt to know that somebody looked. So a day counts
as seen at an age only where an attempt decided it within that day of its life: one that was stored by a backfill weeks
later, or that nobody read while a source was away, is not known for the ages before.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from psycopg import sql

from unit_economics.business_days import ONE_DAY, BusinessCalendar, DayRange
from unit_economics.entries.cost_scope import Basis
from unit_economics.entries.dimension import NO_VALUE
from unit_economics.insight.completion import Cell, Snapshot
from unit_economics.warehouse.connection import Connection

_SEEN = """
    with asked as (
        select * from unnest(%(days)s::date[], %(ages)s::int[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
            as asked (business_date, age, begins, ends)
    ), seen as (
        select * from asked where exists (
            select from attempt a
            where a.asset = 'cloud_costs' and a.committed_at >= begins and a.committed_at < ends
                and business_date between a.first_day and a.last_day and not a.absent ? business_date::text
                and not exists (
                    select from verdict v
                    where v.asset = a.asset and v.business_date = asked.business_date and v.attempt = a.attempt
                        and not v.passed
                )
        )
    )
    select seen.business_date, seen.age, l.definition, r.provider_name, coalesce(r.service_name, %(none)s),
        r.billing_currency, sum(r.{cost}), bool_and(r.{cost} is not null)
    from seen
    join ledger l on l.asset = 'cloud_costs' and l.business_date = seen.business_date and l.recorded_at < seen.ends
        and (l.superseded_at is null or l.superseded_at >= seen.ends)
    left join charge_day r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    group by 1, 2, 3, 4, 5, 6
    order by 1, 2, 4, 5, 6
"""


def snapshots(
    connection: Connection, days: DayRange, ages: int, basis: Basis, calendar: BusinessCalendar
) -> Mapping[tuple[date, int], Snapshot]:
    """The bill of these days at every age from 1 to `ages` at which somebody looked, as the last look found it."""
    asked = [(day, age, *_within(calendar, day, age)) for day in days for age in range(1, ages + 1)]
    columns = dict(zip(("days", "ages", "begins", "ends"), map(list, zip(*asked, strict=True)), strict=True))
    query = sql.SQL(_SEEN).format(cost=sql.Identifier(f"{basis}_cost"))
    found: dict[tuple[date, int], tuple[str, dict[Cell, Decimal | None]]] = {}
    for day, age, definition, provider, service, currency, cost, stated in connection.execute(
        query, {**columns, "none": NO_VALUE}
    ):
        _, costs = found.setdefault((day, age), (definition, {}))
        if provider is not None:
            costs[Cell(provider, service, currency)] = cost if stated else None
    return {key: Snapshot(costs, definition) for key, (definition, costs) in found.items()}


def _within(calendar: BusinessCalendar, day: date, age: int) -> tuple[object, object]:
    """The day of its life on which a business day has this age: from one day's close to the next."""
    return calendar.closed_at(day + (age - 1) * ONE_DAY), calendar.closed_at(day + age * ONE_DAY)
