"""The charges behind a cost as a table: the largest, the others, and their sum.

Here: the table. Not here: which charges they are (warehouse/explaining.py).
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import reduce

import click

from unit_economics.allocation.keys import ZERO
from unit_economics.cli.table import short_decimal, show_table, strong
from unit_economics.exact import EXACT, total
from unit_economics.warehouse.explaining import ChargeKind

_EMPTY = ("",) * 6


def show_charges(charges: Sequence[ChargeKind], currency: str) -> None:
    """Print them; a column in which nothing stands is left out."""
    if not charges:
        return
    whole = charges[0]
    rows = [_charge(kind) for kind in charges]
    others = whole.all_kinds - len(charges)
    if others:
        rest = less(whole.all_amount, [kind.amount for kind in charges])
        count = whole.all_charge_rows - sum(kind.charge_rows for kind in charges)
        rows.append([*_EMPTY, f"other ({others} kinds)", str(count), short_decimal(rest)])
    rows.append([*_EMPTY, "all", str(whole.all_charge_rows), short_decimal(whole.all_amount)])
    head = ["rule", "provider", "account", "region", "category", "tags", "service", "charges", currency]
    told = [n for n in range(len(head)) if any(row[n] for row in rows)]
    click.echo(strong("Charges"))
    show_table([head[n] for n in told], [[row[n] for n in told] for row in rows], right_from=len(told) - 2)
    click.echo()


def _charge(kind: ChargeKind) -> list[str]:
    tags = " ".join(f"{key}={value}" for key, value in json.loads(kind.tags).items())
    where = [kind.provider_name, kind.sub_account_id, kind.region_id, kind.charge_category, tags]
    texts = [kind.rule, *(text or "" for text in where), kind.service_name or "no service"]
    return [*texts, str(kind.charge_rows), short_decimal(kind.amount)]


def less(whole: Decimal | None, parts: Sequence[Decimal | None]) -> Decimal | None:
    """What is left without these parts; None where something is not stated."""
    known = reduce(total, parts, ZERO)
    return None if whole is None or known is None else EXACT.subtract(whole, known)
