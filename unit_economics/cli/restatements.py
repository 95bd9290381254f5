"""`unit-economics restatements`: what changed since a moment, and why.

Here: the command line. Not here: what changed (insight/restating.py), the Markdown (proof/restatement/page.py).
"""

from datetime import datetime
from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, json_option, moment_of
from unit_economics.cli.table import harmless, show_json
from unit_economics.deployment import Deployment
from unit_economics.insight.restating import Restatements
from unit_economics.proof.restatement import chain, restated
from unit_economics.proof.restatement.page import page
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.restatements import Span


@click.command("restatements")
@click.option("--since", metavar="TIMESTAMP", help="What was believed then, like 2026-01-31T09:00:00Z. [7 days ago]")
@click.option("--until", metavar="TIMESTAMP", help="What was believed then. [now]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Markdown. [stdout]")
@json_option
@config_option
def command(since: str | None, until: str | None, out: Path | None, *, as_json: bool, config: Path | None) -> int:
    """Which stored numbers are others now than at a moment: by day, service and cause, as Markdown.

    Exit code 1 where something moved. `unit-economics export --as-of` has the numbers themselves.
    """
    of = opened(config)
    with of.warehouse.snapshot() as connection:
        span = _span(connection, since, until)
        found = restated(of, connection, span)
    if as_json:
        show_json(document(of, found, span))
    else:
        text = page(found, span, lambda metric: chain(of, metric))
        out.write_text(text, "utf-8") if out else click.echo("\n".join(map(harmless, text.splitlines())))
    return 1 if found.moved else 0


def _span(connection: Connection, since: str | None, until: str | None) -> Span:
    now: datetime = connection.execute("select clock_timestamp()").fetchall()[0][0]
    end = moment_of(until, "--until") or now
    week = connection.execute("select %s - interval '7 days'", [end]).fetchall()[0][0]
    start = moment_of(since, "--since") or week
    if start >= end:
        remedy = "Give a moment before --until, or leave one of them out"
        raise UsageRefusal(f"{start.isoformat()} is not before {end.isoformat()}", where="--since", remedy=remedy)
    return Span(start, end)


def document(of: Deployment, found: Restatements, span: Span) -> dict[str, object]:
    """The whole answer for a machine."""
    return {
        "since": span.since,
        "until": span.until,
        "unit_costs": [{**vars(one), "causes": found.causes(one, chain(of, one.metric))} for one in found.moved],
        "charges": [{**vars(part), "cause": part.cause} for part in found.charges],
        "quantities": [
            {"asset": asset, "day": day, "before": before, "now": now}
            for (asset, day), (before, now) in found.quantities.items()
        ],
        "wrong_copies": [vars(copy) for copy in found.wrong_copies],
        "first_stored": dict(found.first_stored),
    }
