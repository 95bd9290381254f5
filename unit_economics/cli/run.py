"""`unit-economics run`: compute days again, in this process.

Here: the command line. Not here: starting the run (runs.py) and its answer (outcome_report.py).
"""

from datetime import date
from pathlib import Path

import click

from unit_economics.business_days import DayRange
from unit_economics.cli.opening import opened
from unit_economics.cli.options import chosen_days, config_option, day_options, json_option, verbose_option, yesterday
from unit_economics.cli.outcome import Outcome
from unit_economics.cli.outcome_report import report
from unit_economics.cli.progress import telling
from unit_economics.cli.runs import chosen_assets, run_days
from unit_economics.deployment import Deployment


@click.command("run")
@day_options(default="the last closed day")
@click.option("--only", multiple=True, metavar="ASSET", help="Only this asset; may be given several times.")
@verbose_option
@json_option
@config_option
def command(
    first: date | None,
    last: date | None,
    only: tuple[str, ...],
    *,
    verbose: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Compute days again: read, check, store, divide, publish.

    Any day can be run any number of times: the same input changes nothing, a restated bill becomes a new version.
    Exit code 1 when a check is red or a day is absent.
    """
    of = opened(config)
    days = chosen_days(first, last, yesterday(of))
    return report([told_run(of, days, chosen_assets(of, only), verbose=verbose)], as_json=as_json)


def told_run(of: Deployment, days: DayRange, assets: list[str], *, verbose: bool = False) -> Outcome:
    """One run with its progress on stderr."""
    with telling(f"Running {days}", assets) as teller:
        return run_days(of, days, assets, teller.over, verbose=verbose)
