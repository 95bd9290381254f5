"""`unit-economics vantage`: setting up the account, and looking at what it holds.

Here: creating the business metric that the units are published to. Not here: what Vantage holds
(vantage_read_back.py), publishing (publish.py), the API.
"""

from collections.abc import Mapping
from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option
from unit_economics.cli.table import strong
from unit_economics.cli.vantage_read_back import command as read_back
from unit_economics.deployment import Deployment
from unit_economics.entries.adapters import Sink
from unit_economics.entries.metric import Metric
from unit_economics.refusals import UsageRefusal
from unit_economics.sinks.vantage import VantageMetric
from unit_economics.vantage.api import VantageApi


@click.group("vantage")
def command() -> None:
    """Set up Vantage, and see what it holds: create the business metric, read it back."""


command.add_command(read_back)


@command.command("create-metric")
@click.option("--title", required=True, help="What it is called in Vantage, like Orders.")
@click.option("--metric", metavar="NAME", help="For which metric of the catalogue. [the only one]")
@click.option("--revenue", is_flag=True, help="For what its units earned, and not for the units.")
@config_option
def create_metric(title: str, metric: str | None, config: Path | None, *, revenue: bool) -> int:
    """Create a business metric, or find the one with this title; prints the line for .env on stdout.

    Running it again changes nothing: a title is never created twice.
    """
    of = opened(config, mart=False)
    sink = _sink(of, metric, of_revenue=revenue)
    with VantageApi.connect(of.outside, sink.token) as api:
        token = api.create_metric(title)
    click.echo(f"The business metric {strong(title)} is {token}. Put this line into .env:", err=True)
    click.echo(f"{sink.business_metric}={token}")
    return 0


def _sink(of: Deployment, metric: str | None, *, of_revenue: bool) -> VantageMetric:
    sinks = {
        name: sink
        for name, entry in of.catalogue.metrics.items()
        for sink in _published(entry, of_revenue=of_revenue).values()
        if isinstance(sink, VantageMetric) and metric in (None, name)
    }
    if len(sinks) == 1:
        return next(iter(sinks.values()))
    what = "several metrics are published to Vantage" if sinks else "no such metric is published to Vantage"
    remedy = f"Choose with --metric: {', '.join(sinks)}" if sinks else "Add `publish: {vantage: ...}` to the catalogue"
    raise UsageRefusal(what, where="--metric", remedy=remedy)


def _published(entry: Metric, *, of_revenue: bool) -> Mapping[str, Sink]:
    if of_revenue:
        return entry.earns.publish if entry.earns else {}
    return entry.publish
