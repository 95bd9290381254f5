"""`unit-economics invoice list`: every invoice as it stands, who stated it and when.

Here: the command and its table. Not here: how an invoice stands against the bill (cli/reconcile.py).
"""

from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, json_option
from unit_economics.cli.table import short_decimal, show_json, show_table
from unit_economics.warehouse.invoices import Recorded, stated_invoices

_HEAD = ["invoice", "issuer", "account", "from", "to", "amount", "", "status", "stated by", "at"]


@click.command("list")
@json_option
@config_option
def command(*, as_json: bool, config: Path | None) -> int:
    """Every invoice that was stated by hand, in the file or by the bill; what the file says is read by `reconcile`."""
    with opened(config).warehouse.snapshot() as connection:
        found = stated_invoices(connection)
    if as_json:
        show_json([_document(one) for one in found])
    elif found:
        show_table(_HEAD, [_row(one) for one in found], right_from=len(_HEAD))
    else:
        click.echo("No invoice is stated. Add one: unit-economics invoice add --help")
    return 0


def _row(one: Recorded) -> list[str]:
    stated = one.invoice
    return [
        *(stated.invoice_id, stated.issuer, stated.billing_account_id or "-"),
        *(f"{stated.period_start}", f"{stated.period_end}", short_decimal(stated.amount), stated.currency),
        *(stated.status, one.recorded_by, f"{one.recorded_at:%Y-%m-%d %H:%M}"),
    ]


def _document(one: Recorded) -> dict[str, object]:
    return {**vars(one.invoice), "source": one.source, "recorded_by": one.recorded_by, "recorded_at": one.recorded_at}
