"""What destinations were found to hold: kept whenever it is another than before.

Here: adding what changed. Not here: the verdicts (drift.py), asking a destination (proof/read_back.py).
"""

from collections.abc import Sequence

from unit_economics.drift import Holding
from unit_economics.warehouse.connection import Connection

_COLUMNS = "verdict, held, sent, ours, beside"


def keep(connection: Connection, asset: str, found: Sequence[Holding], run_id: str) -> int:
    """Add the days that are found otherwise than last time; how many these are. The same again adds nothing."""
    days = [one.day for one in found]
    rows = connection.execute(
        f"select distinct on (business_date) business_date, {_COLUMNS} from read_back"
        " where asset = %s and business_date = any(%s) order by business_date, read_back desc",
        [asset, days],
    ).fetchall()
    known = {row[0]: row[1:] for row in rows}
    new = [one for one in found if known.get(one.day) != _values(one)]
    with connection.cursor() as cursor:
        columns = f"asset, business_date, {_COLUMNS}, run_id"
        with cursor.copy(f"copy read_back ({columns}) from stdin") as copy:
            for one in new:
                copy.write_row([asset, one.day, *_values(one), run_id])
    return len(new)


def _values(one: Holding) -> tuple[object, ...]:
    return one.verdict, one.held, one.sent, one.ours, one.beside
