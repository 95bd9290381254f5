"""What the mart holds of every invoice, and how each stands, kept for good.

Here: asking and storing. Not here: the arithmetic (insight/reconciling.py), or what was stated (invoices.py).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row

from unit_economics.exact import EXACT
from unit_economics.insight.differences import ZERO, Charged, Kind, part_of
from unit_economics.insight.reconciling import Answer
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.invoices import Key, Recorded
from unit_economics.warehouse.ledger import LedgerDay, Run, lock

_NOTHING = Charged(ZERO)
_NONE = (ZERO, ZERO)


def charged(connection: Connection, every: Sequence[Recorded]) -> dict[Key, Charged]:
    """What is billed for each of the invoices that has a charge, by the part of the invoice that it is."""
    rows = connection.execute(
        "select of_invoice, billing_currency, charge_category, service_name, publisher_name, provider_name, issuer,"
        " sum(billed_cost), sum(charge_rows)::bigint from invoice_charges group by 1, 2, 3, 4, 5, 6, 7"
    ).fetchall()
    found: dict[Key, Charged] = {}
    for number, currency, category, service, publisher, provider, issuer, billed, count in rows:
        part = part_of(category, service, publisher, (provider, issuer))
        found[number, currency] = _with(found.get((number, currency), _NOTHING), part, billed, count)
    days, beside = _days(connection), _beside(connection, every)
    return {
        key: replace(
            one, days=days[key], not_invoiced=beside.get(key, _NONE)[0], of_other_issuers=beside.get(key, _NONE)[1]
        )
        for key, one in found.items()
    }


def _with(before: Charged, part: Kind | None, billed: Decimal, count: int) -> Charged:
    parts = dict(before.parts)
    if part:
        parts[part] = EXACT.add(parts.get(part, ZERO), billed)
    total = EXACT.add(before.billed or ZERO, billed)
    return replace(before, billed=total, charge_rows=before.charge_rows + count, parts=parts)


def _days(connection: Connection) -> Mapping[Key, int]:
    rows = connection.execute(
        "select of_invoice, billing_currency, count(distinct business_date) from invoice_charges group by 1, 2"
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


def _beside(connection: Connection, every: Sequence[Recorded]) -> Mapping[Key, tuple[Decimal, Decimal]]:
    """What else the account of an invoice was billed in its period: on no invoice yet, and by other issuers."""
    rows = connection.execute(
        "select billing_account_id, billing_period, billing_currency, coalesce(invoice_issuer_name, provider_name),"
        " invoice_id, sum(billed_cost) from invoiced_costs group by 1, 2, 3, 4, 5"
    ).fetchall()
    owned = {one.key for one in every if one.invoice.amount is not None and one.invoice.status != "void"}
    named = {(row[4], row[2]) for row in rows}
    scopes: dict[tuple[object, ...], list[_Billed]] = {}
    for *scope, issuer, invoice, billed in rows:
        if (invoice, scope[2]) not in owned:
            scopes.setdefault(tuple(scope), []).append(_Billed(issuer, invoice, billed))
    return {one.key: _of_scope(one, scopes, is_named=one.key in named) for one in every}


class _Billed(NamedTuple):
    """What an issuer billed an account in a period: on an invoice that nobody stated, or on none yet."""

    issuer: str
    invoice_id: str | None
    billed: Decimal


def _of_scope(
    one: Recorded, scopes: Mapping[tuple[object, ...], Sequence[_Billed]], *, is_named: bool
) -> tuple[Decimal, Decimal]:
    stated = one.invoice
    beside = scopes.get((stated.billing_account_id, stated.period_start, stated.currency), [])
    if stated.billing_account_id is None:
        return _NONE
    own = [row.billed for row in beside if is_named and row.issuer == stated.issuer and row.invoice_id is None]
    others = [row.billed for row in beside if row.issuer != stated.issuer]
    return reduce(EXACT.add, own, ZERO), reduce(EXACT.add, others, ZERO)


@dataclass(frozen=True)
class Stands:
    """How an invoice stands: what was stated, what was billed, and the answer."""

    recorded: Recorded
    charged: Charged
    answer: Answer
    tolerance: Decimal | None


def keep(connection: Connection, run: Run, one: Stands) -> bool:
    """Keep how an invoice stands; True where that is not how it stood."""
    lock(connection, "invoices")
    told = _hash(one)
    before = connection.execute(
        "select reconciliation, content_hash from reconciliation"
        " where (invoice_id, currency) = (%s, %s) and superseded_at is null",
        one.recorded.key,
    ).fetchone()
    if before and before[1] == told:
        return False
    connection.execute(
        "update reconciliation set superseded_at = greatest(clock_timestamp(), recorded_at) where reconciliation = %s",
        [before[0] if before else None],
    )
    _insert(connection, run, one, told)
    return True


def forget(connection: Connection, known: Collection[Key]) -> None:
    """End what is told of invoices that nobody states any more."""
    rows = connection.execute("select invoice_id, currency from reconciliation where superseded_at is null").fetchall()
    for row in rows:
        if (row[0], row[1]) not in known:
            connection.execute(
                "update reconciliation set superseded_at = greatest(clock_timestamp(), recorded_at)"
                " where (invoice_id, currency) = (%s, %s) and superseded_at is null",
                row,
            )


def _insert(connection: Connection, run: Run, one: Stands, told: str) -> None:
    found = one.answer
    row = connection.execute(
        "insert into reconciliation (invoice, invoice_id, currency, state, reason, billed, charge_rows, difference,"
        " score, explained, unexplained, tolerance, content_hash, run_id, code_version, catalogue_version)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning reconciliation",
        [
            *(one.recorded.number, *one.recorded.key, found.state, found.reason, one.charged.billed),
            *(one.charged.charge_rows, found.difference, found.score, found.explained, found.unexplained),
            *(one.tolerance, told, run.run_id, run.code_version, run.catalogue_version),
        ],
    ).fetchone()
    assert row is not None  # noqa: S101  # INSERT ... RETURNING always returns its row
    for item in found.items:
        connection.execute(
            "insert into reconciliation_item (reconciliation, kind, amount, evidence, origin)"
            " values (%s, %s, %s, %s, %s)",
            [row[0], item.kind, item.amount, item.evidence, item.origin],
        )


def _hash(one: Stands) -> str:
    """What tells two reconciliations apart: everything but when and by whom."""
    items = [(item.kind, _plain(item.amount), item.evidence, item.origin) for item in one.answer.items]
    numbers = (one.charged.billed, one.answer.difference, one.answer.unexplained, one.answer.score, one.tolerance)
    told = (
        one.recorded.number,
        one.answer.state,
        one.answer.reason,
        one.charged.charge_rows,
        *map(_plain, numbers),
        items,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def reconciled_days(connection: Connection) -> list[LedgerDay]:
    """The current bill of every complete day whose every charge is on a closed invoice.

    That is asked of the charges themselves: those of a source that states no invoices are on none.
    """
    text: LiteralString = (
        "with closed as materialized (select * from reconciled_days), open as materialized ("
        "   select business_date, provider_name, billing_currency, sum(billed_cost), sum(charge_rows)"
        "   from cloud_costs where status = 'complete' group by 1, 2, 3"
        "   except select business_date, provider_name, billing_currency, billed_cost, charge_rows from closed)"
        " select v.asset, v.business_date, v.version, v.rows_version, v.status, coalesce(v.content_hash, '') as"
        " content_hash, v.complete_through, v.recorded_at, v.run_id, v.definition, v.input_versions"
        " from day_versions v where v.asset = 'cloud_costs' and v.superseded_at is null and v.status = 'complete'"
        " and v.business_date in (select business_date from closed)"
        " and v.business_date not in (select business_date from open)"
    )
    with connection.cursor(row_factory=class_row(LedgerDay)) as cursor:
        return cursor.execute(text).fetchall()
