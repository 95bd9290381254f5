"""The proof `vantage_unit_cost`: does Vantage's own unit cost say what ours says, and why not.

Here: what is said of the days. Not here: both sides of a day (vantage_compared.py), the arithmetic (insight/apart.py),
the rows (warehouse/comparisons.py).
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from unit_economics.business_days import shown
from unit_economics.deployment import Deployment
from unit_economics.insight.apart import PARTS
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.proof.vantage_asked import Asked, asked_of
from unit_economics.proof.vantage_compared import Comparison, compare
from unit_economics.refusals import Refusal
from unit_economics.warehouse import comparisons
from unit_economics.warehouse.ledger import Run

NAME = "vantage_unit_cost"
CHECK = "vantage_shows_the_same"
_MOST_SAID = 3
_PROMISES = {CHECK: "Vantage's own unit cost is ours, or the difference is one of basis or timing and not of charges."}


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
