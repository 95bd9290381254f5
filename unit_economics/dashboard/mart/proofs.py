"""What the proofs of the mart found last: the newest invoices, what destinations hold, what moved, what is closed.

Here: one question a proof. Not here: finding it (proof/), what is said of it (panels/proof.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import LiteralString

from psycopg.rows import class_row

from unit_economics.business_days import DayRange
from unit_economics.dashboard.mart.series import SeriesQuestion
from unit_economics.warehouse.connection import Connection

_INVOICED: LiteralString = """
    with stated as (select * from reconciliations where state not in ('void', 'no_amount'))
    select period_start as period, currency, count(*) as invoices,
        count(*) filter (where difference is null) as not_told,
        sum(amount) filter (where difference is not null) as amount,
        sum(billed) filter (where difference is not null) as billed, sum(explained) as explained,
        sum(unexplained) as unexplained,
        greatest(0, 1 - abs(sum(difference)) / abs(nullif(sum(amount) filter (where difference is not null), 0)))
            as score,
        array_agg(distinct state) as states
    from stated where period_start = (select max(period_start) from stated)
    group by 1, 2 order by 2
"""
# Only what has a newer version can be another: most days have none, and need not be added up.
_MOVED: LiteralString = """
    with days as materialized (
        select business_date from day_versions
        where asset = %(metric)s and superseded_at is null and version > 1 and recorded_at > %(since)s
            and business_date between %(first)s and %(last)s
    ), versions as (
        select * from unit_cost_versions
        where metric = %(metric)s and (cost_scope = %(scope)s or starts_with(cost_scope, %(scope)s || ':'))
            and billing_currency = %(currency)s and business_date in (select business_date from days)
    ), before as (
        select business_date, sum(cost) as cost, max(quantity) as quantity from versions
        where recorded_at <= %(since)s and (superseded_at is null or superseded_at > %(since)s) group by 1
    ), now as (
        select business_date, sum(cost) as cost, max(quantity) as quantity from versions
        where superseded_at is null group by 1
    )
    select business_date, n.cost - b.cost from before b left join now n using (business_date)
    where (n.cost, n.quantity) is distinct from (b.cost, b.quantity) order by 1
"""


@dataclass(frozen=True)
class Invoiced:
    """The invoices of the newest period in one currency; amount = billed + explained + unexplained.

    not_told: how many can't be held against what was billed; they are in no sum, and without any other these are empty.
    """

    period: date
    currency: str
    invoices: int
    not_told: int
    amount: Decimal | None
    billed: Decimal | None
    explained: Decimal | None
    unexplained: Decimal | None
    score: Decimal | None
    states: Sequence[str]


def invoiced(connection: Connection) -> Sequence[Invoiced]:
    """By currency; empty where nobody has stated an invoice."""
    with connection.cursor(row_factory=class_row(Invoiced)) as cursor:
        return cursor.execute(_INVOICED).fetchall()


def unreadable(connection: Connection) -> Sequence[str]:
    """The sources that can't be read by invoice."""
    return [row[0] for row in connection.execute("select source from unreadable_sources order by 1")]


def read_back(connection: Connection, assets: Sequence[str]) -> Mapping[str, int]:
    """How many days these destinations were found to hold as each verdict says."""
    text: LiteralString = "select verdict, count(*) from read_backs where asset = any(%s) group by 1"
    return dict(connection.execute(text, [list(assets)]).fetchall())


def moved(
    connection: Connection, asked: SeriesQuestion, since: datetime, days: DayRange
) -> Mapping[date, Decimal | None]:
    """The days that are others now than they were at a moment, and how much dearer; None where a cost is not told."""
    values = {**vars(asked), "since": since, "first": days.first, "last": days.last}
    return dict(connection.execute(_MOVED, values).fetchall())


def last_close(connection: Connection) -> tuple[date, datetime, str] | None:
    """The last month that is closed: its first day, when it was, and by whom."""
    text: LiteralString = "select month, closed_at, closed_by from month_closes order by month desc limit 1"
    return next(iter(connection.execute(text).fetchall()), None)
