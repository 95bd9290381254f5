"""One deployment: a catalogue, the outside world it reads, and the warehouse it writes.

Here: that one value, which assets, automation and the command line are functions of. Not here: where its parts come
from (environment.py in production, fixtures in the tests).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from unit_economics.business_days import ONE_DAY, BusinessCalendar
from unit_economics.catalogue import Catalogue
from unit_economics.graph import Node, graph_of
from unit_economics.outside import Outside
from unit_economics.warehouse.connection import DATABASE_URL, Warehouse
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.migrations import migrate


@dataclass(frozen=True)
class Deployment:
    """What the whole code location is a function of."""

    catalogue: Catalogue
    outside: Outside
    code_version: str
    catalogue_text: str = field(default="", repr=False)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The mart, brought to this release the first time anything asks for it."""
        warehouse = Warehouse(self.outside.secret(DATABASE_URL))
        over_days = {name: metric.over_days for name, metric in self.catalogue.metrics.items()}
        migrate(warehouse, {name: node.kind for name, node in self.graph.items()}, over_days)
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
        return Run(run_id, self.code_version, self.catalogue.version, self.catalogue_text)

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
    def definitions_kept_before(self) -> date:
        """Older days keep the definition that they were stored under, where the catalogue says so."""
        if self.catalogue.automation.on_definition_change == "backfill":
            return date.min
        return self.calendar.last_closed_day(self.outside.now()) - self.catalogue.restatement_window + ONE_DAY

    @cached_property
    def graph(self) -> Mapping[str, Node]:
        """Every asset by name, upstream first."""
        return graph_of(self.catalogue)

    @property
    def inputs(self) -> dict[str, Sequence[str]]:
        """Every asset with the assets it is made of, upstream first."""
        return {name: node.inputs for name, node in self.graph.items()}

    def definition(self, asset: str) -> str:
        """The version of what an asset means; empty for one that has no meaning of its own, or is not there."""
        return self.graph[asset].definition if asset in self.graph else ""

    def definition_text(self, asset: str) -> str:
        """What that version is of, as JSON."""
        return self.graph[asset].definition_text if asset in self.graph else ""

    def is_quiet(self, asset: str) -> bool:
        """Whether nobody is alerted to it: it is of a draft, and no shared cost is divided by it."""
        node = self.graph.get(asset)
        metric = self.catalogue.metrics.get(node.entry) if node and node.kind != "driver" else None
        return metric is not None and metric.state == "draft" and asset not in self.catalogue.allocated_by

    def made_of(self, metric: str) -> Sequence[str]:
        """The assets that a metric's unit cost is made of."""
        return self.graph[metric].inputs

    def chain(self, metric: str) -> list[str]:
        """The assets that a metric's unit cost is made of, and those that these are made of."""
        direct = self.made_of(metric)
        return list(dict.fromkeys([*direct, *(name for asset in direct for name in self.graph[asset].inputs)]))

    def expects(self, asset: str, day: date) -> bool:
        """Whether a source is to have this day of an asset; what is made of others is expected where they are."""
        node = self.graph.get(asset)
        if node and node.kind == "charges":
            return any(source.covers(day) for source in self.catalogue.cost_sources.values())
        source = node and (node.source or node.rates)
        return source is None or source.covers(day)

    @property
    def publications(self) -> frozenset[str]:
        """The assets that publish: they need every input, where a unit cost says which one is missing."""
        return frozenset(name for name, node in self.graph.items() if node.sink)
