"""Whether what a metric says of money fits together: its currencies, its fees, the costs of its margin. Pure.

Here: the rules over more than one entry. Not here: each entry's own (revenue.py, fee.py), any arithmetic.
"""

from collections.abc import Iterator, Mapping

from unit_economics.entries.cost_scope import CostScope
from unit_economics.entries.fee import Fee
from unit_economics.entries.metric import Metric
from unit_economics.nearest import did_you_mean

Scopes = tuple[Mapping[str, CostScope], str | None]
"""The cost scopes of a metric by name, and the first that is not split."""


def faults_of_money(
    metric: Metric, fees: Mapping[str, Fee], scopes: Scopes, currency: str, *, has_rates: bool
) -> str | None:
    """The first thing that does not fit, as `path: what is wrong`."""
    foreign = () if has_rates else _foreign(metric, fees, currency)
    return next(iter([*_fees(metric, fees), *foreign, *_scopes(metric, *scopes)]), None)


def _fees(metric: Metric, fees: Mapping[str, Fee]) -> Iterator[str]:
    for place, name in enumerate(metric.fees):
        if name not in fees:
            near = did_you_mean(name, fees)
            yield f"fees.{place}: no fee is called {name!r}; {near}there is {', '.join(fees) or 'none'} under `fees`"
        elif name in metric.fees[:place]:
            yield f"fees.{place}: {name!r} is named twice, and would be charged twice"
        elif (by := fees[name].by) and by not in metric.units.dimensions:
            yield f"fees.{place}: {name!r} is by {by}, which is no dimension of `units`; add it to their `dimensions`"


def _foreign(metric: Metric, fees: Mapping[str, Fee], currency: str) -> Iterator[str]:
    remedy = f"declare `exchange_rates` to {currency}"
    if metric.earns and metric.earns.currency not in (None, currency):
        yield f"revenue.currency: {metric.earns.currency} is not the catalogue's currency; {remedy}"
    for place, name in enumerate(metric.fees):
        others = {price.currency for price in fees[name].every_price} - {None, currency} if name in fees else set()
        for other in sorted(filter(None, others)):
            yield f"fees.{place}: {name!r} has prices in {other}; {remedy}"


def _scopes(metric: Metric, scopes: Mapping[str, CostScope], headline: str | None) -> Iterator[str]:
    known = [*_whole(scopes)]
    for cost, scope in metric.margin or ():
        if scope is not None and scope not in known:
            what = "is no cost scope of this metric that is one amount a day"
            yield f"margin.{cost}: {scope!r} {what}; {did_you_mean(scope, known)}there is {', '.join(known) or 'none'}"
    if metric.has_margin and headline is None and not (metric.margin and metric.margin.fully_loaded):
        yield "margin: every cost scope is split, so say which one is `fully_loaded`"


def _whole(scopes: Mapping[str, CostScope]) -> Iterator[str]:
    """The scopes that have exactly one amount a day, those of a target too."""
    for name, scope in scopes.items():
        if not scope.is_split:
            yield name
        elif scope.allocation:
            yield from (f"{name}:{target}" for target in scope.allocation.targets)
