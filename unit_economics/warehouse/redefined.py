"""Days that were stored under another definition than an asset's present one.

Here: counting them. Not here: making new versions of them (replace_days.py), who is told (storing.py).
"""

from dataclasses import dataclass
from datetime import date

from psycopg.rows import class_row

from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt


@dataclass(frozen=True)
class Redefined:
    """The days of one asset with one former definition, and the newest catalogue that stored one of them."""

    definition: str
    catalogue_version: str
    days: int
    first_day: date
    last_day: date


def redefined(connection: Connection, attempt: Attempt) -> list[Redefined]:
    """What is current and was stored under another definition; none unless this attempt meets such a day."""
    with connection.cursor(row_factory=class_row(Redefined)) as cursor:
        return cursor.execute(
            "select definition, (array_agg(catalogue_version order by recorded_at desc))[1] as catalogue_version,"
            " count(*) as days, min(business_date) as first_day, max(business_date) as last_day from ledger"
            " where asset = %(asset)s and superseded_at is null and definition <> %(now)s and exists ("
            " select from ledger where asset = %(asset)s and superseded_at is null and definition <> %(now)s"
            " and business_date between %(first)s and %(last)s) group by definition order by max(recorded_at)",
            {
                "asset": attempt.asset,
                "now": attempt.definition,
                "first": attempt.days.first,
                "last": attempt.days.last,
            },
        ).fetchall()
