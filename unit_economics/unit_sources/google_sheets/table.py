"""A table with a header, as rows: columns found by name, cells as they are.

Here: from cells to rows, each with its number in the sheet. Not here: getting the cells (asking.py), what a row must
be like (given_rows.py).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.given_rows import Given, iso_day

_DAY_ZERO = date(1899, 12, 30)
"""Google's: 1 is the last day of 1899."""
_LAST_NUMBER = (date.max - _DAY_ZERO).days

Cells = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Columns:
    """The headers of the columns to read, in the order of a row."""

    day: str
    quantity: str
    dimensions: Sequence[str]


def csv_cells(content: bytes, where: str) -> Cells:
    """The cells of a CSV (RFC 4180) in UTF-8; raises `Refusal`."""
    try:
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        kind = "UTF-8" if isinstance(error, UnicodeDecodeError) else "CSV"
        raise Refusal(f"the answer is not valid {kind}", where=where, remedy="Publish the sheet as CSV again") from None


def given_rows(cells: Cells, columns: Columns, first_row: int, where: str) -> Iterator[Given]:
    """The rows below the header that hold anything; raises `UsageRefusal` where a column can't be told."""
    if not cells:
        raise UsageRefusal("the table is empty: it has not even a header", where=where, remedy="Correct the range")
    places = _places(cells[0], [columns.day, columns.quantity, *columns.dimensions], where)
    for number, row in enumerate(cells[1:], first_row + 1):
        if all(_is_empty(cell) for cell in row):
            continue
        day, quantity, *raw = (_cell(row, place) for place in places)
        yield Given(f"row {number}", day, quantity, tuple(raw))


def day_of(cell: object) -> date | None:
    """The day in a cell: a text like 2026-03-28, or the number by which Google keeps a date without a time."""
    if isinstance(cell, bool) or not isinstance(cell, (int, Decimal)):
        return iso_day(cell.strip()) if isinstance(cell, str) else None
    number = Decimal(cell)
    is_day = number == number.to_integral_value() and 0 < number <= _LAST_NUMBER
    return _DAY_ZERO + timedelta(days=int(number)) if is_day else None


def _places(header: Sequence[object], wanted: Sequence[str], where: str) -> list[int]:
    names = [cell.strip() if isinstance(cell, str) else str(cell) for cell in header]
    twice = [place for place, name in enumerate(names, 1) if name and names.count(name) > 1]
    if twice:
        what = f"columns {', '.join(map(str, twice))} have the same header as another"
        raise UsageRefusal(what, where=where, remedy="Give every column its own name")
    missing = [name for name in wanted if name not in names]
    if missing:
        remedy = "Correct the name in the entry, or the first row of the table"
        raise UsageRefusal(f"no column has the header {missing[0]!r}", where=where, remedy=remedy)
    return [names.index(name) for name in wanted]


def _cell(row: Sequence[object], place: int) -> object:
    cell = row[place] if place < len(row) else None
    return None if _is_empty(cell) else cell.strip() if isinstance(cell, str) else cell


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
