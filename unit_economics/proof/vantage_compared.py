"""Both sides of each day of a unit cost: ours as it is stored, and Vantage's as its report shows it.

Here: putting them together, or the reason why a day has only one. Not here: the arithmetic (insight/apart.py), what a
report says (vantage/report_days.py), what is said of it all (vantage_unit_cost.py).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.insight.apart import PARTS, Apart, Ours, Theirs, Word, apart
from unit_economics.proof.vantage_asked import Asked
from unit_economics.refusals import Refusal
from unit_economics.vantage.report_days import ReportDays
from unit_economics.warehouse import comparisons
from unit_economics.warehouse.comparisons import Kept, StoredDay

MOST_DAYS = 92
"""A quarter: the smallest plans of Vantage keep six months, and a day that is gone there says nothing."""


@dataclass(frozen=True)
class Comparison:
    """One day of a metric: the row that is kept, and the walk between the two unit costs where there are two."""

    kept: Kept
    walk: Apart | None = None

    def word(self, tolerance: Decimal) -> Word:
        """What is to be said of it; a day that can't be compared is to be explained."""
        return self.walk.word(tolerance) if self.walk else "explained"


def compare(of: Deployment, one: Asked) -> tuple[list[Comparison], ReportDays]:
    """Every day of one metric that either side has, with nothing stored; raises `Refusal`."""
    last = of.calendar.last_closed_day(of.outside.now())
    days = DayRange(last - timedelta(days=MOST_DAYS - 1), last)
    theirs = one.ask(of.outside, days)
    with of.warehouse.snapshot() as connection:
        currency = theirs.currency or of.catalogue.currency
        stored = comparisons.stored_days(connection, one.metric, one.scope, currency, days)
    if stored and not theirs.unit_costs:
        raise Refusal(
            f"the cost report {one.report} shows no unit cost of the business metric in {one.sink.business_metric}",
            where=f"metrics.{one.metric}.publish.vantage.cost_report",
            remedy="Attach the business metric to that report in Vantage, or name another report",
        )
    ours = {row.business_date: row for row in stored}
    every = sorted({*ours, *theirs.unit_costs})
    return [_compared(one, currency, day, ours.get(day), theirs) for day in every], theirs


def _compared(one: Asked, currency: str, day: date, ours: StoredDay | None, theirs: ReportDays) -> Comparison:
    kept = Kept(one.metric, day, one.scope, currency, ours and ours.status, ours and ours.unit_cost)
    if ours is None or ours.cost is None or not ours.quantity:
        why = (ours and ours.reason) or f"there is no {currency} of this day"
        return Comparison(replace(kept, reason=f"{one.metric} has no unit cost: {why}"))
    there = _their_day(theirs, day)
    if there is None:
        return Comparison(replace(kept, cost=ours.cost, quantity=ours.quantity, reason=_missing(theirs, day)))
    walk = apart(Ours(ours.cost, ours.quantity, ours.status != "provisional"), there)
    numbers = replace(
        kept,
        **{name: getattr(walk, name) for name in ("unit_cost", "shown", *PARTS)},
        cost=ours.cost,
        cost_there=there.cost,
        cost_as_saved=there.cost_as_saved,
        quantity=ours.quantity,
        quantity_there=there.quantity,
        unit_scale=there.scale,
    )
    return Comparison(numbers, walk)


def _their_day(theirs: ReportDays, day: date) -> Theirs | None:
    found, cost, as_saved = theirs.unit_costs.get(day), theirs.costs.get(day), theirs.costs_as_saved.get(day)
    if found is None or cost is None or as_saved is None or not found.amount:
        return None
    return Theirs(found.unit_cost, found.scale, found.amount, cost, as_saved)


def _missing(theirs: ReportDays, day: date) -> str:
    if day not in theirs.unit_costs:
        return "Vantage shows no unit cost of this day"
    if not theirs.unit_costs[day].amount:
        return "Vantage divides by 0 units on this day"
    return "the cost report holds no cost of this day"
