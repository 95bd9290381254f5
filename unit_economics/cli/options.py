"""What several commands have in common on their command line: days, the catalogue's file, `--json`.

Here: parsing. Not here: what is done with it.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.nearest import closest_as_remedy
from unit_economics.refusals import UsageRefusal

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A business day, written YYYY-MM-DD."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day; a usage error where it is none."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(f"{value}+0000", "%Y-%m-%d%z").date()
        except ValueError:
            self.fail(f"{value!r} is no day; write it like 2026-01-31", param, ctx)


def day_options(*, default: str) -> Callable[[F], F]:
    """`--from` and `--to`; `default` says in the help what they mean when left out."""

    def decorate(command: F) -> F:
        last = click.option("--to", "last", type=Day(), metavar="DAY", help=f"Last business day. [{default}]")
        first = click.option("--from", "first", type=Day(), metavar="DAY", help="First business day, like 2026-01-31.")
        return first(last(command))

    return decorate


def config_option(command: F) -> F:
    """`--config FILE`: the catalogue."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The catalogue. [UNIT_ECONOMICS_CATALOGUE, or ./unit_economics.yaml]",
    )(command)


def json_option(command: F) -> F:
    """`--json`: the whole answer for a machine, on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")(command)


def verbose_option(command: F) -> F:
    """`--verbose`: what Dagster says while it works."""
    return click.option("--verbose", is_flag=True, help="Show Dagster's whole log on stderr.")(command)


def chosen_days(first: date | None, last: date | None, fallback: DayRange) -> DayRange:
    """The range that is meant; an end that is left out is that of `fallback`, or the other end where they cross."""
    until = last or max(first or fallback.last, fallback.last)
    return DayRange(first or min(until, fallback.first), until)


def yesterday(deployment: Deployment) -> DayRange:
    """The last closed business day."""
    last = deployment.calendar.last_closed_day(deployment.outside.now())
    return DayRange(last, last)


def restatement_window(deployment: Deployment) -> DayRange:
    """The closed days that are read again every morning."""
    last = deployment.calendar.last_closed_day(deployment.outside.now())
    first = last - deployment.catalogue.restatement_window + timedelta(days=1)
    return DayRange(min(max(first, deployment.catalogue.business_day.first_day), last), last)


def refuse_unknown(of: Deployment, metric: str) -> None:
    """Raise `UsageRefusal` with the nearest name where the catalogue has no such metric."""
    if metric not in of.catalogue.metrics:
        names = list(of.catalogue.metrics)
        raise UsageRefusal(f"no metric is called {metric!r}", where="METRIC", remedy=closest_as_remedy(metric, names))


def moment_of(written: str | None, option: str) -> datetime | None:
    """The moment that an option names; raises `UsageRefusal` where it is none, or has no time zone."""
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageRefusal(
            f"{written!r} is no moment with a time zone", where=option, remedy="Write it like 2026-01-31T09:00:00Z"
        )
    return moment
