"""`unit-economics unit-cost`: what one unit cost over a window, each half totalled as its unit says.

Here: the command and its words. Not here: the totals (SQL's `unit_cost_over`); what is distinct over several days is
asked of its source again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import click

from unit_economics.business_days import DayRange
from unit_economics.cli.opening import opened
from unit_economics.cli.options import chosen_days, config_option, day_options, json_option, refuse_unknown
from unit_economics.cli.table import short_decimal, show_json
from unit_economics.deployment import Deployment
from unit_economics.exact import RATIO
from unit_economics.warehouse.overview import unit_cost_over

LENGTH = 28


@dataclass(frozen=True)
class Window:
    """One cost scope over the window; unit_cost is empty where a half is."""

    cost_scope: str
    currency: str
    cost: Decimal | None
    quantity: Decimal | None
    unit_cost: Decimal | None
    days: int
    days_without: int


@click.command("unit-cost")
@click.argument("metric")
@day_options(default="the last 28 closed days")
@json_option
@config_option
def command(metric: str, first: date | None, last: date | None, *, as_json: bool, config: Path | None) -> int:
    """The unit cost of a metric over some days: cost over units, never the mean of the days' ratios.

    Exit code 1 where there is no unit cost for any scope.
    """
    of = opened(config)
    refuse_unknown(of, metric)
    newest = of.calendar.last_closed_day(of.outside.now())
    days = chosen_days(first, last, DayRange(newest - timedelta(days=LENGTH - 1), newest))
    windows = _windows(of, metric, days)
    show_json([vars(window) for window in windows]) if as_json else _show(of, metric, days, windows)
    return 0 if any(window.unit_cost is not None for window in windows) else 1


def _windows(of: Deployment, metric: str, days: DayRange) -> Sequence[Window]:
    with of.warehouse.snapshot() as connection:
        windows = [Window(*row) for row in unit_cost_over(connection, metric, days)]
    entry = of.catalogue.metrics[metric]
    if entry.over_days != "distinct" or len(days) == 1 or not windows:
        return windows
    different = entry.units.count_over(days, calendar=of.calendar, outside=of.outside)
    return [replace(window, quantity=different, unit_cost=_ratio(window, different, days)) for window in windows]


def _ratio(window: Window, quantity: Decimal, days: DayRange) -> Decimal | None:
    """None where a day is missing: cost of some days over the units of all would read too low."""
    is_whole = window.days == len(days) and quantity > 0
    return RATIO.divide(window.cost, quantity) if is_whole and window.cost is not None else None


def _show(of: Deployment, metric: str, days: DayRange, windows: Sequence[Window]) -> None:
    entry = of.catalogue.metrics[metric]
    totalled = {"sum": "added up", "mean": "the days' mean", "last": "the last day", "distinct": "different ones"}
    click.echo(f"\n{metric}, {days}: cost ÷ {entry.unit} units ({totalled[entry.over_days]})\n")
    for window in windows:
        unit_cost = "-" if window.unit_cost is None else f"{window.unit_cost:.6g}"
        halves = f"{short_decimal(window.cost)} ÷ {short_decimal(window.quantity)}"
        without = f", {window.days_without} days are provisional or lack a half" if window.days_without else ""
        click.echo(f"  {window.cost_scope}: {unit_cost} {window.currency}  ({halves}; {window.days} days{without})")
    click.echo("" if windows else "  No day of these is stored; `unit-economics run` computes them.\n")
