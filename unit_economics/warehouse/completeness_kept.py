"""How far each cost source was complete, and since when: kept whenever it gets further, or by another rule.

Here: one row a change. Not here: the rule (entries/completeness.py), the status of a day (replace_days.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt


def keep_completeness(
    connection: Connection,
    attempt: Attempt,
    source: str,
    rule: str,
    complete_through: date | None,
    delivered_at: datetime | None,
) -> None:
    """Keep it unless it is known: a run of old days does not take back what is known of newer ones."""
    newest = connection.execute(
        "select rule, complete_through from bill_completeness where cost_source = %s order by entry desc limit 1",
        [source],
    ).fetchone()
    if newest and newest[0] == rule and (complete_through is None or (newest[1] and newest[1] >= complete_through)):
        return
    connection.execute(
        "insert into bill_completeness (cost_source, rule, complete_through, delivered_at, attempt)"
        " values (%s, %s, %s, %s, %s)",
        [source, rule, complete_through, delivered_at, attempt.number],
    )


@dataclass(frozen=True)
class CompleteThrough:
    """How far a cost source or an asset is complete; rule and delivered_at: of a source."""

    kind: str
    name: str
    complete_through: date | None
    rule: str | None
    delivered_at: datetime | None


def complete_through(connection: Connection, names: Sequence[str] | None = None) -> list[CompleteThrough]:
    """Every cost source, then every asset, by name; only those that are named, where any are."""
    with connection.cursor(row_factory=class_row(CompleteThrough)) as cursor:
        return cursor.execute(
            "select kind, name, complete_through, rule, delivered_at from complete_through"
            " where %(names)s::text[] is null or name = any(%(names)s) order by kind desc, name",
            {"names": names},
        ).fetchall()
