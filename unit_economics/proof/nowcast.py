"""Each morning: what the provisional days will come to, and how far earlier such words were off.

Here: reading, estimating, storing and what is said of it. Not here: the estimates (nowcasting.py), the curves
(insight/completion.py), the tables (warehouse/nowcasts.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.business_days import ONE_DAY, DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.deployment import Deployment
from unit_economics.entries.cost_scope import Basis
from unit_economics.exchange import Exchange
from unit_economics.graph import CLOUD_COSTS
from unit_economics.insight.completion import Curves
from unit_economics.insight.curve_points import curve_points
from unit_economics.insight.intervals import is_far_off
from unit_economics.insight.prior import Rules
from unit_economics.nowcasting import (
    Estimate,
    Observed,
    bases_of,
    complete_age,
    estimates,
    latest_age,
    rules_of,
    slower_ages,
)
from unit_economics.proof.nowcast_words import errors_table, nowcasts_table
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.steps.exchanging import exchange_of
from unit_economics.warehouse import ledger, reading
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.nowcast_reading import Error, errors_by_age
from unit_economics.warehouse.nowcasts import Learnt, provisional, store_curve, store_nowcasts
from unit_economics.warehouse.snapshots import snapshots

ASSET = "unit_cost_nowcast"
COVERAGE = "interval_coverage"
CHECKS = {COVERAGE: "The intervals held what the days came to about as often as the catalogue's level says"}
TAUGHT_BY = 60
"""So many complete days teach a curve, the newest: how a bill arrives changes."""
LEAST_NOWCASTS = 30
"""How often an interval held says little of fewer."""


def nowcast_proof(deployment: Deployment) -> Proof | None:
    """The proof, where the catalogue asks for nowcasts and some day is ever provisional."""
    rules = rules_of(deployment.catalogue)
    if rules is None or latest_age(deployment.catalogue) == 1:
        return None
    return Proof(
        ASSET,
        "What each provisional day will come to, beside what is there of it, and how far earlier nowcasts were off.",
        [CLOUD_COSTS, *deployment.catalogue.measured],
        CHECKS,
        lambda run: _prove(deployment, rules, run),
    )


@dataclass(frozen=True)
class _Read:
    """All that is needed of the mart, as of one moment."""

    taught: DayRange
    curves: Mapping[Basis, Curves]
    observed: Sequence[Observed]
    charges: pd.DataFrame
    exchange: Exchange | None


def _prove(deployment: Deployment, rules: Rules, run: Run) -> Proved:
    last = deployment.calendar.last_closed_day(deployment.outside.now())
    read = _read(deployment, last)
    made = _made(deployment.catalogue, read, rules)
    with deployment.warehouse.transaction() as connection:
        ledger.lock(connection, ASSET)
        numbers: Mapping[Basis, int] = {
            basis: store_curve(connection, run, _learnt(basis, read, rules)) for basis in read.curves
        }
        written = store_nowcasts(connection, run, rules.level, numbers, made)
        errors = errors_by_age(connection, _headlines(deployment.catalogue))
    shown = {"nowcasts": len(made), "written": written, "not_yet": len(read.observed) - len(made)}
    headlines = _headline_estimates(deployment.catalogue, made)
    tables = {"provisional_days": nowcasts_table(headlines), "errors_by_age": errors_table(errors)}
    return Proved(shown, judged(errors, rules.level), {name: text for name, text in tables.items() if text})


def _made(catalogue: Catalogue, read: _Read, rules: Rules) -> Sequence[Estimate]:
    ages = {day: age for curves in read.curves.values() for day, age in curves.ages.items()}
    return list(estimates(catalogue, read.observed, read.charges, ages, read.curves, rules, read.exchange))


def _read(deployment: Deployment, last: date) -> _Read:
    catalogue, latest = deployment.catalogue, latest_age(deployment.catalogue)
    taught = DayRange(last - (TAUGHT_BY + latest - 2) * ONE_DAY, last)
    filling = DayRange(last - (latest - 2) * ONE_DAY, last)
    ends = complete_age(catalogue), slower_ages(catalogue)
    with deployment.warehouse.snapshot() as connection:
        curves: Mapping[Basis, Curves] = {
            basis: Curves(snapshots(connection, taught, latest, basis, deployment.calendar), *ends)
            for basis in bases_of(catalogue)
        }
        observed = provisional(connection, list(catalogue.measured), filling)
        charges = reading.current_charges(connection, filling)
        exchange = exchange_of(catalogue, connection, filling) if catalogue.exchange_rates else None
    known = [one for one in observed if one.scope.partition(":")[0] in catalogue.scopes_of(one.metric)]
    return _Read(taught, curves, known, charges, exchange)


def _learnt(basis: Basis, read: _Read, rules: Rules) -> Learnt:
    curves = read.curves[basis]
    return Learnt(basis, curves.latest, read.taught, list(curve_points(curves, rules.prior)))


def _headlines(catalogue: Catalogue) -> Mapping[str, str]:
    found = {metric: catalogue.headline_scope(metric) for metric in catalogue.measured}
    return {metric: scope for metric, scope in found.items() if scope}


def _headline_estimates(catalogue: Catalogue, made: Sequence[Estimate]) -> Sequence[Estimate]:
    headlines = _headlines(catalogue)
    return [one for one in made if headlines.get(one.of.metric) == one.of.scope]


def judged(errors: Sequence[Error], level: Decimal) -> Sequence[Judgement]:
    """A word on each metric that enough is known of, by the intervals of this level: those of another promised else."""
    found: list[Judgement] = []
    for metric in dict.fromkeys(one.metric for one in errors):
        of = [one for one in errors if one.metric == metric and one.level == level]
        count, held = sum(one.days for one in of), sum(one.held for one in of)
        if count < LEAST_NOWCASTS:
            continue
        text = f"{metric}: intervals of {level:.0%} held {held} of {count} days; see nowcast_error_by_age"
        is_off = is_far_off(held, count, float(level))
        found.append(Judgement(COVERAGE, not is_off, "warning", text if is_off else "", metric))
    return found
