"""Invoices and explanations as they were stated: what stands, and stating something else.

Nothing is overwritten: a statement that differs ends the one before, and the same again writes nothing.
Here: keeping and reading them. Not here: judging a field (invoices.py), how an invoice stands (reconciling.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import dict_row

from unit_economics.insight.differences import PARTS, Item
from unit_economics.invoices import Invoice, month_after
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import lock

Key = tuple[str, str]
"""Number and currency."""

_STATED: LiteralString = (
    "invoice_id, currency, issuer, billing_account_id, period_start, period_end, amount, tax, credits, support,"
    " marketplace, status, recorded_by, note"
)
_END: LiteralString = "superseded_at = greatest(clock_timestamp(), recorded_at)"


@dataclass(frozen=True)
class Recorded:
    """An invoice as it stands; number: of this statement; source: hand, csv or focus."""

    number: int
    source: str
    invoice: Invoice
    recorded_by: str
    recorded_at: datetime

    @property
    def key(self) -> Key:
        """Number of the invoice and currency."""
        return self.invoice.invoice_id, self.invoice.currency


def state_all(connection: Connection, source: str, stated: Sequence[Invoice], by: str) -> int:
    """Make a source's invoices exactly these; returns how many were written or withdrawn."""
    lock(connection, "invoices")
    rows = connection.execute(f"select {_STATED} from invoice where source = %s and superseded_at is null", [source])
    before: dict[Key, tuple[Any, ...]] = {(row[0], row[1]): row for row in rows.fetchall()}
    after = {(one.invoice_id, one.currency): _row(one, by) for one in stated}
    gone = [key for key in before if key not in after]
    for key in gone:
        _withdraw(connection, source, key)
    return len(gone) + sum(_replace(connection, source, key, row, before.get(key)) for key, row in after.items())


def state_one(connection: Connection, source: str, stated: Invoice, by: str) -> bool:
    """Make one invoice of a source this; True where that says something new."""
    lock(connection, "invoices")
    key = stated.invoice_id, stated.currency
    before = connection.execute(
        f"select {_STATED} from invoice where (source, invoice_id, currency) = (%s, %s, %s) and superseded_at is null",
        [source, *key],
    ).fetchone()
    return _replace(connection, source, key, _row(stated, by), before)


def _row(one: Invoice, by: str) -> tuple[Any, ...]:
    parts = [one.parts.get(part) for part in PARTS]
    return (
        *(one.invoice_id, one.currency, one.issuer, one.billing_account_id, one.period_start, one.period_end),
        *(one.amount, *parts, one.status, by, one.note),
    )


def _replace(
    connection: Connection, source: str, key: Key, row: tuple[Any, ...], before: tuple[Any, ...] | None
) -> bool:
    if row == before:
        return False
    _withdraw(connection, source, key)
    places = ", ".join(["%s"] * (len(row) + 1))
    connection.execute(f"insert into invoice (source, {_STATED}) values ({places})".encode(), [source, *row])
    return True


def _withdraw(connection: Connection, source: str, key: Key) -> None:
    connection.execute(
        f"update invoice set {_END} where (source, invoice_id, currency) = (%s, %s, %s) and superseded_at is null",
        [source, *key],
    )


def stated_invoices(connection: Connection) -> list[Recorded]:
    """Every invoice as it stands."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select * from invoices order by period_start, issuer, invoice_id, currency").fetchall()
    return [
        Recorded(row["invoice"], row["source"], _invoice(row), row["recorded_by"], row["recorded_at"]) for row in rows
    ]


def _invoice(row: Mapping[str, Any]) -> Invoice:
    told = {name: row[name] for name in Invoice.__dataclass_fields__ if name != "parts"}
    return Invoice(**told, parts={part: row[part] for part in PARTS if row[part] is not None})


def named_by_the_bill(connection: Connection) -> list[Invoice]:
    """The invoices that charges name: no amount is stated of them, and one that is named may still change."""
    rows = connection.execute(
        "select invoice_id, min(coalesce(invoice_issuer_name, provider_name)),"
        " case when count(distinct billing_account_id) = 1 then min(billing_account_id) end,"
        " min(coalesce(billing_period, date_trunc('month', business_date)::date)), billing_currency"
        " from invoiced_costs where invoice_id is not null group by invoice_id, billing_currency"
    ).fetchall()
    return [
        Invoice(number, issuer, account, start, month_after(start), currency, None, "provisional")
        for number, issuer, account, start, currency in rows
    ]


def explain(connection: Connection, key: Key, item: Item, by: str) -> bool:
    """Say what explains a part of an invoice's difference; True where that says something new."""
    lock(connection, "invoices")
    named = [*key, item.kind]
    where: LiteralString = "(invoice_id, currency, kind) = (%s, %s, %s) and superseded_at is null"
    before = connection.execute(
        f"select amount, why, recorded_by from invoice_explanation where {where}", named
    ).fetchone()
    if before == (item.amount, item.evidence, by):
        return False
    connection.execute(f"update invoice_explanation set {_END} where {where}", named)
    connection.execute(
        "insert into invoice_explanation (invoice_id, currency, kind, amount, why, recorded_by)"
        " values (%s, %s, %s, %s, %s, %s)",
        [*named, item.amount, item.evidence, by],
    )
    return True


def explanations(connection: Connection) -> dict[Key, list[Item]]:
    """What people say explains each invoice's difference."""
    rows = connection.execute(
        "select invoice_id, currency, kind, amount, why || ' (' || recorded_by || ')' from invoice_explanations"
        " where superseded_at is null and amount <> 0 order by kind"
    ).fetchall()
    found: dict[Key, list[Item]] = {}
    for number, currency, kind, amount, why in rows:
        found.setdefault((number, currency), []).append(Item(kind, amount, why, "hand"))
    return found


def note_unreadable(connection: Connection, reasons: Mapping[str, str]) -> None:
    """Make what can't be read by invoice exactly this."""
    lock(connection, "invoices")
    before = dict(connection.execute("select source, reason from unreadable_sources").fetchall())
    changed = [source for source in {*before, *reasons} if before.get(source) != reasons.get(source)]
    connection.execute(
        f"update unreadable_source set {_END} where source = any(%s) and superseded_at is null", [changed]
    )
    for source in sorted(set(changed) & reasons.keys()):
        connection.execute("insert into unreadable_source (source, reason) values (%s, %s)", [source, reasons[source]])
