"""`unit-economics explain METRIC DATE`: the chain behind a number, down to the files and rows that it came from.

Here: the command line and its words. Not here: the chain (warehouse/chain.py), how a fingerprint is read
(dashboard/mart/fingerprints.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import click

from unit_economics.asset_names import CLOUD_COSTS
from unit_economics.cli.opening import opened
from unit_economics.cli.options import Day, config_option, json_option, moment_of, refuse_unknown
from unit_economics.cli.table import faint, harmless, short_decimal, show_json, show_table, strong
from unit_economics.dashboard.mart.fingerprints import reads_of
from unit_economics.deployment import Deployment
from unit_economics.warehouse.chain import Chain, Link, Number, chain_of

MOST = 10


@click.command("explain")
@click.argument("metric")
@click.argument("day", type=Day(), metavar="DATE")
@click.option("--scope", metavar="NAME", help="Only this cost scope. [all of them]")
@click.option("--as-of", metavar="TIMESTAMP", help="What was believed then, like 2026-01-31T09:00:00Z. [now]")
@click.option("--all", "every", is_flag=True, help=f"All files and services, in place of the first {MOST}.")
@json_option
@config_option
def command(
    metric: str, day: date, scope: str | None, as_of: str | None, config: Path | None, *, every: bool, as_json: bool
) -> int:
    """Where one day's number comes from: both halves, the versions, runs and catalogue, the files and the charges.

    Exit code 1 where nothing is stored of it.
    """
    of = opened(config)
    refuse_unknown(of, metric)
    at = moment_of(as_of, "--as-of") or datetime.max.replace(tzinfo=UTC)
    sinks = [name for name, node in of.graph.items() if node.kind == "publication" and node.entry == metric]
    with of.warehouse.snapshot() as connection:
        found = chain_of(connection, metric, day, at, sinks)
    numbers = [one for one in found.numbers if scope in (None, one.cost_scope)]
    if as_json:
        show_json({"metric": metric, "day": day, **_document(of, found, numbers)})
    elif found.links:
        _show(of, metric, day, found, numbers, None if every else MOST)
    else:
        then = "was stored by then" if as_of else "is stored; `unit-economics status` says why"
        click.echo(f"Nothing of {metric} on {day} {then}.")
    return 0 if numbers else 1


def _show(of: Deployment, metric: str, day: date, found: Chain, numbers: Sequence[Number], most: int | None) -> None:
    click.echo(f"\n{strong(f'{metric} {day}')}  {found.own.status}\n")
    for one in numbers[:most]:
        click.echo(f"  {harmless(one.cost_scope)}: {_value(one)}")
    _more(len(numbers), most)
    click.echo(f"\n{strong('Made of')}")
    for link in found.links:
        _show_link(of, link, most)
    if found.charges:
        click.echo(f"\n{strong('The bill of that version, by service')}")
        _show_charges(found, most)
    for sent in found.published:
        shown = "read back the same" if sent.converged else f"read back {short_decimal(sent.read_back)}"
        said = f"{short_decimal(sent.quantity)} by {sent.asset}, {_at(sent.recorded_at)}: {shown}"
        click.echo(f"\n{strong('Published')}  {said}")
    where = f"where catalogue_version = '{found.own.catalogue_version}'"
    click.echo(faint(f"\nThe catalogue as it was: select body from unit_economics.catalogues {where}\n"))


def _value(one: Number) -> str:
    cost, quantity = short_decimal(one.cost), short_decimal(one.quantity)
    halves = f"{cost} {one.billing_currency} ({one.cost_basis}) ÷ {quantity} {one.unit}"
    if one.unit_cost is None:
        return f"empty, {one.reason}  ({halves})"
    charges = f"{one.charge_rows} charge{'' if one.charge_rows == 1 else 's'}"
    return f"{short_decimal(one.unit_cost)} {one.billing_currency}  = {halves}, of {charges}"


def _show_link(of: Deployment, link: Link, most: int | None) -> None:
    indent = "  " * (link.depth + 1)
    newer = ", superseded since" if link.superseded_at else ""
    rows = f", rows of v{link.rows_version}" if link.rows_version != link.version else ""
    recorded = faint(f"recorded {_at(link.recorded_at)}")
    click.echo(f"{indent}{link.asset} v{link.version} {link.status}{rows}{newer}  {recorded}")
    ids = f"run {link.run_id} · release {link.code_version} · catalogue {link.catalogue_version}"
    click.echo(faint(f"{indent}  {ids} · definition {link.definition or 'none'}"))
    inputs = f", inputs {(link.source_hash or '-')[:16]}" if link.fingerprint else ""
    click.echo(faint(f"{indent}  rows {(link.content_hash or '-')[:16]}{inputs}"))
    reads = list(_read(of, link))
    for line in reads[:most]:
        click.echo(f"{indent}  read {harmless(line)}")
    _more(len(reads), most, indent + "  ")


def _read(of: Deployment, link: Link) -> Iterator[str]:
    for read in reads_of(link.fingerprint, of.catalogue.cost_sources):
        source = f"{read.source}: " if read.source else ""
        for file in read.files:
            yield f"{source}{file.name}, {file.size:,} bytes, {file.content}"
        if read.text:
            yield f"{source}{read.text}"


def _more(count: int, most: int | None, indent: str = "  ") -> None:
    if most is not None and count > most:
        click.echo(f"{indent}... and {count - most} more; --all has them")


def _show_charges(found: Chain, most: int | None) -> None:
    head = ("service", "category", "effective", "billed", "", "charges", "stored rows")
    rows = [
        (
            f"{part.provider_name} {part.service_name or '(none)'}",
            part.charge_category,
            *(short_decimal(part.effective_cost), short_decimal(part.billed_cost), part.billing_currency),
            *(str(part.charge_rows), str(part.stored_rows)),
        )
        for part in found.charges[:most]
    ]
    show_table(head, rows, right_from=2)
    _more(len(found.charges), most)


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _document(of: Deployment, found: Chain, numbers: Sequence[Number]) -> dict[str, object]:
    return {
        "numbers": [vars(one) for one in numbers],
        "made_of": list(_links(of, found.links)),
        CLOUD_COSTS: [vars(part) for part in found.charges],
        "published": [vars(sent) for sent in found.published],
    }


def _links(of: Deployment, links: Sequence[Link]) -> Iterator[dict[str, object]]:
    for link in links:
        told = {name: value for name, value in vars(link).items() if name != "fingerprint"}
        reads = reads_of(link.fingerprint, of.catalogue.cost_sources)
        yield {**told, "read": [asdict(read) for read in reads]}
