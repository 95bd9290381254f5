"""The catalogue: what is measured, as types. Users edit `unit_economics.yaml` and nothing else.

Here: the shape of an entry and its own consistency. Not here: reading the file (catalogue_file/), or what a source or
a sink does: each of those is a module that declares its own entry as a subclass of what entries/adapters.py has, and is
registered in its package's `KINDS`.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.currencies import CURRENCIES
from unit_economics.entries import references
from unit_economics.entries.adapters import CostSource, Kept, Sink
from unit_economics.entries.allocation import Allocation, Driver, Units
from unit_economics.entries.cost_scope import CostScope, as_list
from unit_economics.entries.dashboard import Dashboard
from unit_economics.entries.dimension import ChargeDimension, DimensionName
from unit_economics.entries.entry import LATER, Entry
from unit_economics.entries.fee import Fee
from unit_economics.entries.formula import FORMULAS_ARE, KPIS_ARE, QUANTITIES_ARE, FormulaEntry, Parameters, Quantity
from unit_economics.entries.metric import Margin, MeasuredDriver, Metric
from unit_economics.entries.money_rules import faults_of_money
from unit_economics.entries.nowcast import NOWCAST_IS, NowcastEntry
from unit_economics.entries.platform import Alerts, Automation, BusinessDay, Checks, Close
from unit_economics.entries.rates import RATES_ARE, RateSource
from unit_economics.entries.reconciliation import RECONCILIATION_IS, Reconciliation
from unit_economics.entries.slice_rules import wrong_slices

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
BROUGHT = "kpi_"
"""How the names of cost scopes begin that a KPI of the library brings with it: no metric is computed for them."""
CLOSE_IS = "Left out, Dagster has no asset that closes a month; `unit-economics close` does so anyway"
DRIVERS_ARE = "What shared cost can be divided by: quantities a day and target"


class Catalogue(Entry):
    """All that is measured, and how. `version` is the hash of the file it was read from."""

    business_day: BusinessDay = BusinessDay()
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    restatement_window: timedelta = timedelta(days=35)
    cost_sources: dict[Name, SerializeAsAny[CostSource]] = Field(min_length=1)
    cost_scopes: dict[Name, CostScope] = Field(default={"all": CostScope()})
    tags: list[str] = Field(default=[], description="Tag keys to keep beside those that the scopes name")
    dimensions: dict[DimensionName, ChargeDimension] = Field(
        default={}, description="How charges tell what slices are by; the units' half is under their `dimensions`"
    )
    drivers: dict[Name, MeasuredDriver] = Field(default={}, description=DRIVERS_ARE)
    metrics: dict[Name, Metric] = Field(min_length=1)
    exchange_rates: Annotated[SerializeAsAny[RateSource] | None, LATER] = Field(default=None, description=RATES_ARE)
    fees: Annotated[dict[Name, Fee], LATER] = Field(default={}, description="What third parties take for a unit")
    quantities: dict[Name, Quantity] = Field(default={}, description=QUANTITIES_ARE)
    formulas: dict[Name, FormulaEntry] = Field(default={}, description=FORMULAS_ARE)
    kpis: dict[Name, Parameters] = Field(default={}, description=KPIS_ARE)
    nowcast: Annotated[NowcastEntry | None, LATER] = Field(default=None, description=NOWCAST_IS)
    reconciliation: Annotated[Reconciliation | None, LATER] = Field(default=None, description=RECONCILIATION_IS)
    checks: Checks = Checks()
    automation: Automation = Automation()
    alerts: Alerts = Alerts()
    dashboard: Dashboard = Dashboard()
    close: Annotated[Close | None, LATER] = Field(default=None, description=CLOSE_IS)
    version: str = ""

    @field_validator("metrics")
    @classmethod
    def _named_cost_per(cls, metrics: dict[str, Metric]) -> dict[str, Metric]:
        for name in metrics:
            if not re.fullmatch(r"cost_per_[a-z][a-z0-9_]*", name):
                raise ValueError(f"{name!r}: a metric is named cost_per_<unit>, like cost_per_order")
        return metrics

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, code: str) -> str:
        if code not in CURRENCIES:
            raise ValueError(f"{code!r} is no currency of ISO 4217; write one like USD")
        return code

    @field_validator("restatement_window")
    @classmethod
    def _whole_days(cls, window: timedelta) -> timedelta:
        if window < timedelta(days=1) or window % timedelta(days=1):
            raise ValueError("must be whole days, like P35D")
        return window

    @model_validator(mode="after")
    def _names_exist(self) -> "Catalogue":
        """Every wrong name at once, a line each."""
        named = references.references(self.metrics, self.cost_scopes)
        if wrong := references.wrong(named, self.metrics, self.cost_scopes, self.drivers):
            raise ValueError("\n".join(wrong))
        return self

    @model_validator(mode="after")
    def _something_is_measured(self) -> "Catalogue":
        if not self.measured:
            raise ValueError("metrics: every one is retired; keep at least one that is active or a draft")
        return self

    @model_validator(mode="after")
    def _one_metric_a_destination(self) -> "Catalogue":
        first: dict[tuple[str, str], str] = {}
        for whose, path, kind, sink in self._destinations():
            other = first.setdefault((kind, sink.destination), whose)
            if other != whose:
                what = f"{other} publishes to the same place, so one would overwrite the other"
                raise ValueError(f"{path}.{kind}: {what}; give each metric its own")
        return self

    def _destinations(self) -> Iterator[tuple[str, str, str, Sink]]:
        """Whose each destination is, its path of keys, its kind and itself."""
        for name, metric in self.metrics.items():
            for kind, sink in metric.published.items():
                yield name, f"metrics.{name}.publish", kind, sink
            for kind, sink in metric.published_revenue.items():
                yield f"the revenue of {name}", f"metrics.{name}.revenue.publish", kind, sink

    @model_validator(mode="after")
    def _money_is_known(self) -> "Catalogue":
        for name, metric in self.metrics.items():
            scopes = self.scopes_of(name), self.headline_scope(name)
            fault = faults_of_money(metric, self.fees, scopes, self.currency, has_rates=self.exchange_rates is not None)
            if fault:
                raise ValueError(f"metrics.{name}.{fault}")
        return self

    @model_validator(mode="after")
    def _slices_have_both_halves(self) -> "Catalogue":
        found = [
            problem
            for name, metric in self.measured.items()
            for problem in wrong_slices(name, metric, self.dimensions, self.scopes_of(name))
        ]
        if found:
            raise ValueError("\n".join(found))
        return self

    @property
    def measured(self) -> dict[str, Metric]:
        """The metrics that are computed: all but the retired ones."""
        return {name: metric for name, metric in self.metrics.items() if metric.state != "retired"}

    @property
    def allocations(self) -> dict[str, Allocation]:
        """The rules of every cost scope that has some."""
        return {name: scope.allocation for name, scope in self.cost_scopes.items() if scope.allocation}

    @property
    def allocated_by(self) -> list[str]:
        """The assets that shared cost is divided by."""
        keys = [key for allocation in self.allocations.values() for key in allocation.keys]
        metrics = {name for key in keys if isinstance(key, Units) for name in key.units.values()}
        drivers = {key.driver for key in keys if isinstance(key, Driver)}
        return [*map(units_asset, sorted(metrics)), *map(driver_asset, sorted(drivers))]

    @property
    def tag_keys(self) -> list[str]:
        """Every tag key that is stored, sorted."""
        named = set(self.tags).union(*(scope.tag_keys for scope in self.cost_scopes.values()))
        return sorted(named | {one.tag for one in self.dimensions.values() if one.tag})

    @property
    def kept(self) -> Kept:
        """What the cost sources are asked to keep of a charge."""
        return Kept(tuple(self.tag_keys), self.allocations)

    def scopes_of(self, metric: str) -> dict[str, CostScope]:
        """The cost scopes that a metric is computed for."""
        chosen = self.metrics[metric].cost
        every = [name for name in self.cost_scopes if not name.startswith(BROUGHT)]
        names = every if chosen is None else as_list(chosen)
        return {name: self.cost_scopes[name] for name in names}

    def margin_scopes(self, metric: str) -> dict[str, str]:
        """The cost scope of every cost of a metric's margin, by the cost's name."""
        margin = self.metrics[metric].margin or Margin()
        named = {**dict(margin), "fully_loaded": margin.fully_loaded or self.headline_scope(metric)}
        return {cost: scope for cost, scope in named.items() if scope is not None}

    def slices_of(self, metric: str, scope: str) -> dict[str, CostScope]:
        """The split scopes of a metric whose values add up to this scope: equal charges, by an equal cost.

        What is declared out is in no value: such a scope is the sum of its own values and of no other's.
        """
        whole = self.cost_scopes[scope]
        return {
            name: part
            for name, part in self.scopes_of(metric).items()
            if part.is_split
            and (part.where, part.basis) == (whole.where, whole.basis)
            and (name == scope or (part.adds_up and whole.adds_up))
        }

    def headline_scope(self, metric: str) -> str | None:
        """The first cost scope of a metric that is not split: the one to plot."""
        return next((name for name, scope in self.scopes_of(metric).items() if not scope.is_split), None)


def content_version(text: str) -> str:
    """A short name for exactly this text of the catalogue."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
