"""`unit-economics kpis`: the library, and what of it the present catalogue and bill could compute now.

Here: the command and its words. Not here: the library (kpis/), what lacks (kpis/readiness.py).
"""

from collections.abc import Mapping
from pathlib import Path

import click

from unit_economics.catalogue import Catalogue
from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option
from unit_economics.cli.table import faint, show_json, strong
from unit_economics.kpis.entry import Kpi
from unit_economics.kpis.page import page
from unit_economics.kpis.readiness import Bill, Readiness, readiness
from unit_economics.kpis.shipped import library
from unit_economics.nearest import closest
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.bill_seen import bill_seen


@click.command("kpis")
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@config_option
def command(name: str | None, form: str, config: Path | None) -> int:
    """The library of KPIs, and which could be computed now; with a NAME that one, with the YAML to paste."""
    if name is not None and name not in library():
        what = f"no KPI is called {name!r}; {closest(name, list(library()))}"
        raise UsageRefusal(what, where="kpis NAME", remedy="`unit-economics kpis` lists them")
    if form == "markdown":
        click.echo(page(library()), nl=False)
        return 0
    catalogue, bill = _seen(config)
    chosen = {name: library()[name]} if name else library()
    states = {one: readiness(catalogue, kpi, bill) for one, kpi in chosen.items()}
    if form == "json":
        show_json({one: _document(kpi, states[one]) for one, kpi in chosen.items()})
    elif name:
        _show(name, chosen[name], states[name])
    else:
        _list(chosen, states)
    return 0


def _seen(config: Path | None) -> tuple[Catalogue, Bill]:
    of = opened(config)
    with of.warehouse.snapshot() as connection:
        return of.catalogue, bill_seen(connection)


def _list(chosen: Mapping[str, Kpi], states: Mapping[str, Readiness]) -> None:
    ready = sum(state.is_ready for state in states.values())
    for name, kpi in chosen.items():
        state = states[name]
        click.echo(f"{'✓' if state.is_ready else '·'} {strong(name)}  {kpi.title}, in {kpi.unit}")
        for line in _words(state):
            click.echo(faint(f"    {line}"))
    click.echo(f"\n{ready} of {len(chosen)} could be computed now; `unit-economics kpis NAME` shows one to paste.")


def _words(state: Readiness) -> list[str]:
    """What there is, and what lacks."""
    found = [f"{parameter}: {', '.join(names)}" for parameter, names in state.parameters.items() if names]
    unseen = f"to be seen once it is included: {', '.join(state.unseen)}"
    return [*found, *(f"lacks {what}" for what in state.lacks), *([unseen] if state.unseen else [])]


def _show(name: str, kpi: Kpi, state: Readiness) -> None:
    click.echo(f"\n{strong(name)}  {kpi.title}\n  = {kpi.formula}, in {kpi.unit}\n")
    for parameter, need in kpi.needs.items():
        units = f", in {' or '.join(need.unit)}" if need.unit else ""
        click.echo(f"  {parameter}: {need.is_for}{units}")
    for title, text in (("Over several days", kpi.over_days), ("Trap", kpi.trap), ("Source", kpi.source)):
        click.echo(f"  {strong(title)}: {text}")
    click.echo(f"  {strong('Example')}: {kpi.example.arithmetic}\n")
    for line in _words(state):
        click.echo(faint(f"  {line}"))
    click.echo(f"\n{faint('# to paste, with your own sources')}\n{kpi.example.catalogue}")


def _document(kpi: Kpi, state: Readiness) -> dict[str, object]:
    return {
        "title": kpi.title,
        "formula": kpi.formula,
        "unit": kpi.unit,
        "needs": {name: need.is_for for name, need in kpi.needs.items()},
        "focus": kpi.focus,
        "over_days": kpi.over_days,
        "trap": kpi.trap,
        "source": kpi.source,
        "catalogue": kpi.example.catalogue,
        "ready": state.is_ready,
        "parameters": state.parameters,
        "lacks": state.lacks,
        "to_be_seen": state.unseen,
    }
