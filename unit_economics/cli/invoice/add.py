"""`unit-economics invoice add`: state an invoice by hand, with who and when.

Here: the command. Not here: judging the fields (invoices.py), keeping it (warehouse/invoices.py).
"""

from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option
from unit_economics.invoices import PERIOD_IS, invoice_of
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.invoices import state_one

HAND = "hand"


@click.command("add")
@click.argument("invoice_id")
@click.option("--issuer", required=True, help="Who issued it, as the bill names them.")
@click.option("--account", "billing_account_id", default="", help="The billing account that it is for.")
@click.option("--period", required=True, help=f"Write {PERIOD_IS}.")
@click.option("--currency", required=True, help="A currency like USD.")
@click.option("--amount", required=True, help="What is to be paid, all in all.")
@click.option("--tax", default="", help="How much of it is tax, where the invoice says so.")
@click.option("--credits", default="", help="How much of it is credits, 0 or less.")
@click.option("--support", default="", help="How much of it is a support fee.")
@click.option("--marketplace", default="", help="How much of it was bought in a marketplace.")
@click.option("--status", default="issued", show_default=True, help="provisional, issued, paid or void.")
@click.option("--note", default="", help="Anything that who comes later should know.")
@click.option("--by", "by", required=True, help="Your name: who states it.")
@config_option
def command(by: str, config: Path | None, **told: str) -> int:
    """State an invoice by hand. It stands before the file's and the bill's; again with other values replaces it."""
    if not by.strip():
        raise UsageRefusal("nobody is named", where="--by", remedy="Write who states it")
    stated = invoice_of(told, f"invoice {told['invoice_id']}")
    with opened(config).warehouse.transaction() as connection:
        is_new = state_one(connection, HAND, stated, by.strip())
    click.echo(f"{stated.invoice_id} in {stated.currency} {'is stated' if is_new else 'was stated so already'}.")
    click.echo("How it stands: unit-economics reconcile")
    return 0
