"""A sample of days recomputed under two catalogues, by the arithmetic that stores them; nothing is written.

Here: which days, and from inputs to numbers. Not here: getting the inputs (inputs.py), comparing (definition_diff.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

import pandas as pd

from unit_economics.allocated import allocated_costs
from unit_economics.allocation import Quantities
from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.cli.catalogue.inputs import Got, Inputs, Mart
from unit_economics.definition_diff import Uncompared, affected, changed_assets, changed_metrics, upstream
from unit_economics.deployment import Deployment
from unit_economics.exact import EXACT
from unit_economics.graph import CLOUD_COSTS
from unit_economics.number_diff import Place, Value
from unit_economics.unit_cost import unit_costs

BY_SOURCE = ("units", "driver")
COMPARED = ("charges", "units", "driver", "allocated", "unit_cost")
Numbers = Mapping[Place, Value]


@dataclass(frozen=True)
class Recomputed:
    """The numbers under both definitions, and what could not be had: days of a metric, or all of an asset's numbers."""

    old: Numbers
    new: Numbers
    left_out: Mapping[tuple[str, date], str]
    not_compared: Sequence[Uncompared]


def recomputed(old: Deployment, new: Deployment, mart: Mart) -> Recomputed:
    """Every metric whose numbers may differ, on the days of the mart's sample."""
    metrics = changed_metrics(old.catalogue, new.catalogue)
    inputs = Inputs(mart, frozenset(changed_assets(old.catalogue, new.catalogue)))
    needed = {name for of in (old, new) for metric in metrics for name in upstream(of.graph, metric)}
    counted = [
        asset
        for asset in {**old.graph, **new.graph}
        if asset in needed and any(asset in of.graph and of.graph[asset].kind in BY_SOURCE for of in (old, new))
    ]
    got = {asset: inputs.counted(asset, (old, new)) for asset in counted}
    got[CLOUD_COSTS] = inputs.charges((old, new))
    sides = [Side(of, {asset: both[n] for asset, both in got.items()}) for n, of in enumerate((old, new))]
    left_out = {key: why for side in sides for key, why in side.left_out(metrics, mart.days)}
    before, after = (dict(side.numbers(metrics, mart.days, left_out)) for side in sides)
    return Recomputed(before, after, left_out, _not_compared(old, new))


def _not_compared(old: Deployment, new: Deployment) -> list[Uncompared]:
    nodes = {**old.graph, **new.graph}
    reached = affected(old.catalogue, new.catalogue)
    return [
        Uncompared(name, "its numbers are not recomputed here") for name in reached if nodes[name].kind not in COMPARED
    ]


@dataclass(frozen=True)
class Side:
    """One catalogue with its inputs by asset."""

    of: Deployment
    got: Mapping[str, Got]

    def left_out(self, metrics: Sequence[str], days: Sequence[date]) -> Iterator[tuple[tuple[str, date], str]]:
        """The days of each metric that can't be told, with the first reason; without a bill or units nothing can."""
        for metric in metrics:
            for asset in sorted(upstream(self.of.graph, metric) & self.got.keys()):
                got = self.got[asset]
                lacking = {} if asset.startswith("driver_") else got.absent
                for day in days:
                    if why := got.failed.get(day) or lacking.get(day):
                        yield (metric, day), f"{asset}: {why}"

    def numbers(
        self, metrics: Sequence[str], days: Sequence[date], left_out: Mapping[tuple[str, date], str]
    ) -> Iterator[tuple[Place, Value]]:
        """The unit costs of these metrics on all days but those."""
        by_rules = self._allocated(days)
        for metric in metrics:
            if metric in self.of.catalogue.measured:
                whole = [day for day in days if (metric, day) not in left_out]
                yield from self._unit_costs(metric, whole, by_rules)

    def _allocated(self, days: Sequence[date]) -> pd.DataFrame | None:
        catalogue = self.of.catalogue
        if not catalogue.allocations:
            return None
        quantities = Quantities(
            {name: _by_day(self.got.get(units_asset(name))) for name in catalogue.measured},
            {name: _by_segment(self.got.get(driver_asset(name))) for name in catalogue.drivers},
        )
        return allocated_costs(catalogue, _on(self.got[CLOUD_COSTS], days), quantities)[0]

    def _unit_costs(
        self, metric: str, days: Sequence[date], by_rules: pd.DataFrame | None
    ) -> Iterator[tuple[Place, Value]]:
        charges, units = _on(self.got[CLOUD_COSTS], days), _on(self.got[units_asset(metric)], days)
        charged = set(charges["business_date"])
        free = [day for day in days if day not in charged]
        allocated = None if by_rules is None else by_rules[by_rules["business_date"].isin(days)]
        rows = unit_costs(self.of.catalogue, metric, days, charges, units, free, allocated)
        columns = ["business_date", "cost_scope", "billing_currency", "cost", "quantity", "unit_cost", "reason"]
        for day, scope, currency, *value in rows[columns].itertuples(index=False, name=None):
            yield Place(metric, scope, currency, day), Value(*value)


def _on(got: Got, days: Sequence[date]) -> pd.DataFrame:
    return got.rows[got.rows["business_date"].isin(days)]


def _by_segment(got: Got | None) -> dict[date, dict[str, Decimal]]:
    found: dict[date, dict[str, Decimal]] = {}
    if got is not None and len(got.rows):
        columns = got.rows[["business_date", "segment", "quantity"]]
        for day, segment, quantity in columns.itertuples(index=False, name=None):
            of_day = found.setdefault(day, {})
            of_day[segment] = EXACT.add(of_day.get(segment, Decimal(0)), quantity)
    return found


def _by_day(got: Got | None) -> dict[date, Decimal]:
    found = _by_segment(got)
    return {day: reduce(EXACT.add, segments.values()) for day, segments in found.items()}
