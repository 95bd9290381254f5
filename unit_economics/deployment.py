"""One deployment: a catalogue, the outside world it reads, and the warehouse it writes.

Here: that one value, which assets, automation and the command line are functions of. Not here: where its parts come
from (environment.py in production, fixtures in the tests).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from unit_economics.adapters import UnitSource
from unit_economics.business_days import BusinessCalendar
from unit_economics.catalogue import Catalogue, driver_asset, revenue_asset, sink_asset, units_asset
from unit_economics.outside import Outside
from unit_economics.warehouse.connection import DATABASE_URL, Warehouse
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.migrations import migrate

CLOUD_COSTS = "cloud_costs"
ALLOCATED_COSTS = "allocated_costs"


@dataclass(frozen=True)
class Deployment:
    """What the whole code location is a function of."""

    catalogue: Catalogue
    outside: Outside
    code_version: str

    @cached_property
    def warehouse(self) -> Warehouse:
        """The mart, brought to this release the first time anything asks for it."""
        warehouse = Warehouse(self.outside.secret(DATABASE_URL))
        metrics = self.catalogue.metrics
        revenue = [revenue_asset(name) for name, metric in metrics.items() if metric.revenue]
        counted = [*map(units_asset, metrics), *map(driver_asset, self.catalogue.drivers)]
        migrate(warehouse, counted, metrics, revenue)
        return warehouse

    def linked_to(self, dagster: str) -> "Deployment":
        """The same, with Dagster's UI at this address."""
        shown = self.catalogue.dashboard.model_copy(update={"dagster": dagster})
        return replace(self, catalogue=self.catalogue.model_copy(update={"dashboard": shown}))

    def heard_by(self, say: Callable[[str], None]) -> "Deployment":
        """The same, telling how far something long has come."""
        return replace(self, outside=replace(self.outside, say=say))

    @property
    def calendar(self) -> BusinessCalendar:
        """The business days."""
        return self.catalogue.business_day.calendar

    def run(self, run_id: str) -> Run:
        """Who writes, for the ledger."""
        return Run(run_id, self.code_version, self.catalogue.version)

    def complete_through(self, complete_after: timedelta) -> date:
        """The last day that the age rule calls complete now."""
        return self.calendar.last_closed_day(self.outside.now() - complete_after)

    def due_day(self, now: datetime) -> date:
        """The latest closed day that had to be there by now: yesterday's, once this morning's deadline has passed."""
        zone = self.calendar.timezone
        today = now.astimezone(zone).date()
        deadline = datetime.combine(today, time.fromisoformat(self.catalogue.automation.fresh_by), tzinfo=zone)
        due = today - timedelta(days=1 if now >= deadline else 2)
        return min(due, self.calendar.last_closed_day(now))

    @property
    def inputs(self) -> dict[str, list[str]]:
        """Every asset with the assets it is made of, upstream first."""
        graph: dict[str, list[str]] = {CLOUD_COSTS: []}
        graph.update({driver_asset(name): [] for name in self.catalogue.drivers})
        graph.update({units_asset(name): [] for name in self.catalogue.metrics})
        if self.catalogue.allocations:
            graph[ALLOCATED_COSTS] = [CLOUD_COSTS, *self.catalogue.allocated_by]
        for name, metric in self.catalogue.metrics.items():
            graph[name] = self.made_of(name)
            graph.update({sink_asset(name, sink): [units_asset(name), name] for sink in metric.publish})
            if metric.revenue:
                graph[revenue_asset(name)] = []
        return graph

    def made_of(self, metric: str) -> list[str]:
        """The assets that a metric's unit cost is made of."""
        has_rules = any(scope.allocation for scope in self.catalogue.scopes_of(metric).values())
        return [units_asset(metric), CLOUD_COSTS, *([ALLOCATED_COSTS] if has_rules else [])]

    def chain(self, metric: str) -> list[str]:
        """The assets that a metric's unit cost is made of, and those that these are made of."""
        direct, graph = self.made_of(metric), self.inputs
        return list(dict.fromkeys([*direct, *(name for asset in direct for name in graph[asset])]))

    @property
    def counted_sources(self) -> dict[str, UnitSource]:
        """The source of every asset that is counted: units, and what they earned."""
        metrics = self.catalogue.metrics.items()
        units = {units_asset(name): metric.units for name, metric in metrics}
        units |= {driver_asset(name): driver.quantity for name, driver in self.catalogue.drivers.items()}
        return units | {revenue_asset(name): metric.revenue for name, metric in metrics if metric.revenue}

    def expects(self, asset: str, day: date) -> bool:
        """Whether a source is to have this day of an asset; what is made of others is expected where they are."""
        if asset == CLOUD_COSTS:
            return any(source.covers(day) for source in self.catalogue.cost_sources.values())
        counted = self.counted_sources
        return asset not in counted or counted[asset].covers(day)

    @property
    def publications(self) -> frozenset[str]:
        """The assets that publish: they need every input, where a unit cost says which one is missing."""
        metrics = self.catalogue.metrics.items()
        return frozenset(sink_asset(name, sink) for name, metric in metrics for sink in metric.publish)
