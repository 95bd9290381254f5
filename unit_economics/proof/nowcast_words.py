"""Nowcasts and their errors as small tables for Dagster's page.

Here: Markdown. Not here: the numbers (nowcasting.py, warehouse/nowcast_reading.py).
"""

from collections.abc import Sequence
from decimal import Decimal

from unit_economics.insight.nowcast import made_by
from unit_economics.markdown_table import table
from unit_economics.nowcasting import Estimate
from unit_economics.warehouse.nowcast_reading import Error


def nowcasts_table(made: Sequence[Estimate]) -> str:
    """What is there of each day and what it will come to; empty where there is none."""
    head = ("metric", "day", "age", "there now", "nowcast", "interval", "", "by")
    return _table(head, [_nowcast(one) for one in made])


def _nowcast(one: Estimate) -> Sequence[str]:
    cost = one.cost
    interval = f"{_money(cost.low)} to {_money(cost.high)}"
    day = (one.of.metric, str(one.of.day), str(one.age))
    return (
        *day,
        _money(one.of.cost),
        _money(cost.cost),
        interval,
        one.of.currency,
        made_by(cost.method, cost.snapshots),
    )


def errors_table(errors: Sequence[Error]) -> str:
    """How far the days that are complete now were off at each age; empty where there is none."""
    return _table(
        ("metric", "", "age", "days", "raw figure off by", "nowcast off by", "interval held"),
        [_error(one) for one in errors],
    )


def _error(one: Error) -> Sequence[str]:
    held = f"{one.held / one.days:.0%} of {one.level:.0%}"
    return (one.metric, one.currency, str(one.age), str(one.days), _percent(one.raw), _percent(one.nowcast), held)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(table(head, rows)) if rows else ""


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
