"""`unit-economics value NAME`: what a formula amounts to over some days, and what it was computed from.

Here: the command and its words. Not here: the value (formula_windows.py).
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import chosen_days, config_option, day_options, json_option, restatement_window
from unit_economics.cli.table import faint, show_json, strong
from unit_economics.formula_windows import over_window
from unit_economics.formulas import Missing
from unit_economics.nearest import closest
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.formula_reading import stored_days

if TYPE_CHECKING:
    from unit_economics.deployment import Deployment
    from unit_economics.formula_windows import OverTheDays
    from unit_economics.graph import Node


@click.command("value")
@click.argument("name")
@day_options(default="the days that are read again every morning")
@json_option
@config_option
def command(name: str, first: date | None, last: date | None, *, as_json: bool, config: Path | None) -> int:
    """What a formula or KPI amounts to over some days; exit code 1 and the reason where it has no value.

    It is computed anew from what it names over the days that are complete, never from the values of its days.
    """
    of = opened(config)
    node = _node(of, name)
    days = chosen_days(first, last, restatement_window(of))
    with of.warehouse.snapshot() as connection:
        stored = stored_days(connection, [node], days).get(node.name, {})
    assert node.formula is not None  # noqa: S101  # such nodes are looked for
    found = over_window(node.formula, stored)
    if as_json:
        show_json(_document(node, found) | {"from": days.first, "to": days.last})
    else:
        _show(node, found)
    return 1 if isinstance(found.value, Missing) else 0


def _node(of: "Deployment", name: str) -> "Node":
    known = {node.entry: node for node in of.graph.values() if node.formula}
    if name not in known:
        what = f"no formula or KPI is called {name!r}; {closest(name, list(known))}"
        raise UsageRefusal(what, where="value NAME", remedy="`unit-economics kpis` lists what could be added")
    return known[name]


def _show(node: "Node", found: "OverTheDays") -> None:
    value = found.value
    formula = node.formula.formula if node.formula else ""
    shown = f"empty: {value.reason}" if isinstance(value, Missing) else with_unit(value, node.unit)
    click.echo(f"{strong(node.entry)}  {shown}\n  = {formula}")
    for name, leaf in found.leaves.items():
        click.echo(f"  {name}  {leaf.reason if isinstance(leaf, Missing) else plain(leaf)}")
    left_out = f", {found.days_without} stored but not complete or without a part of it" if found.days_without else ""
    click.echo(faint(f"  over {found.days} day{'' if found.days == 1 else 's'}{left_out}"))


def with_unit(value: Decimal, unit: str) -> str:
    """A value for people: a share times 100."""
    if unit in ("percent", "%"):
        return f"{plain(value * 100)} %"
    return plain(value) if unit == "1" else f"{plain(value)} {unit}"


def plain(value: Decimal) -> str:
    """Every digit that says something."""
    return f"{value.normalize():f}"


def _document(node: "Node", found: "OverTheDays") -> dict[str, object]:
    value = found.value
    return {
        "name": node.entry,
        "formula": str(node.formula.formula if node.formula else ""),
        "unit": node.unit,
        "value": None if isinstance(value, Missing) else f"{value:f}",
        "reason": value.reason if isinstance(value, Missing) else None,
        "inputs": {
            name: {"reason": leaf.reason} if isinstance(leaf, Missing) else {"value": f"{leaf:f}"}
            for name, leaf in found.leaves.items()
        },
        "days": found.days,
        "days_without": found.days_without,
    }
