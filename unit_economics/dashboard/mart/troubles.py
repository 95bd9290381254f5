"""What is wrong, by money: each problem with the metrics that rest on it and what those days cost.

Here: the metrics, their owners, the money at stake. Not here: which days are wrong (day_states.py), the words for it
(panels/).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.asset_names import margin_asset, revenue_asset, revenue_sink_asset, sink_asset
from unit_economics.dashboard.mart.series import COMPLETE
from unit_economics.day_states import DayStates, Problem
from unit_economics.deployment import Deployment
from unit_economics.warehouse.connection import Connection

USUAL_DAYS = 28
_OF_SCOPE = """
    from unit_costs where metric = %(metric)s and billing_currency = %(currency)s
        and (cost_scope = %(scope)s or starts_with(cost_scope, %(scope)s || ':'))
"""
_KNOWN = f"""
    select business_date, sum(cost) {_OF_SCOPE} and business_date = any(%(days)s)
    group by 1 having bool_and(cost is not null)
"""
_USUAL = f"""
    select avg(cost) from (
        select sum(cost) as cost {_OF_SCOPE} and status = any(%(complete)s) and quantity is not null
        group by business_date having bool_and(cost is not null) order by business_date desc limit %(most)s
    ) counted
"""


@dataclass(frozen=True)
class Trouble:
    """A problem, what it hurts and who owns that, and the money at stake.

    hurt: each with its owner, None where nobody is named; money: None where no day of it has ever had a cost.
    """

    problem: Problem
    hurt: Sequence[tuple[str, str | None]]
    money: Decimal | None


def troubles_of(connection: Connection, of: Deployment, states: DayStates) -> Sequence[Trouble]:
    """Every problem, the dearest first; what can't be reckoned comes last."""
    problems = states.problems()
    days = sorted({day for problem in problems for day in problem.days})
    costs = _Costs(connection, of, days)
    found = [_trouble(of, problem, costs) for problem in problems]
    return sorted(found, key=lambda one: (one.money is None, -(one.money or 0), one.problem.days[0]))


def metrics_on(of: Deployment, asset: str) -> Sequence[str]:
    """The metrics that can't be told, or shown where they are published, without this asset."""
    metrics = of.catalogue.measured
    made_of = {
        name: {name, *of.inputs[name], *(sink_asset(name, sink) for sink in metrics[name].published)}
        for name in metrics
    }
    return [name for name in metrics if asset in made_of[name]]


def _trouble(of: Deployment, problem: Problem, costs: "_Costs") -> Trouble:
    metrics, entries = metrics_on(of, problem.asset), of.catalogue.measured
    margins = [name for name, one in entries.items() if one.revenue and problem.asset in _of_margin(name)]
    hurt = [(name, entries[name].owner) for name in metrics]
    hurt += [(f"the margin of {name}", entries[name].owner) for name in margins]
    sent = [name for name in entries if problem.asset in _published_revenue(of, name)]
    hurt += [(f"the published revenue of {name}", entries[name].owner) for name in sent]
    return Trouble(problem, hurt, costs.at_stake(metrics, problem.days))


def _of_margin(metric: str) -> tuple[str, str]:
    return revenue_asset(metric), margin_asset(metric)


def _published_revenue(of: Deployment, metric: str) -> Sequence[str]:
    """The assets that publish a metric's revenue, and what these are made of."""
    sinks = [revenue_sink_asset(metric, sink) for sink in of.catalogue.metrics[metric].published_revenue]
    return [asset for sink in sinks for asset in (sink, *of.inputs[sink])]


class _Costs:
    """What each scope cost on the days in question, and what it usually costs a day; read when first asked for."""

    def __init__(self, connection: Connection, of: Deployment, days: Sequence[date]) -> None:
        self._connection, self._of, self._days = connection, of, days
        self._read: dict[tuple[str, str], tuple[Mapping[date, Decimal], Decimal | None]] = {}

    def at_stake(self, metrics: Iterable[str], days: Sequence[date]) -> Decimal | None:
        """The cost of these days over the metrics' scopes, one that two metrics share once; None if any is unknown."""
        by_scope = {self._scope(metric): metric for metric in reversed(list(metrics))}
        amounts = [self._cost(metric, scope, day) for scope, metric in by_scope.items() for day in days]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None

    def _scope(self, metric: str) -> str:
        catalogue = self._of.catalogue
        return catalogue.headline_scope(metric) or next(iter(catalogue.scopes_of(metric)))

    def _cost(self, metric: str, scope: str, day: date) -> Decimal | None:
        if (metric, scope) not in self._read:
            self._read[metric, scope] = self._ask(metric, scope)
        known, usual = self._read[metric, scope]
        return known.get(day, usual)

    def _ask(self, metric: str, scope: str) -> tuple[Mapping[date, Decimal], Decimal | None]:
        values = {
            "metric": metric,
            "scope": scope,
            "currency": self._of.catalogue.currency,
            "days": self._days,
            "complete": list(COMPLETE),
            "most": USUAL_DAYS,
        }
        known = {row[0]: row[1] for row in self._connection.execute(_KNOWN, values)}
        return known, self._connection.execute(_USUAL, values).fetchall()[0][0]
