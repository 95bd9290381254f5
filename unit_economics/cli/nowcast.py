"""`unit-economics nowcast`: what the provisional days will come to, beside what is there of them; or the curve.

Here: the command and its words. Not here: making nowcasts (proof/nowcast.py), the questions
(warehouse/nowcast_reading.py).
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, json_option, refuse_unknown
from unit_economics.cli.table import faint, show_json, show_table, strong
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.nowcast_reading import Point, Shown, current_curve, current_nowcasts

MADE = "The job daily_proof makes them every morning"
ASKED_FOR = "`nowcast: {}` in the catalogue asks for them; the job daily_proof makes them every morning"


@click.command("nowcast")
@click.argument("metric", required=False)
@click.option("--curve", is_flag=True, help="How much of a day's cost is there at each age, by provider and service.")
@json_option
@config_option
def command(metric: str | None, *, curve: bool, as_json: bool, config: Path | None) -> int:
    """What the provisional days will come to, as it was estimated this morning.

    The observed figure stands beside it and is the one that counts. Exit code 1 where nothing is estimated.
    """
    if curve and metric is not None:
        what = "the curve is the bill's, and of no metric"
        raise UsageRefusal(what, where="METRIC", remedy="Leave the metric out, or --curve")
    of = opened(config)
    if metric is not None:
        refuse_unknown(of, metric)
    with of.warehouse.snapshot() as connection:
        found = current_curve(connection) if curve else current_nowcasts(connection, metric)
    if as_json:
        show_json([vars(one) for one in found])
    elif not found:
        how = MADE if of.catalogue.nowcast else ASKED_FOR
        what = "No completion curve is stored" if curve else "No provisional day has a nowcast"
        click.echo(f"\n  {what}. {how}.\n")
    else:
        _show(found)
    return 0 if found else 1


def _show(found: Sequence[Point] | Sequence[Shown]) -> None:
    points = [one for one in found if isinstance(one, Point)]
    if points:
        _show_curve(points)
    days = [one for one in found if isinstance(one, Shown)]
    for metric in dict.fromkeys(one.metric for one in days):
        click.echo(f"\n{strong(metric)}  {faint('per unit, provisional days')}\n")
        show_table(_DAYS, [_day(one) for one in days if one.metric == metric], right_from=3)
    click.echo()


_DAYS = ("day", "scope", "by", "age", "there now", "nowcast", "interval", "")


def _day(one: Shown) -> Sequence[str]:
    interval = one.reason or f"{_short(one.low_unit_cost)} to {_short(one.high_unit_cost)} at {one.level:.0%}"
    numbers = (_short(one.unit_cost), _short(one.nowcast_unit_cost), interval, one.billing_currency)
    return (str(one.business_date), one.cost_scope, one.by, str(one.age_days), *numbers)


def _show_curve(points: Sequence[Point]) -> None:
    click.echo(f"\n{strong('How much of a day is there')}  {faint('age 1 is the first morning')}\n")
    show_table(
        ("provider", "service", "cost", "by", "age", "there", "±", "days"),
        [_point(one) for one in points],
        right_from=4,
    )


def _point(one: Point) -> Sequence[str]:
    share = "-" if one.share is None else f"{one.share:.1%}"
    cost = f"{one.cost_basis} {one.billing_currency}"
    head = (one.provider_name, one.service_name, cost, one.source)
    return (*head, str(one.age_days), share, f"{one.spread:.1%}", str(one.snapshots))


def _short(value: Decimal | None) -> str:
    return "-" if value is None else f"{value:.6g}"
