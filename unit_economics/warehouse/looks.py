"""When the attempt that wrote a stored version looked at the mart, and which versions of other days it saw.

Here: finding them again by the fingerprint of its inputs that the attempt recorded. Not here: computing the version
again (recomputing/), how the fingerprint is made (ledger.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString

from psycopg.rows import class_row

from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Versions, glance_of
from unit_economics.warehouse.stored_days import StoredDay

_LOOK: LiteralString = """
    select a.started_at - interval '1 minute' as begins, l.recorded_at as ends, a.first_day, a.last_day,
        coalesce(a.source_glance, '') as glance
    from ledger l join attempt a on a.attempt = l.attempt
    where (l.asset, l.business_date, l.version) = (%s, %s, %s)
"""
_VERSIONS: LiteralString = """
    select asset, business_date, version, recorded_at, superseded_at from ledger
    where asset = any(%s) and business_date between %s and %s
        and recorded_at <= %s and (superseded_at is null or superseded_at > %s)
"""
_VERDICTS: LiteralString = """
    select asset, business_date, passed, recorded_at from verdict
    where asset = any(%s) and business_date between %s and %s and recorded_at <= %s order by attempt
"""


@dataclass(frozen=True)
class Look:
    """What is known of the moment: not before `begins`, not after `ends`.

    begins: a minute before the attempt, for a version is recorded a little before others can see it; first_day and
    last_day: what the attempt was asked for; glance: the fingerprint of all that it saw.
    """

    begins: datetime
    ends: datetime
    first_day: date
    last_day: date
    glance: str


def look_of(connection: Connection, day: StoredDay) -> Look:
    """When the rows of a stored version were computed."""
    with connection.cursor(row_factory=class_row(Look)) as cursor:
        found = cursor.execute(_LOOK, [day.asset, day.business_date, day.version]).fetchone()
    assert found is not None  # noqa: S101  # every version has its attempt
    return found


def seen(connection: Connection, look: Look, assets: Sequence[str], trailing: int) -> Versions | None:
    """The versions of these assets that the attempt saw, of its own days and of so many before; None: it can't be told.

    They are those of the one state of the mart, of all that there were meanwhile, that has the recorded fingerprint.
    """
    names, first = list(assets), look.first_day - timedelta(days=trailing)
    rows = connection.execute(_VERSIONS, [names, first, look.last_day, look.ends, look.begins]).fetchall()
    words = connection.execute(_VERDICTS, [names, look.first_day, look.last_day, look.ends]).fetchall()
    changes = {row[3] for row in [*rows, *words]}
    for moment in sorted({look.begins, *(change for change in changes if change > look.begins)}):
        versions = {row[:2]: row[2] for row in rows if row[3] <= moment and (row[4] is None or row[4] > moment)}
        passed = {word[:2]: word[2] for word in words if word[3] <= moment}
        if glance_of(versions, {day for (_, day), is_green in passed.items() if not is_green}) == look.glance:
            return versions
    return None
