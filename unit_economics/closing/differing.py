"""Where two texts of one file of a pack differ: which number of which row, or which line. Pure.

Not here: whether they ought to be the same (verifying.py).
"""

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import zip_longest

from unit_economics.closing.pack import KEYS

_MOST = 20


def differing(name: str, held: bytes, made: bytes) -> Iterator[str]:
    """A sentence for each number that is otherwise in the mart, or for the first line of a file that has no numbers."""
    if name in KEYS:
        found = _numbers(name, held, made)
        yield from found[:_MOST]
        if len(found) > _MOST:
            yield f"{name}: and {len(found) - _MOST} more differences from the mart"
        if found:
            return
    lines = zip_longest(held.split(b"\n"), made.split(b"\n"))
    first = next(number for number, (one, other) in enumerate(lines, start=1) if one != other)
    yield f"{name}: line {first} is otherwise where it is made again from the mart"


def _numbers(name: str, held: bytes, made: bytes) -> list[str]:
    """The numbers that differ; none where either can't be read as a table, as with a cell beyond csv's limit."""
    try:
        return list(_told(name, _rows(name, held), _rows(name, made)))
    except csv.Error:
        return []


Table = Mapping[tuple[str, ...], Mapping[str, str]]


def _told(name: str, before: Table, now: Table) -> Iterator[str]:
    for key in sorted({*before, *now}):
        if key not in before or key not in now:
            where = "the pack and not in the mart" if key in before else "the mart and not in the pack"
            yield f"{name}: {' '.join(key)} is in {where}"
            continue
        for column in sorted({*before[key], *now[key]}):
            one, other = before[key].get(column), now[key].get(column)
            if one != other:
                told = f"{column} is {one or 'empty'} in the pack and {other or 'empty'} in the mart"
                yield f"{name}: {' '.join(key)}: {told}"


def _rows(name: str, content: bytes) -> Table:
    rows = csv.reader(io.StringIO(content.decode(errors="replace"), newline=""))
    head, *body = list(rows) or [[]]
    return {tuple(row[: KEYS[name]]): dict(zip(head, row, strict=False)) for row in body}
