"""`unit-economics publish`: bring the destinations to what is stored, or show the exact difference.

Here: the command and its answer. Not here: what a destination is told (sinks/), which days may go out (warehouse/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from unit_economics.business_days import DayRange, shown
from unit_economics.cli.opening import opened
from unit_economics.cli.options import (
    chosen_days,
    config_option,
    day_options,
    json_option,
    restatement_window,
    verbose_option,
)
from unit_economics.cli.outcome_report import report
from unit_economics.cli.run import told_run
from unit_economics.cli.table import coloured, faint, grouped, indented, short_decimal, show_json, show_table, strong
from unit_economics.deployment import Deployment
from unit_economics.entries.adapters import Difference
from unit_economics.going_out import going_out
from unit_economics.warehouse.publications import Publishable

_MOST = 40


@dataclass(frozen=True)
class Compared:
    """One destination: what it holds otherwise than it should, and what is kept from it."""

    asset: str
    out: Publishable
    differences: Sequence[Difference]


@click.command("publish")
@day_options(default="the last closed day; --from: the restatement window")
@click.option("--dry-run", is_flag=True, help="Show the difference and send nothing.")
@verbose_option
@json_option
@config_option
def command(
    first: date | None,
    last: date | None,
    *,
    dry_run: bool,
    verbose: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Make each destination hold the stored units or net revenue: only green days, and only what differs.

    With --dry-run the exit code is 0 when both are equal and 1 when they differ.
    """
    of = opened(config)
    days = chosen_days(first, last, restatement_window(of))
    if not dry_run:
        return report([told_run(of, days, _destinations(of), verbose=verbose)], as_json=as_json)
    of.calendar.refuse_open(days, of.outside.now())
    compared = compare(of, days)
    if as_json:
        show_json(_document(days, compared))
    else:
        for one in compared:
            _show(days, one)
    return int(any(one.differences for one in compared))


def compare(of: Deployment, days: DayRange) -> list[Compared]:
    """Ask every destination what it holds of these days, and send nothing."""
    found: list[Compared] = []
    for node in of.graph.values():
        if node.sink:
            with of.warehouse.snapshot() as connection:
                out = going_out(of, node, connection, days)
            held = node.sink.publish(out.wanted, outside=of.outside, dry_run=True)
            found.append(Compared(node.name, out, held.differences))
    return found


def _destinations(of: Deployment) -> list[str]:
    return [node.name for node in of.graph.values() if node.sink]


def _show(days: DayRange, one: Compared) -> None:
    equal = len(one.out.wanted) - len(one.differences)
    click.echo(f"\n{strong(one.asset)}  {days}")
    click.echo(f"  {equal} equal, {len(one.differences)} to send, {len(one.out.not_sent)} held back\n")
    if one.differences:
        rows = [_row(difference) for difference in one.differences[:_MOST]]
        show_table(["day", "held", "wanted", ""], rows)
        if len(one.differences) > _MOST:
            click.echo(f"  ... and {len(one.differences) - _MOST} more; --json has all of them")
        click.echo(f"\n  Nothing was sent. Send it with: unit-economics publish --from {days.first} --to {days.last}")
    for reason, held in grouped(sorted(one.out.not_sent.items())):
        click.echo(f"\n  {coloured('held', 'held back')} {shown(held)}\n{indented(reason)}")
    click.echo()


def _row(difference: Difference) -> list[str]:
    change = "" if difference.held is None else f"{difference.wanted - difference.held:+f}"
    held = faint("nothing") if difference.held is None else short_decimal(difference.held)
    return [str(difference.day), held, strong(short_decimal(difference.wanted)), faint(change.rstrip("0").rstrip("."))]


def _document(days: DayRange, compared: Sequence[Compared]) -> dict[str, object]:
    return {
        "equal": not any(one.differences for one in compared),
        "from": days.first,
        "to": days.last,
        "destinations": [
            {
                "asset": one.asset,
                "differences": [{"day": d.day, "held": d.held, "wanted": d.wanted} for d in one.differences],
                "held_back": [{"day": day, "reason": reason} for day, reason in sorted(one.out.not_sent.items())],
            }
            for one in compared
        ],
    }
