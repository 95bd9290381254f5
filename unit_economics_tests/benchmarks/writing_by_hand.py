"""100,000 rows written as one would by hand: the text lies ready, one statement turns the days over, one COPY follows.

Here: that way, into the mart's own tables with all their constraints; nothing is compared, hashed, fenced or judged.
Not here: our way, and what is measured (writing.py).
"""

from collections.abc import Sequence

import pandas as pd
from psycopg import sql

from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt
from unit_economics.warehouse.tables import CHARGES

SECOND = 2
_NEXT = """
    with ended as (
        update ledger set superseded_at = clock_timestamp()
        where asset = %s and business_date between %s and %s and superseded_at is null returning *
    )
    insert into ledger (asset, business_date, version, rows_version, attempt, status, complete_through, content_hash,
        source_hash, run_id, code_version, catalogue_version)
    select asset, business_date, %s, %s, %s, 'restated', complete_through, 'hash', 'hash', run_id, code_version,
        catalogue_version
    from ended
"""


def ready_text(asset: str, rows: pd.DataFrame) -> list[str]:
    """The rows of each day as they are copied, for its second version."""
    return [
        "".join(f"{asset}\t{day}\t{SECOND}\t{line}\n" for line in lines) for day, lines in CHARGES.lines(rows).items()
    ]


def write(connection: Connection, attempt: Attempt, text: Sequence[str]) -> None:
    """One statement and one COPY, in one transaction."""
    columns = sql.SQL(", ").join(map(sql.Identifier, ("asset", "business_date", "version", *CHARGES.columns)))
    days = attempt.days
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_NEXT, [attempt.asset, days.first, days.last, SECOND, SECOND, attempt.number])
        with cursor.copy(sql.SQL("copy charge_day ({}) from stdin").format(columns)) as copy:
            for of_day in text:
                copy.write(of_day)
