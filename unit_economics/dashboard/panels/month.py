"""This month's bill: so far, where it ends at the present rate, and the target.

Here: sums of one calendar month of business days. The rate is the mean of the last 28 complete days: an arithmetic
continuation, and said so; it is no forecast.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup

from unit_economics.business_days import DayRange
from unit_economics.dashboard.charts.bullet import bullet
from unit_economics.dashboard.charts.svg import NOTHING
from unit_economics.dashboard.mart.series import COMPLETE, Day
from unit_economics.dashboard.scene import Scene

_RATE_DAYS = 28


@dataclass(frozen=True)
class Month:
    """The month's sums as text and picture; `missing` says why there is none."""

    title: str
    status: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    chart: Markup = NOTHING
    missing: str = ""
    template: str = "panels/month.html"


def month(scene: Scene) -> Month:
    """The month of the last stored day."""
    stored = [day for day in scene.series.days.values() if day.cost is not None]
    last = scene.series.complete_to
    if not stored or last is None:
        return Month("This month's bill", missing="no day's bill is there yet")
    newest = max(day.day for day in stored)
    first = newest.replace(day=1)
    length = monthrange(newest.year, newest.month)[1]
    there = [day for day in stored if day.day >= first]
    so_far = sum((day.cost for day in there if day.cost is not None), Decimal(0))
    rate = _rate(scene, last)
    by_end = None if rate is None else so_far + rate * (length - len(there))
    return _drawn(scene, first, so_far, by_end, f"{len(there)} of {length} days {_are(there)} there, {_open(there)}")


def _rate(scene: Scene, last: date) -> Decimal | None:
    total = scene.series.total(DayRange(last - timedelta(days=_RATE_DAYS - 1), last))
    return total.cost / total.days if total.days else None


def _open(there: Sequence[Day]) -> str:
    growing = [day for day in there if day.status not in COMPLETE]
    return f"{len(growing)} of them may still grow" if growing else "all of them complete"


def _are(days: Sequence[Day]) -> str:
    return "are" if len(days) > 1 else "is"


def _drawn(scene: Scene, first: date, so_far: Decimal, by_end: Decimal | None, status: str) -> Month:
    numbers = scene.numbers
    target = scene.targets.monthly_cost
    rows = (
        ("So far", numbers.money(so_far)),
        ("At the rate of the last 28 complete days", numbers.money(by_end)),
        ("Target", numbers.money(target) if target is not None else "none is set"),
    )
    chart = bullet(so_far=so_far, by_end=by_end, target=target, money=numbers.compact_money)
    return Month(f"The bill of {numbers.month(first)}", status, rows, chart)
