"""The months that were closed, and the moment at which one can be: the record, never changed once it is there.

Here: reading and keeping it. Not here: what a pack holds (closed_rows.py, closing/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import LiteralString

from psycopg.rows import class_row

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Run, keep_catalogue, lock

_COLUMNS: LiteralString = (
    "month, closed_at, previous_close, manifest_sha256, closed_by, run_id, code_version, catalogue_version"
)


@dataclass(frozen=True)
class MonthClose:
    """A closed month. month: its first day; closed_at: what was believed then is in its pack."""

    month: date
    closed_at: datetime
    previous_close: datetime | None
    manifest_sha256: str
    closed_by: str
    run_id: str
    code_version: str
    catalogue_version: str


@dataclass(frozen=True)
class RestatedMonth:
    """How much of a closed month's metric is another number now: unit costs, days, and the cost of one scope."""

    month: date
    metric: str
    cost_scope: str
    billing_currency: str
    values: int
    days: int
    cost_difference: Decimal | None


def closes(connection: Connection) -> Sequence[MonthClose]:
    """Every closed month, in the order in which they were closed."""
    with connection.cursor(row_factory=class_row(MonthClose)) as cursor:
        return cursor.execute("select " + _COLUMNS + " from month_closes order by closed_at, month").fetchall()


def close_of(connection: Connection, month: date) -> MonthClose | None:
    """The record of a month that is closed."""
    return next((one for one in closes(connection) if one.month == month), None)


def keep_close(connection: Connection, close: MonthClose, run: Run) -> bool:
    """Record a close, with the catalogue by which it was made; False where a month was closed since its pack was made.

    Its pack tells what moved since the close before it, so that must still be the newest.
    """
    lock(connection, "month_close")
    if max((one.closed_at for one in closes(connection)), default=None) != close.previous_close:
        return False
    keep_catalogue(connection, run)
    connection.execute(
        "insert into month_close (" + _COLUMNS + ") values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(close.month, close.closed_at, close.previous_close, close.manifest_sha256, close.closed_by),
            *(close.run_id, close.code_version, close.catalogue_version),
        ],
    )
    return True


def is_being_written(connection: Connection, days: DayRange, at: datetime) -> bool:
    """Whether a day of these has a version from after the moment."""
    row = connection.execute(
        "select exists (select from day_versions where business_date between %s and %s and recorded_at > %s)",
        [days.first, days.last, at],
    ).fetchone()
    return bool(row and row[0])


def restated_since(connection: Connection) -> Sequence[RestatedMonth]:
    """What became of each closed month, by metric and cost scope."""
    text: LiteralString = (
        "select month, metric, cost_scope, billing_currency, count(*) as values,"
        " count(distinct business_date) as days, sum(cost_now - cost_as_closed) as cost_difference"
        ' from restated_after_close group by 1, 2, 3, 4 order by month, metric collate "C", cost_scope collate "C", 4'
    )
    with connection.cursor(row_factory=class_row(RestatedMonth)) as cursor:
        return cursor.execute(text).fetchall()
