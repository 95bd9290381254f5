"""Nowcasts and curves read back for people: what is current, and how far earlier ones were off.

Here: questions to the published views. Not here: anything that writes (nowcasts.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import LiteralString

from psycopg.rows import class_row

from unit_economics.insight.nowcast import made_by
from unit_economics.warehouse.connection import Connection


@dataclass(frozen=True)
class Error:
    """How far the nowcasts of one age were off, and the raw figures beside them: medians, as shares."""

    metric: str
    currency: str
    age: int
    level: Decimal
    days: int
    held: int
    raw: float | None
    nowcast: float | None


_ERRORS: LiteralString = """
    select e.metric, e.billing_currency as currency, e.age_days as age, e.level, count(*) as days,
        count(*) filter (where e.held) as held,
        percentile_cont(0.5) within group (order by abs(e.observed_error)::double precision) as raw,
        percentile_cont(0.5) within group (order by abs(e.nowcast_error)::double precision) as nowcast
    from nowcast_errors e
    join unnest(%s::text[], %s::text[]) as h (metric, cost_scope) using (metric, cost_scope)
    group by e.metric, e.billing_currency, e.age_days, e.level
    order by e.metric, e.billing_currency, e.age_days, e.level
"""


_ERRORS_OF_SCOPE: LiteralString = """
    select metric, billing_currency as currency, age_days as age, level, count(*) as days,
        count(*) filter (where held) as held,
        percentile_cont(0.5) within group (order by abs(observed_error)::double precision) as raw,
        percentile_cont(0.5) within group (order by abs(nowcast_error)::double precision) as nowcast
    from nowcast_errors
    where metric = %s and cost_scope = %s and billing_currency = %s and business_date >= %s
    group by metric, billing_currency, age_days, level
    order by age_days, level
"""


def errors_of_scope(connection: Connection, metric: str, scope: str, currency: str, since: date) -> Sequence[Error]:
    """Of one scope's days from `since` on, by age."""
    with connection.cursor(row_factory=class_row(Error)) as cursor:
        return cursor.execute(_ERRORS_OF_SCOPE, [metric, scope, currency, since]).fetchall()


def errors_by_age(connection: Connection, scopes: Mapping[str, str]) -> Sequence[Error]:
    """Of each metric's scope, by currency and age."""
    with connection.cursor(row_factory=class_row(Error)) as cursor:
        return cursor.execute(_ERRORS, [list(scopes), list(scopes.values())]).fetchall()


@dataclass(frozen=True)
class Shown:
    """A provisional day as it stands, and what it will come to."""

    metric: str
    business_date: date
    cost_scope: str
    billing_currency: str
    age_days: int
    status: str
    cost: Decimal
    nowcast_cost: Decimal
    low_cost: Decimal
    high_cost: Decimal
    unit_cost: Decimal | None
    nowcast_unit_cost: Decimal | None
    low_unit_cost: Decimal | None
    high_unit_cost: Decimal | None
    reason: str | None
    method: str
    snapshots: int | None
    level: Decimal

    @property
    def by(self) -> str:
        """What it was made by: `learnt from 20 days`, `the declared prior`."""
        return made_by(self.method, self.snapshots)


def current_nowcasts(connection: Connection, metric: str | None, scope: str | None = None) -> Sequence[Shown]:
    """The current nowcasts of a metric, or of all; of one cost scope where it is named."""
    text: LiteralString = (
        "select metric, business_date, cost_scope, billing_currency, age_days, status, cost, nowcast_cost, low_cost,"
        " high_cost, unit_cost, nowcast_unit_cost, low_unit_cost, high_unit_cost, reason, method, snapshots, level"
        " from unit_cost_nowcasts where metric = coalesce(%s, metric) and cost_scope = coalesce(%s, cost_scope)"
        " order by 1, 2, 3, 4"
    )
    with connection.cursor(row_factory=class_row(Shown)) as cursor:
        return cursor.execute(text, [metric, scope]).fetchall()


@dataclass(frozen=True)
class Point:
    """How much of a provider's or service's cost is there at one age."""

    cost_basis: str
    provider_name: str
    service_name: str
    billing_currency: str
    age_days: int
    share: Decimal | None
    spread: float
    source: str
    snapshots: int


def current_curve(connection: Connection) -> Sequence[Point]:
    """The curves as they were learnt last."""
    text: LiteralString = (
        "select cost_basis, provider_name, service_name, billing_currency, age_days, share, spread, source, snapshots"
        " from completion_curve order by 1, 2, 3, 4, 5"
    )
    with connection.cursor(row_factory=class_row(Point)) as cursor:
        return cursor.execute(text).fetchall()
