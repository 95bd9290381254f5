"""`unit-economics invoice explain`: what explains a part of an invoice's difference, who says so and why.

Here: the command. Not here: what becomes of it (insight/differences.py), keeping it (warehouse/invoices.py).
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option
from unit_economics.insight.differences import KINDS, Item, Kind
from unit_economics.invoices import amount_of
from unit_economics.nearest import closest_as_remedy
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse import invoices

if TYPE_CHECKING:
    from unit_economics.warehouse.invoices import Key, Recorded


@click.command("explain")
@click.argument("invoice_id")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it is.")
@click.option("--amount", required=True, help="What the invoice has more by it (less: below 0); 0 takes it back.")
@click.option("--why", required=True, help="What it rests on: a contract, a mail, a line of the invoice.")
@click.option("--by", "by", required=True, help="Your name: who says so.")
@click.option("--currency", default="", help="Needed only where the invoice is in several.")
@config_option
def command(invoice_id: str, kind: Kind, amount: str, why: str, by: str, currency: str, config: Path | None) -> int:
    """Say what explains a part of an invoice's difference; the same kind again replaces what was said of it."""
    item = Item(kind, _amount(amount), _words(why, "--why"), "hand")
    with opened(config).warehouse.transaction() as connection:
        key = _key(invoices.stated_invoices(connection), invoice_id, currency)
        is_new = invoices.explain(connection, key, item, _words(by, "--by"))
    click.echo(f"{amount} {key[1]} of {key[0]} {'are' if is_new else 'were already'} explained as {kind}.")
    click.echo("How it stands: unit-economics reconcile")
    return 0


def _amount(text: str) -> Decimal:
    amount = amount_of(text)
    if amount is None:
        raise UsageRefusal(f"{text!r} is no amount", where="--amount", remedy="Write it like 12.30 or -12.30")
    return amount


def _words(text: str, option: str) -> str:
    if not text.strip():
        raise UsageRefusal("is empty", where=option, remedy="Write it in words")
    return text.strip()


def _key(stated: "Sequence[Recorded]", invoice_id: str, currency: str) -> "Key":
    named = [one.key for one in stated if one.key[0] == invoice_id and currency in ("", one.key[1])]
    if len(named) == 1:
        return named[0]
    if named:
        remedy = f"Name one with --currency: {', '.join(key[1] for key in named)}"
        raise UsageRefusal("the invoice is in several currencies", where=invoice_id, remedy=remedy)
    known = sorted({one.key[0] for one in stated})
    remedy = closest_as_remedy(invoice_id, known) if known else "State it first: unit-economics invoice add"
    raise UsageRefusal(f"no invoice is called {invoice_id!r}", where="INVOICE_ID", remedy=remedy)
