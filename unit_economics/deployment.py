"""One deployment: a catalogue, the outside world it reads, and the warehouse it writes.

Here: that one value, which assets, automation and the command line are functions of. Not here: where its parts come
from (definitions.py in production, fixtures in the tests).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from unit_economics.business_days import BusinessCalendar
from unit_economics.catalogue import Catalogue, sink_asset, units_asset
from unit_economics.outside import Outside
from unit_economics.warehouse.connection import DATABASE_URL, Warehouse
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.migrations import migrate

CLOUD_COSTS = "cloud_costs"


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
        metrics = list(self.catalogue.metrics)
        migrate(warehouse, [units_asset(metric) for metric in metrics], metrics)
        return warehouse

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

    @property
    def inputs(self) -> dict[str, list[str]]:
        """Every asset with the assets it is made of, upstream first."""
        graph: dict[str, list[str]] = {CLOUD_COSTS: []}
        for name, metric in self.catalogue.metrics.items():
            graph[units_asset(name)] = []
            graph[name] = [units_asset(name), CLOUD_COSTS]
            graph.update({sink_asset(name, sink): [units_asset(name), name] for sink in metric.publish})
        return graph

    def expects(self, asset: str, day: date) -> bool:
        """Whether a source is to have this day of an asset; what is made of others is expected where they are."""
        if asset == CLOUD_COSTS:
            return any(source.covers(day) for source in self.catalogue.cost_sources.values())
        units = {units_asset(name): metric.units for name, metric in self.catalogue.metrics.items()}
        return asset not in units or units[asset].covers(day)

    @property
    def publications(self) -> frozenset[str]:
        """The assets that publish: they need every input, where a unit cost says which one is missing."""
        metrics = self.catalogue.metrics.items()
        return frozenset(sink_asset(name, sink) for name, metric in metrics for sink in metric.publish)
