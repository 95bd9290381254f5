"""`unit-economics doctor`: everything that is needed, looked at one by one, whatever the others say.

Here: which looks there are, their order, and the answer. Not here: the looks (doctor_*.py).
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import click

from unit_economics.cli import doctor_machine, doctor_sources, doctor_storage
from unit_economics.cli.diagnosis import Finding, Look, looked
from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, json_option
from unit_economics.cli.table import coloured, faint, show_json, strong
from unit_economics.deployment import Deployment
from unit_economics.entries.entry import variables_of
from unit_economics.entries.revenue import Revenue
from unit_economics.environment import environment
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics.sinks.vantage import VantageMetric

_MARKS = {"ok": "ok", "warn": "warn", "fail": "FAIL", "skip": "skip"}


@click.command("doctor")
@json_option
@config_option
def command(*, as_json: bool, config: Path | None) -> int:
    """Check everything that is needed; each finding with what mends it. Only reads, and shows no secret.

    Exit code 0 when nothing failed, 3 when something did not answer, else 1.
    """
    findings: list[Finding] = []
    if not as_json:
        click.echo()
    for finding in examine(environment(), config):
        findings.append(finding)
        if not as_json:
            _show(finding)
    code = _exit_code(findings)
    if as_json:
        show_json({"ok": code == 0, "findings": [vars(finding) for finding in findings]})
    else:
        failed = sum(finding.state == "fail" for finding in findings)
        click.echo(f"\n{strong(f'{failed} to mend' if failed else 'Everything that is needed is there')}\n")
    return code


def examine(variables: Mapping[str, str], config: Path | None) -> Iterator[Finding]:
    """Every finding, as it is found."""
    outside = Outside(variables)
    yield from looked("Python", doctor_machine.python)
    yield from looked("time zones", doctor_machine.time_zones)
    yield from looked("disk", doctor_machine.disk)
    yield from looked("Dagster", partial(doctor_machine.dagster, variables))
    try:
        of = opened(config, variables)
    except Refusal as refusal:
        yield Finding("catalogue", "fail", f"{refusal.where}: {refusal.what}", refusal.remedy)
        yield from looked("warehouse", partial(doctor_storage.warehouse, outside))
        yield Finding("sources", "skip", "not looked at, as the catalogue can't be read")
        return
    names = ", ".join(of.catalogue.measured)
    yield Finding("catalogue", "ok", f"measures {names}, in {of.catalogue.business_day.timezone}")
    yield from _variables(of)
    yield from looked("warehouse", partial(doctor_storage.warehouse, of.outside, of.catalogue.dashboard))
    yield from looked("dashboard", partial(doctor_storage.dashboard, of.outside, of.catalogue.dashboard))
    for name, look in _looks(of):
        yield from looked(name, look)


def _looks(of: Deployment) -> Iterator[tuple[str, Look]]:
    for name, source in of.catalogue.cost_sources.items():
        yield f"bill {name}", partial(doctor_sources.bill, of, name, source)
    for asset, node in of.graph.items():
        if node.source:
            yield asset, partial(doctor_sources.counted, of, asset, node.source)
        if node.rates:
            yield asset, partial(doctor_sources.rates, of, node.rates)
    for node in of.graph.values():
        if isinstance(node.sink, VantageMetric):
            name = node.entry if node.kind == "publication" else f"revenue of {node.entry}"
            yield f"vantage for {name}", partial(doctor_sources.vantage, of, name, node.sink)
    yield "alerts", partial(doctor_sources.channels, of)


def _variables(of: Deployment) -> Iterator[Finding]:
    needed = dict.fromkeys([*_named(of), *of.catalogue.alerts.urls])
    unset = [name for name in needed if not of.outside.setting(name, "")]
    if unset:
        yield Finding(
            "variables", "fail", f"not set: {', '.join(unset)}", "Fill them in in .env (.env.example shows how)"
        )
    else:
        yield Finding("variables", "ok", f"set: {', '.join(needed)}")


def _named(of: Deployment) -> Iterator[str]:
    """Every variable that the catalogue's sources and sinks name."""
    read = [source for node in of.graph.values() if (source := node.source or node.rates)]
    counted = [part for one in read for part in (one.components.values() if isinstance(one, Revenue) else [one])]
    sinks = [node.sink for node in of.graph.values() if node.sink]
    for entry in [*counted, *sinks]:
        yield from variables_of(entry)


def _show(finding: Finding) -> None:
    click.echo(f"  {coloured(finding.state, f'{_MARKS[finding.state]:4}')}  {finding.name:32} {finding.text}")
    if finding.mend:
        click.echo(f"        {'':32} {faint('->')} {finding.mend}")


def _exit_code(findings: list[Finding]) -> int:
    failed = [finding for finding in findings if finding.state == "fail"]
    return 0 if not failed else 3 if any(finding.unreachable for finding in failed) else 1
