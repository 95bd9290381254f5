"""What must hold of the mart at every moment, whatever was killed, late or concurrent: the judge of the fault tests.

Here: reading the ledger and the rows as they are, and saying what is wrong. Not here: making anything go wrong.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pandas as pd
import psycopg

from unit_economics.graph import CLOUD_COSTS
from unit_economics.warehouse.tables import CHARGES, UNIT_COSTS, UNIT_QUANTITIES, Table, content_hash

Connection = psycopg.Connection[tuple[Any, ...]]


def table_of(asset: str) -> Table:
    """Where an asset's rows are."""
    if asset == CLOUD_COSTS:
        return CHARGES
    return UNIT_COSTS if asset.startswith("cost_per_") else UNIT_QUANTITIES


def wrong_days(connection: Connection, asset: str, days: Iterable[date]) -> list[str]:
    """Every day that has no current ledger row, more than one, or rows that are not the ones the ledger names."""
    stored: dict[date, list[tuple[int, str]]] = {day: [] for day in days}
    with _at_one_moment(connection):
        for day, version, promised in _current(connection, asset, list(stored)):
            stored[day].append((version, promised))
        hashes = _hashes(connection, asset, "l.superseded_at is null", list(stored))
    return [
        f"{asset} {day}: {len(rows)} current"
        if len(rows) != 1
        else f"{asset} {day}: the rows of version {rows[0][0]} do not hash to what the ledger says"
        for day, rows in stored.items()
        if len(rows) != 1 or hashes.get((day, rows[0][0]), content_hash([])) != rows[0][1]
    ]


def wrong_history(connection: Connection, asset: str) -> list[str]:
    """Every break in the chain of versions: a number left out, a moment with none or two, rows that don't hash."""
    with _at_one_moment(connection):
        rows = connection.execute(
            "select business_date, version, rows_version, content_hash, recorded_at, superseded_at,"
            " lag(version) over w, lag(superseded_at) over w from unit_economics.ledger where asset = %s"
            " window w as (partition by business_date order by version)",
            [asset],
        ).fetchall()
        hashes = _hashes(connection, asset, "l.version = l.rows_version", sorted({row[0] for row in rows}))
    found: list[str] = []
    for day, version, rows_version, promised, recorded, _, before, ended in rows:
        if version != (before or 0) + 1:
            found.append(f"{asset} {day}: version {version} follows {before}")
        if before is not None and recorded != ended:
            found.append(f"{asset} {day}: version {before} ended {ended}, version {version} began {recorded}")
        if version == rows_version and hashes.get((day, version), content_hash([])) != promised:
            found.append(f"{asset} {day}: the rows of version {version} do not hash to what the ledger says")
    return found


def believed_at_once(connection: Connection, asset: str) -> int:
    """The most versions of one day that `as_of` shows at any moment at which something changed."""
    row = connection.execute(
        "select coalesce(max(n), 0) from (select count(distinct a.version) as n from unit_economics.ledger moment"
        " cross join lateral unit_economics.unit_quantities_as_of(moment.asset, moment.recorded_at) a"
        " where moment.asset = %s group by moment.business_date, moment.version, a.business_date) counted",
        [asset],
    ).fetchone()
    return row[0] if row else 0


def stored(connection: Connection, asset: str, *columns: str) -> dict[date, tuple[Any, ...]]:
    """The chosen columns of the current rows of an asset with one row a day."""
    rows = _rows(connection, asset, columns, "l.superseded_at is null", None)
    assert len({row[0] for row in rows}) == len(rows), f"{asset} has more than one row on a day"
    return {row[0]: row[2:] for row in rows}


@contextmanager
def _at_one_moment(connection: Connection) -> Iterator[None]:
    """One snapshot for all that is read inside: what a killed writer had sent may be committed after its end."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        yield


def _current(connection: Connection, asset: str, days: Sequence[date]) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select business_date, rows_version, content_hash from unit_economics.ledger"
        " where asset = %s and superseded_at is null and business_date = any(%s)",
        [asset, list(days)],
    ).fetchall()


def _hashes(connection: Connection, asset: str, which: str, days: list[date]) -> dict[tuple[date, int], str]:
    table = table_of(asset)
    columns = ["tags::text" if column == "tags" else column for column in table.columns]
    frame = pd.DataFrame(
        _rows(connection, asset, columns, which, days),
        columns=["business_date", "version", *table.columns],
        dtype=object,
    )
    return {
        (day, version): content_hash(table.lines(rows)[day])
        for (day, version), rows in frame.groupby(["business_date", "version"])
    }


def _rows(
    connection: Connection, asset: str, columns: Sequence[str], which: str, days: list[date] | None
) -> list[tuple[Any, ...]]:
    chosen = ", ".join(f"r.{column}" for column in columns)
    query = (
        f"select r.business_date, r.version, {chosen} from unit_economics.ledger l"
        f" join unit_economics.{table_of(asset).name} r"
        " on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)"
        f" where l.asset = %s and {which} and (%s::date[] is null or l.business_date = any(%s))"
    )
    return connection.execute(query.encode(), [asset, days, days]).fetchall()
