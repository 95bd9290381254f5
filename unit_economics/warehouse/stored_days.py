"""Stored versions of what is computed, whether current or not, and the rows of exactly one version.

Here: reading them by number. Not here: what is current (reading.py, money.py), computing one again (recomputing/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

import pandas as pd
from psycopg import sql
from psycopg.rows import class_row

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.tables import Table

_JSON = ("tags", "taken_by", "dimensions", "inputs")
_DAYS: LiteralString = """
    with computed as (
        select asset, business_date, version, count(*) as rows from unit_cost group by 1, 2, 3
        union all select asset, business_date, version, count(*) from allocated_cost group by 1, 2, 3
        union all select asset, business_date, version, count(*) from unit_cost_slice group by 1, 2, 3
        union all select asset, business_date, version, count(*) from unit_margin group by 1, 2, 3
        union all select asset, business_date, version, count(*) from formula_value group by 1, 2, 3
    )
    select l.asset, l.business_date, l.version, l.content_hash, l.code_version, l.catalogue_version, l.input_versions,
        coalesce(r.rows, 0) as rows
    from ledger l
    left join computed r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.version)
    where l.rows_version = l.version and l.asset in (select asset from computed)
        and (%(asset)s::text is null or l.asset = %(asset)s)
        and l.business_date between coalesce(%(first)s, l.business_date) and coalesce(%(last)s, l.business_date)
        and (%(as_of)s::timestamptz is null or exists (
            select from ledger c
            where (c.asset, c.business_date, c.rows_version) = (l.asset, l.business_date, l.version)
                and c.recorded_at <= %(as_of)s and (c.superseded_at is null or c.superseded_at > %(as_of)s)
        ))
    order by l.asset collate "C", l.business_date, l.version
"""


@dataclass(frozen=True)
class StoredDay:
    """A version of a computed asset's day that wrote its rows, and what they were computed from.

    content_hash: of the rows as they were written; rows: how many are there now.
    """

    asset: str
    business_date: date
    version: int
    content_hash: str
    code_version: str
    catalogue_version: str
    input_versions: Mapping[str, int]
    rows: int


def stored_days(
    connection: Connection, days: DayRange | None = None, asset: str | None = None, as_of: datetime | None = None
) -> Sequence[StoredDay]:
    """Every version that wrote its rows, superseded ones too; of a moment only what was believed then."""
    asked = {"asset": asset, "first": days and days.first, "last": days and days.last, "as_of": as_of}
    with connection.cursor(row_factory=class_row(StoredDay)) as cursor:
        return cursor.execute(_DAYS, asked).fetchall()


def rows_of(connection: Connection, table: Table, asset: str, day: date, version: int | None) -> pd.DataFrame:
    """The rows that this version of an asset's day points to, `business_date` first; none where version is None."""
    columns = [
        sql.SQL("{}::text" if name in _JSON else "{}").format(sql.Identifier("r", name)) for name in table.columns
    ]
    query = sql.SQL(
        "select r.business_date, {columns} from ledger l join {table} r"
        " on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)"
        " where (l.asset, l.business_date, l.version) = (%s, %s, %s)"
    ).format(columns=sql.SQL(", ").join(columns), table=sql.Identifier(table.name))
    rows = connection.execute(query, [asset, day, version]).fetchall()
    return pd.DataFrame(rows, columns=pd.Index(["business_date", *table.columns]), dtype=object)


def made_of(connection: Connection, asset: str, day: date, version: int | None) -> Mapping[str, int]:
    """The versions of the inputs that this version was made of."""
    row = connection.execute(
        "select input_versions from ledger where (asset, business_date, version) = (%s, %s, %s)", [asset, day, version]
    ).fetchone()
    return row[0] if row else {}


def catalogue_text(connection: Connection, version: str) -> str | None:
    """What this catalogue said; None where it was not kept."""
    row = connection.execute("select body from catalogue where catalogue_version = %s", [version]).fetchone()
    return row[0] if row else None
