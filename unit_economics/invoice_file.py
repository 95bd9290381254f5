"""Invoices in a CSV file: a row an invoice, its columns told by the names in its first row.

Here: reading the file. Not here: the judgement of each field (invoices.py), or keeping them (warehouse/invoices.py).
"""

import csv
import io
from collections.abc import Iterator, Sequence

from unit_economics.entries.reconciliation import InvoiceFile
from unit_economics.invoices import KNOWN, NEEDED, Invoice, invoice_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal

LARGEST_FILE = 10_000_000


def read_invoices(entry: InvoiceFile, outside: Outside) -> list[Invoice]:
    """Every invoice of the file; raises `Refusal` with the line and the field rather than leave one out."""
    found: dict[tuple[str, str], Invoice] = {}
    for where, told in _rows(_text(entry.path, outside), entry.path):
        one = invoice_of(dict(zip(*told, strict=True)), where)
        if found.setdefault((one.invoice_id, one.currency), one) is not one:
            what = f"invoice {one.invoice_id} in {one.currency} is there a second time"
            raise Refusal(what, where=where, remedy="Keep one row an invoice and currency")
    return list(found.values())


def _text(name: str, outside: Outside) -> str:
    try:
        with (outside.folder / name).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        remedy = "Put the file there, or correct `reconciliation.invoices.path`"
        raise UsageRefusal(f"can't be read ({error.strerror})", where=name, remedy=remedy) from error
    if len(content) > LARGEST_FILE:
        raise Refusal("is larger than 10 MB", where=name, remedy="Keep only the invoices that are needed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal("is not UTF-8", where=name, remedy="Save it as UTF-8") from error


def _rows(text: str, name: str) -> Iterator[tuple[str, tuple[Sequence[str], Sequence[str]]]]:
    """Where each row is, with the header and its values."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        _refuse_strange(header, name)
        for values in lines:
            if values:
                where = f"{name}, line {lines.line_num}"
                if len(values) != len(header):
                    what = f"has {len(values)} values where the first row has {len(header)}"
                    raise Refusal(what, where=where, remedy="Correct the row")
                yield where, (header, values)
    except csv.Error as error:
        raise Refusal(
            f"is no CSV ({error})", where=f"{name}, line {lines.line_num}", remedy="Close every quote"
        ) from error


def _refuse_strange(header: Sequence[str], name: str) -> None:
    lacking = [column for column in NEEDED if column not in header]
    strange = [column for column in header if column not in KNOWN]
    if lacking or strange or len(set(header)) < len(header):
        optional = ", ".join(column for column in KNOWN if column not in NEEDED)
        what = f"its first row is not {', '.join(NEEDED)} and perhaps {optional}"
        raise Refusal(what, where=f"{name}, line 1", remedy="Name the columns so, in any order")
