"""The proof `vantage_unit_cost`: does Vantage's own unit cost say what ours says, and why not.

Here: both sides of each day, and what is said of them. Not here: the arithmetic (insight/apart.py), what a report says
(vantage/report_days.py), the rows (warehouse/comparisons.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from unit_economics.business_days import DayRange, shown
from unit_economics.deployment import Deployment
from unit_economics.insight.apart import PARTS, Apart, Ours, Theirs, Word, apart
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.proof.vantage_asked import Asked, asked_of
from unit_economics.refusals import Refusal
from unit_economics.vantage.report_days import ReportDays
from unit_economics.warehouse import comparisons
from unit_economics.warehouse.comparisons import Kept, StoredDay
from unit_economics.warehouse.ledger import Run

NAME = "vantage_unit_cost"
CHECK = "vantage_shows_the_same"
MOST_DAYS = 92
"""A quarter: the smallest plans of Vantage keep six months, and a day that is gone there says nothing."""
_MOST_SAID = 3
_PROMISES = {CHECK: "Vantage's own unit cost is ours, or the difference is one of basis or timing and not of charges."}


@dataclass(frozen=True)
class Comparison:
    """One day of a metric: the row that is kept, and the walk between the two unit costs where there are two."""

    kept: Kept
    walk: Apart | None = None

    def word(self, tolerance: Decimal) -> Word:
        """What is to be said of it; a day that can't be compared is to be explained."""
        return self.walk.word(tolerance) if self.walk else "explained"


def vantage_unit_cost(of: Deployment) -> Proof | None:
    """The proof, where a metric's cost report is named."""
    metrics = asked_of(of)
    if not metrics:
        return None
    return Proof(
        name=NAME,
        description="Vantage's own unit cost of every day of the last quarter beside ours, with the parts that the "
        "difference consists of: other charges, other settings, other units, another moment.",
        after=[name for one in metrics for name in (one.asset, one.metric)],
        checks=_PROMISES,
        prove=lambda run: _prove(of, metrics, run),
    )


def compare(of: Deployment, one: Asked) -> tuple[list[Comparison], ReportDays]:
    """Every day of one metric that either side has, with nothing stored; raises `Refusal`."""
    last = of.calendar.last_closed_day(of.outside.now())
    days = DayRange(last - timedelta(days=MOST_DAYS - 1), last)
    theirs = one.ask(of.outside, days)
    with of.warehouse.snapshot() as connection:
        currency = theirs.currency or of.catalogue.currency
        stored = comparisons.stored_days(connection, one.metric, one.scope, currency, days)
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


def _prove(of: Deployment, metrics: Sequence[Asked], run: Run) -> Proved:
    judgements: list[Judgement] = []
    numbers = {"days": 0, "changed": 0}
    for one in metrics:
        try:
            found, theirs = compare(of, one)
        except Refusal as refusal:
            text = f"{one.metric} could not be compared: {refusal}"
            judgements.append(Judgement(CHECK, passed=False, text=text, about=one.metric))
            continue
        with of.warehouse.transaction() as connection:
            rows = [each.kept for each in found]
            numbers["changed"] += comparisons.keep(
                connection, rows, one.settings.stated, theirs.saved.stated, run.run_id
            )
        numbers["days"] += len(found)
        judgements += judged(one, found)
    return Proved(numbers, judgements)


def judged(one: Asked, found: Sequence[Comparison]) -> list[Judgement]:
    """An error for other charges or units on complete days, a warning for what is explained or can't be compared."""
    drift = [each for each in found if each.word(one.tolerance) == "drift"]
    explained = [each for each in found if each.walk and each.word(one.tolerance) == "explained"]
    missing = [each for each in found if each.walk is None]
    failed = [
        *_failed(one, drift, "Vantage shows another unit cost", _parts, is_error=True),
        *_failed(one, explained, "Vantage's unit cost differs by basis or timing", _parts, is_error=False),
        *_failed(one, missing, "nothing to compare", lambda each: each.kept.reason or "", is_error=False),
    ]
    return failed or [Judgement(CHECK, about=one.metric)]


def _failed(
    one: Asked, found: Sequence[Comparison], what: str, said: Callable[[Comparison], str], *, is_error: bool
) -> list[Judgement]:
    if not found:
        return []
    days = shown(each.kept.business_date for each in found)
    last = "; ".join(f"{each.kept.business_date}: {said(each)}" for each in found[-_MOST_SAID:])
    text = f"{one.metric}: {what} on {days}. {last}. See: unit-economics vantage read-back {one.metric}"
    severity = "error" if is_error else "warning"
    return [Judgement(CHECK, passed=False, severity=severity, text=text, about=one.metric)]


def _parts(one: Comparison) -> str:
    walk = one.walk
    if walk is None:
        return ""
    parts = {name: getattr(walk, name) for name in PARTS}
    words = ", ".join(f"{name} {short_amount(part):+f}" for name, part in parts.items() if part)
    return f"{short_amount(walk.shown):f} there, {short_amount(walk.unit_cost):f} here ({words})"


def short_amount(amount: Decimal) -> Decimal:
    """Six significant digits, for people."""
    return round(amount, 5 - amount.adjusted()).normalize() if amount else Decimal(0)
