"""The catalogue: what is measured, as types. Users edit `unit_economics.yaml` and nothing else.

Here: the shape of an entry and its own consistency. Not here: reading the file (catalogue_file/), or what a source or
a sink does: each of those is a module that declares its own entry as a subclass of what adapters.py has, and is
registered in its package's `KINDS`.
"""

import hashlib
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from unit_economics.adapters import CostSource, Kept
from unit_economics.allocation_entry import Allocation, Driver, Units
from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.business_days import BusinessCalendar
from unit_economics.cost_scope_entry import CostScope, as_list
from unit_economics.currencies import CURRENCIES
from unit_economics.dashboard_entry import Dashboard
from unit_economics.dimension_entry import ChargeDimension, DimensionName, Slicing
from unit_economics.entry import Entry, Variable
from unit_economics.formula_entry import FORMULAS_ARE, KPIS_ARE, QUANTITIES_ARE, FormulaEntry, Parameters, Quantity
from unit_economics.metric_entry import MeasuredDriver, Metric
from unit_economics.nearest import closest

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
BROUGHT = "kpi_"
"""How the names of cost scopes begin that a KPI of the library brings with it: no metric is computed for them."""
DRIVERS_ARE = "What shared cost can be divided by: quantities a day and target"


class BusinessDay(Entry):
    """When a business day begins, and how long after its end it may be counted."""

    timezone: str = "UTC"
    closes_after: timedelta = timedelta(hours=2)
    first_day: date = Field(
        default=date(2010, 1, 1), description="The first partition; nothing before it is ever asked for"
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is no IANA time zone; write one like Europe/Berlin")
        return zone

    @field_validator("closes_after")
    @classmethod
    def _not_negative(cls, after: timedelta) -> timedelta:
        if not timedelta() <= after <= timedelta(days=3):
            raise ValueError("must be between PT0S and P3D")
        return after

    @property
    def calendar(self) -> BusinessCalendar:
        """The arithmetic of these days."""
        return BusinessCalendar(ZoneInfo(self.timezone), self.closes_after)


class Alerts(Entry):
    """Who is told. Each is the NAME of a variable that holds a URL as Apprise takes it (Slack, mail, ...)."""

    urls: list[Variable] = Field(default=[])
    repeat_after: timedelta = timedelta(hours=24)


class Checks(Entry):
    """How far a day may stray before a check speaks."""

    volume_band: Decimal = Field(
        default=Decimal("3"), gt=1, description="Factor around the same weekday's trailing median"
    )
    min_delivery: Decimal = Field(
        default=Decimal("0.8"), gt=0, le=1, description="Least share of the rows delivered before"
    )


class Automation(Entry):
    """When the platform works by itself."""

    schedule_at: str = Field(default="06:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    fresh_by: str = Field(default="07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    max_tries: int = Field(default=8, ge=1, le=100, description="Tries before the gap sensor gives up until tomorrow")
    retry_pause: timedelta = Field(default=timedelta(minutes=5), description="After the first try; then twice as long")
    gap_check_seconds: int = Field(default=300, ge=5, le=3600)
    gap_horizon: timedelta = Field(default=timedelta(days=400), description="How far back the gap sensor looks")
    max_runtime: timedelta = Field(default=timedelta(hours=1), description="A run that takes longer is ended")
    days_per_run: int | None = Field(
        default=None, ge=1, description="A backfill is cut into runs of so many days, for several workers; else one run"
    )


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
    quantities: dict[Name, Quantity] = Field(default={}, description=QUANTITIES_ARE)
    formulas: dict[Name, FormulaEntry] = Field(default={}, description=FORMULAS_ARE)
    kpis: dict[Name, Parameters] = Field(default={}, description=KPIS_ARE)
    checks: Checks = Checks()
    automation: Automation = Automation()
    alerts: Alerts = Alerts()
    dashboard: Dashboard = Dashboard()
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
    def _scopes_exist(self) -> "Catalogue":
        for name, metric in self.metrics.items():
            unknown = [scope for scope in as_list(metric.cost or []) if scope not in self.cost_scopes]
            if unknown:
                raise ValueError(f"metrics.{name}.cost: no cost scope is called {unknown[0]!r}")
        return self

    @model_validator(mode="after")
    def _one_metric_a_destination(self) -> "Catalogue":
        first: dict[tuple[str, str], str] = {}
        for name, metric in self.metrics.items():
            for kind, sink in metric.publish.items():
                other = first.setdefault((kind, sink.destination), name)
                if other != name:
                    what = f"{other} publishes to the same place, so one would overwrite the other"
                    raise ValueError(f"metrics.{name}.publish.{kind}: {what}; give each metric its own")
        return self

    @model_validator(mode="after")
    def _keys_exist(self) -> "Catalogue":
        for scope, allocation in self.allocations.items():
            unknown = next(filter(None, map(self._unknown_in, allocation.keys)), None)
            if unknown:
                raise ValueError(f"cost_scopes.{scope}.allocation.shared: {unknown}")
        return self

    @model_validator(mode="after")
    def _slices_have_both_halves(self) -> "Catalogue":
        for name, metric in self.metrics.items():
            for slice_name, slicing in metric.slices.items():
                if problem := self._lacking(name, slicing):
                    raise ValueError(f"metrics.{name}.slices.{slice_name}.{problem}")
        return self

    def _lacking(self, metric: str, slicing: Slicing) -> str | None:
        """Why a slice can't be told, if so: which half lacks a dimension and what may be declared instead."""
        of_units, of_charges = self.metrics[metric].units.dimensions, self.dimensions
        for name in slicing.by:
            if name not in of_units and name not in of_charges:
                return f"by: no dimension is called {name!r}; {closest(name, sorted({*of_units, *of_charges}))}"
            if name not in of_charges and slicing.cost_by is None:
                what = f"only the units tell {name} apart, and the charges don't"
                return f"by: {what}; name their column or tag under `dimensions`, or declare `cost_by: units`"
            if name not in of_units and slicing.units_by is None:
                what = f"only the charges tell {name} apart, and the units don't"
                return f"by: {what}; name their column under `units.dimensions`, or declare `units_by: whole`"
        scopes = [scope for scope, entry in self.scopes_of(metric).items() if not entry.is_split]
        if slicing.cost is not None and slicing.cost not in scopes:
            return f"cost: no cost scope that is not split is called {slicing.cost!r}; {closest(slicing.cost, scopes)}"
        return None if scopes else "cost: the metric has only split cost scopes; add one without `by` and `allocation`"

    def _unknown_in(self, key: object) -> str | None:
        if isinstance(key, Driver) and key.driver not in self.drivers:
            return f"no driver is called {key.driver!r}; there is {', '.join(self.drivers) or 'none'} under `drivers`"
        named = key.units.values() if isinstance(key, Units) else ()
        unknown = next((name for name in named if name not in self.metrics), None)
        return f"no metric is called {unknown!r}; there is {', '.join(self.metrics)}" if unknown else None

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
