"""`unit-economics export`: the unit costs or the margins for other tools, exact to the last digit.

Here: the command line. Not here: the formats (export_formats.py, csv_text.py), the question (warehouse/overview.py).
"""

import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import click

from unit_economics.business_days import DayRange
from unit_economics.cli.export_formats import Rows, as_json, as_parquet
from unit_economics.cli.opening import opened
from unit_economics.cli.options import Day, config_option, moment_of, refuse_unknown
from unit_economics.csv_text import as_csv
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse import overview
from unit_economics.whole_files import write_whole

Encode = Callable[[Sequence[str], Rows], bytes]


@click.command("export")
@click.option("--format", "form", type=click.Choice(["csv", "json", "parquet"]), default="csv", show_default=True)
@click.option("--from", "first", type=Day(), metavar="DAY", help="First business day. [all that is stored]")
@click.option("--to", "last", type=Day(), metavar="DAY", help="Last business day. [all that is stored]")
@click.option("--metric", metavar="NAME", help="Only this metric, like cost_per_order.")
@click.option("--margin", is_flag=True, help="What the units earned beside what they cost, in place of unit costs.")
@click.option("--as-of", metavar="TIMESTAMP", help="What was believed then, like 2026-01-31T09:00:00Z.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="[stdout]")
@config_option
def command(
    form: str,
    first: date | None,
    last: date | None,
    metric: str | None,
    as_of: str | None,
    out: Path | None,
    config: Path | None,
    *,
    margin: bool,
) -> int:
    """Unit costs as CSV, JSON or Parquet: value, numerator, denominator, status, and the run they come from.

    Where the catalogue has `nowcast`, what provisional days will come to stands in three columns more. Decimals are
    exact: text in CSV and JSON, a decimal type in Parquet. In CSV, a text that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    if form == "parquet" and out is None:
        raise UsageRefusal("Parquet is no text", where="--format parquet", remedy="Name a file with --out")
    of = opened(config)
    if metric is not None:
        refuse_unknown(of, metric)
    days = DayRange(first or date.min, last or date.max) if first or last else None
    asked = days, metric, moment_of(as_of, "--as-of")
    with of.warehouse.snapshot() as connection:
        if margin:
            names, rows = overview.EXPORTED_MARGINS, overview.unit_margins(connection, *asked)
        else:
            has_nowcasts = of.catalogue.nowcast is not None
            names = overview.EXPORTED + (overview.NOWCASTS if has_nowcasts else ())
            rows = overview.unit_costs(connection, *asked, with_nowcasts=has_nowcasts)
    encode: dict[str, Encode] = {"csv": as_csv, "json": as_json, "parquet": as_parquet}
    content = encode[form](names, rows)
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        write_whole({out: content})
    click.echo(f"{len(rows)} rows{f' in {out}' if out else ''}", err=True)
    return 0
