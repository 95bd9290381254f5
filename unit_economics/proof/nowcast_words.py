"""Nowcasts and their errors as small tables for Dagster's page.

Here: Markdown. Not here: the numbers (nowcasting.py, warehouse/nowcast_reading.py).
"""

from collections.abc import Sequence
from decimal import Decimal

from unit_economics.nowcasting import Estimate
from unit_economics.warehouse.nowcast_reading import Error


def nowcasts_table(made: Sequence[Estimate]) -> str:
    """What is there of each day and what it will come to; empty where there is none."""
    rows = [
        f"| {one.of.metric} | {one.of.day} | {one.age} | {_money(one.of.cost)} | {_money(one.cost.cost)}"
        f" | {_money(one.cost.low)} to {_money(one.cost.high)} | {one.of.currency} | {_by(one)} |"
        for one in made
    ]
    head = "| metric | day | age | there now | nowcast | interval | | by |\n|---|---|---|---|---|---|---|---|\n"
    return head + "\n".join(rows) if rows else ""


def errors_table(errors: Sequence[Error]) -> str:
    """How far the days that are complete now were off at each age; empty where there is none."""
    rows = [
        f"| {one.metric} | {one.age} | {one.days} | {_percent(one.raw)} | {_percent(one.nowcast)}"
        f" | {one.held / one.days:.0%} of {one.level:.0%} |"
        for one in errors
    ]
    head = "| metric | age | days | raw figure off by | nowcast off by | interval held |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(rows) if rows else ""


def _by(made: Estimate) -> str:
    """`learnt from 20 days`, `the declared prior`."""
    words = {"prior": "the declared prior", "observed": "as observed"}
    learnt = f"{made.cost.method} from {made.cost.snapshots} days"
    return words.get(made.cost.method, learnt)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
