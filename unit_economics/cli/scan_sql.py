"""`unit-economics scan-sql`: the scan of the bill as SQL for an engine that holds it as a table.

Here: the command and its words. Not here: the SQL (cost_sources/focus/engines/table.py); nothing is run.
"""

from datetime import date
from pathlib import Path

import click

from unit_economics.business_days import DayRange
from unit_economics.cli.opening import opened
from unit_economics.cli.options import chosen_days, config_option, day_options, yesterday
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.engines.table import DIALECTS, Dialect, scan_sql
from unit_economics.cost_sources.focus.engines.table_columns import FORMS, TagForm
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.deployment import Deployment


@click.command("scan-sql")
@click.option("--dialect", type=click.Choice(DIALECTS), required=True, help="Whose SQL it is to be.")
@click.option("--table", metavar="NAME", required=True, help="The table with FOCUS columns, like billing.focus.")
@click.option("--tags", type=click.Choice(FORMS), default="json", help="What the table's Tags are. [json]")
@day_options(default="the last closed day")
@config_option
def command(
    *, dialect: Dialect, table: str, tags: TagForm, first: date | None, last: date | None, config: Path | None
) -> int:
    """Print SQL that sums the bill as this catalogue means it: its business days, tags and rules. Nothing is run.

    The answer has a row for each day, dimensions and rule, and one for each day and currency, where `is_total` is 1.
    Where any row `is_faulty`, the table holds a charge that can't be counted, and no row is to be used.
    """
    of = opened(config, mart=False)
    asked = _asked(of, chosen_days(first, last, yesterday(of)))
    click.echo(scan_sql(dialect, table, asked, tags), nl=False)
    return 0


def _asked(of: Deployment, days: DayRange) -> Asked:
    kept = of.catalogue.kept
    bills = [source for source in of.catalogue.cost_sources.values() if isinstance(source, FocusFiles)]
    return Asked(
        days=days,
        calendar=of.calendar,
        tag_keys=tuple(sorted(set(kept.tag_keys))),
        is_spread=any(bill.long_charges == "spread" for bill in bills),
        null_words=(),
        allocations=kept.allocations,
    )
