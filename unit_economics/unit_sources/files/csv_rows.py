"""The rows of a CSV: columns by the names in its header, and every row as wide as that.

Here: header and frame of a CSV. Not here: what the values mean (question.py).
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter

from unit_economics.object_storage import Storage
from unit_economics.refusals import Refusal
from unit_economics.unit_sources.files.lines import lines_of
from unit_economics.unit_sources.files.parts import Part

Row = tuple[int, Sequence[str | None]]
"""The number of a row, and the texts of the wanted columns."""


def csv_rows(storage: Storage, part: Part, wanted: Sequence[str], null_words: Sequence[str]) -> Iterator[Row]:
    """The wanted columns of each row; the header is row 1, and a row of several lines is one."""
    lines = csv.reader(lines_of(storage, part), strict=True)
    number = 0
    try:
        header = next(lines, None)
        if header is None:
            return
        picked = _picker(_positions(header, wanted, part))
        nulls = dict.fromkeys(null_words)
        number = 1
        for number, fields in enumerate(lines, 2):
            if not fields:
                continue
            if len(fields) != len(header):
                raise part.refusal(f"it has {len(fields)} fields, the header has {len(header)}", row=number)
            yield number, [nulls.get(text, text) for text in picked(fields)[:-1]]
    except csv.Error as error:
        raise part.refusal("its quotes don't match, or a field is longer than 128 kB", row=number + 1) from error


def _positions(header: Sequence[str], wanted: Sequence[str], part: Part) -> list[int]:
    times = Counter(header)
    for name in wanted:
        if times[name] > 1:
            remedy = "Deliver the file with each column once"
            raise part.refusal(f"the column {name} is there more than once", row=1, remedy=remedy)
        if name not in times:
            raise missing(part, name, header)
    return [header.index(name) for name in wanted]


def missing(part: Part, name: str, header: Sequence[str]) -> Refusal:
    """What is said of a file that lacks a column."""
    shown = ", ".join(header[:20]) + (", ..." if len(header) > 20 else "")
    remedy = f"Name one of its columns ({shown}), or take the file out of the folder"
    return part.refusal(f"the column {name} is missing", remedy=remedy)


def _picker(positions: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Picks the fields and, so that it is always a tuple, the first of them once more."""
    return itemgetter(*positions, positions[0])
