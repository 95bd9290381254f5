"""How the invoices of a month stood at one moment, where this mart reconciles any.

Here: the questions, for a schema that has what reconciliation keeps. Not here: reconciling, or the files (closing/).
"""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from unit_economics.warehouse.closed_rows import ClosedMonth, Rows

_BELIEVED: LiteralString = " recorded_at <= %(at)s and (superseded_at is null or superseded_at > %(at)s)"
_INVOICES: LiteralString = "select * from {} where period_start <= %(last)s and period_end > %(first)s and" + _BELIEVED
_ITEMS: LiteralString = (
    "select * from {} where invoice_id in (select invoice_id from reconciliation_versions"
    " where period_start <= %(last)s and period_end > %(first)s) and" + _BELIEVED
)
_UNREADABLE: LiteralString = "select * from {} where" + _BELIEVED
_LATER = "superseded_at"
"""The one column that changes when something is believed no longer."""


@dataclass(frozen=True)
class Reconciled:
    """The invoices whose period is in the month, what explains their differences, and the sources that failed."""

    invoices: Rows
    items: Rows
    unreadable: Rows


def reconciled(month: ClosedMonth) -> Reconciled | None:
    """What was believed of them; None where nothing was, or this mart has no invoices at all."""
    invoices = _asked(month, "reconciliation_versions", _INVOICES)
    items = _asked(month, "reconciliation_items", _ITEMS)
    unreadable = _asked(month, "unreadable_source", _UNREADABLE)
    if not (invoices and items and unreadable) or not (invoices.rows or unreadable.rows):
        return None
    return Reconciled(invoices, items, unreadable)


def _asked(month: ClosedMonth, relation: str, question: LiteralString) -> Rows | None:
    there = month.connection.execute("select to_regclass(%s) is not null", [f"unit_economics.{relation}"]).fetchone()
    if not there or not there[0]:
        return None
    text = sql.SQL(question).format(sql.Identifier("unit_economics", relation))
    rows = month.asked(text)
    kept = [place for place, name in enumerate(rows.names) if name != _LATER]
    told = [tuple(row[place] for place in kept) for row in rows.rows]
    return Rows([rows.names[place] for place in kept], sorted(told, key=lambda row: tuple(map(str, row))))
