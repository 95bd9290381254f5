"""`unit-economics catalogue show`: what is measured, by whom it is owned, what it is for.

Here: the command and its words. Not here: the rules (unit_economics/catalogue.py).
"""

from datetime import timedelta
from pathlib import Path

import click

from unit_economics.asset_names import margin_asset, revenue_asset, revenue_sink_asset, sink_asset, units_asset
from unit_economics.catalogue import Catalogue
from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option
from unit_economics.cli.table import faint, strong
from unit_economics.entries.metric import Metric


@click.command("show")
@config_option
def command(config: Path | None) -> int:
    """Validate the catalogue and print what is measured; exit code 2 with every line to correct otherwise."""
    return print_catalogue(config)


def print_catalogue(config: Path | None) -> int:
    """Every metric with its scopes, units and contract, and where the bill comes from."""
    _show(opened(config, mart=False).catalogue)
    return 0


def _show(catalogue: Catalogue) -> None:
    day = catalogue.business_day
    click.echo(f"\n{strong('Business day')}  {day.timezone}, counted {_hours(day.closes_after)} after its end")
    click.echo(f"{strong('Restated')}      {catalogue.restatement_window.days} days back, in {catalogue.currency}\n")
    for name, metric in catalogue.metrics.items():
        click.echo(f"{strong(name)}  {faint(_contract(metric))}")
        if metric.purpose:
            click.echo(f"  {metric.purpose}")
        click.echo(f"  = {', '.join(_scope(catalogue, scope) for scope in catalogue.scopes_of(name))}")
        click.echo(f"  / {metric.unit} units ({units_asset(name)}, {metric.units.kind})")
        if metric.revenue:
            click.echo(f"  + revenue ({revenue_asset(name)}, {metric.revenue.kind})")
        if metric.has_margin:
            fees = f", fees {', '.join(metric.fees)}" if metric.fees else ""
            costs = ", ".join(f"{cost} {scope!r}" for cost, scope in catalogue.margin_scopes(name).items())
            click.echo(f"  = margin ({margin_asset(name)}, {costs}{fees})")
        for sink in metric.publish:
            click.echo(f"  > {sink} ({sink_asset(name, sink)})")
        for sink in metric.earns.publish if metric.earns else ():
            click.echo(f"  > {sink} ({revenue_sink_asset(name, sink)})")
        click.echo()
    for name, source in catalogue.cost_sources.items():
        click.echo(f"{strong('Bill')}  {name} ({source.kind}), complete after {source.complete_after.days} days")
    click.echo(f"\n{faint(f'version {catalogue.version}')}\n")


def _contract(metric: Metric) -> str:
    """`draft, owner finops@example.com, review by 2027-01-31`; that it is active goes without saying."""
    owner = f"owner {metric.owner}" if metric.owner else "no owner"
    review = f"review by {metric.review_by}" if metric.review_by else "no review date"
    return ", ".join([*([metric.state] if metric.state != "active" else []), owner, review])


def _hours(after: timedelta) -> str:
    return f"{after.total_seconds() / 3600:g} h"


def _scope(catalogue: Catalogue, name: str) -> str:
    scope = catalogue.cost_scopes[name]
    if scope.allocation:
        rules, shares = len(scope.allocation.rules), len(scope.allocation.shared)
        shared = f", {shares} shared" if shares else ""
        return f"{scope.basis} cost of {name!r} (by {rules} rule{'' if rules == 1 else 's'}{shared})"
    where = [f"{column} in {values}" for column, values in scope.where.columns.items()]
    tags = [f"tag {key} = {value}" for key, value in scope.where.tags.items()]
    split = f" by {scope.by.column or f'tag {scope.by.tag}'}" if scope.by else ""
    rule = " and ".join([*where, *tags]) or "every charge"
    return f"{scope.basis} cost of {name!r} ({rule}{split})"
