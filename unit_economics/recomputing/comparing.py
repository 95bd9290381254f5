"""Stored rows against the same rows computed again, as the text that is stored and hashed. Pure.

Here: which number of which row differs. Not here: getting either (inputs.py, ways.py).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from unit_economics.warehouse.stored_days import StoredDay
from unit_economics.warehouse.tables import Table, content_hash

_JSON = ("dimensions", "inputs")
_THERE = "row"


@dataclass(frozen=True)
class Difference:
    """One number of a stored day that its inputs do not give.

    at: which row, like `all USD`; what: the column; stored, recomputed: the text that COPY takes, "" where the row is
    not there at all.
    """

    asset: str
    day: date
    version: int
    at: str
    what: str
    stored: str
    recomputed: str

    def __str__(self) -> str:
        where = f"{self.asset} {self.day} version {self.version}{f', {self.at}' if self.at else ''}"
        return f"{where}: {self.what} is {self.stored or 'not there'}, recomputed {self.recomputed or 'not there'}"


Cells = Mapping[str, str]


def compared(
    day: StoredDay, keys: Sequence[str], table: Table, stored: pd.DataFrame, made: pd.DataFrame
) -> list[Difference]:
    """Every number that differs; where none does, but the hash in the ledger is another, that hash."""
    lines = table.lines(made).get(day.business_date, [])
    before, now = (_rows(table, keys, of) for of in (table.lines(stored).get(day.business_date, []), lines))
    found = [
        Difference(day.asset, day.business_date, day.version, at, *told)
        for at in sorted({*before, *now})
        for told in _told(before.get(at), now.get(at))
    ]
    new_hash = content_hash(lines)
    if not found and new_hash != day.content_hash:
        where = (day.asset, day.business_date, day.version)
        return [Difference(*where, "", "content_hash", day.content_hash, new_hash)]
    return found


def _rows(table: Table, keys: Sequence[str], lines: Sequence[str]) -> dict[str, Cells]:
    rows = [dict(zip(table.columns, line.split("\t"), strict=True)) for line in lines]
    told = [{name: _canonical(name, text) for name, text in row.items()} for row in rows]
    return {" ".join(filter(None, (row[key] for key in keys))): row for row in told}


def _canonical(name: str, text: str) -> str:
    """The database keeps JSON in an order of its own, which is no difference."""
    return json.dumps(json.loads(text), sort_keys=True) if name in _JSON and text != r"\N" else text


def _told(stored: Cells | None, made: Cells | None) -> Iterator[tuple[str, str, str]]:
    if stored is None or made is None:
        yield _THERE, " ".join((stored or {}).values()), " ".join((made or {}).values())
        return
    yield from ((name, text, made[name]) for name, text in stored.items() if text != made[name])
