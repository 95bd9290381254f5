"""Which assets a catalogue gives, what each is made of, and what each one means: one node an asset.

Here: the description that the deployment, the checks, the steps and the pages all go by. A new kind of asset is its
nodes here, its step in steps/, its words in asset_words.py and promises.py. Not here: Dagster, or any reading.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from unit_economics.asset_names import ALLOCATED_COSTS as ALLOCATED_COSTS
from unit_economics.asset_names import CLOUD_COSTS as CLOUD_COSTS
from unit_economics.asset_names import EXCHANGE_RATES as EXCHANGE_RATES
from unit_economics.asset_names import INVOICED_COSTS as INVOICED_COSTS
from unit_economics.asset_names import (
    driver_asset,
    margin_asset,
    quantity_asset,
    revenue_asset,
    revenue_sink_asset,
    sink_asset,
    slices_asset,
    units_asset,
)
from unit_economics.catalogue import Catalogue, content_version
from unit_economics.entries.adapters import Sink, UnitSource
from unit_economics.entries.definition_text import definition_text
from unit_economics.entries.metric import Metric
from unit_economics.entries.rates import RateSource
from unit_economics.entries.revenue import Revenue
from unit_economics.formula_book import Compiled, compiled

Kind = Literal[
    "charges",
    "invoiced",
    "driver",
    "units",
    "quantity",
    "allocated",
    "unit_cost",
    "slices",
    "publication",
    "revenue",
    "revenue_publication",
    "rates",
    "margin",
    "formula",
]


@dataclass(frozen=True)
class Node:
    """One asset of the catalogue.

    entry: the name of what it is made for (a metric, a driver); inputs: the assets it is made of; meaning: what its
    numbers rest on, of all that the catalogue says; source and unit: of what is counted; rates: of what money is
    converted by; sink: of what is published; formula: of what is computed by one.
    """

    name: str
    kind: Kind
    entry: str = ""
    inputs: Sequence[str] = ()
    meaning: Sequence[object] = ()
    source: UnitSource | Revenue | None = None
    rates: RateSource | None = None
    unit: str = ""
    sink: Sink | None = None
    formula: Compiled | None = None

    @property
    def definition(self) -> str:
        """The version of what it means: another one once a part of `meaning` changes; none where it has no meaning."""
        return content_version("\n".join(map(repr, self.meaning))) if self.meaning else ""

    @property
    def definition_text(self) -> str:
        """What that version is of, as JSON; none where it has no meaning."""
        return definition_text(self.meaning) if self.meaning else ""


def graph_of(catalogue: Catalogue) -> Mapping[str, Node]:
    """Every asset by name, upstream first."""
    return {node.name: node for node in _nodes(catalogue)}


def _nodes(catalogue: Catalogue) -> Iterator[Node]:
    yield _charges(catalogue)
    yield from _invoiced(catalogue)
    for name, driver in catalogue.drivers.items():
        yield _counted(driver_asset(name), "driver", name, driver.quantity, driver.unit)
    for name, metric in catalogue.measured.items():
        yield _units(name, metric)
    if catalogue.exchange_rates:
        meaning = [catalogue.exchange_rates, catalogue.currency]
        yield Node(EXCHANGE_RATES, "rates", meaning=meaning, rates=catalogue.exchange_rates)
    if catalogue.allocations:
        yield _allocated(catalogue)
    for name in catalogue.measured:
        yield from _of_metric(catalogue, name)
    for name, quantity in catalogue.quantities.items():
        in_time = [quantity.per] if quantity.per else []
        counted = _counted(quantity_asset(name), "quantity", name, quantity.source, quantity.unit)
        yield replace(counted, meaning=[*counted.meaning, *in_time])
    if catalogue.formulas:
        yield from _formulas(catalogue)


def _formulas(catalogue: Catalogue) -> Iterator[Node]:
    for one in compiled(catalogue)[0].values():
        meaning = [*one.meaning, catalogue.currency]
        yield Node(one.asset, "formula", one.name, one.inputs, meaning, unit=one.entry.unit, formula=one)


def _of_metric(catalogue: Catalogue, name: str) -> Iterator[Node]:
    metric = catalogue.metrics[name]
    scopes = catalogue.scopes_of(name)
    has_rules = any(scope.allocation for scope in scopes.values())
    rates = [EXCHANGE_RATES] if catalogue.exchange_rates else []
    made_of = [units_asset(name), CLOUD_COSTS, *([ALLOCATED_COSTS] if has_rules else []), *rates]
    yield Node(name, "unit_cost", name, made_of, [metric.unit, catalogue.currency, *scopes.items(), *rates])
    for kind, sink in metric.published.items():
        yield Node(sink_asset(name, kind), "publication", name, [units_asset(name), name], unit=metric.unit, sink=sink)
    if metric.slices:
        yield _slices(catalogue, name)
    if metric.revenue:
        currency = (metric.earns and metric.earns.currency) or catalogue.currency
        yield _counted(revenue_asset(name), "revenue", name, metric.revenue, currency)
        needed = [EXCHANGE_RATES] if currency != catalogue.currency else []
        for kind, sink in metric.published_revenue.items():
            asset, made_of = revenue_sink_asset(name, kind), [revenue_asset(name), *needed]
            yield Node(asset, "revenue_publication", name, made_of, unit=catalogue.currency, sink=sink)
    if metric.has_margin:
        made_of = [units_asset(name), revenue_asset(name), name, *rates]
        yield Node(margin_asset(name), "margin", name, made_of, _of_margin(catalogue, name))


def _of_margin(catalogue: Catalogue, name: str) -> list[object]:
    metric = catalogue.metrics[name]
    fees = [(fee, catalogue.fees[fee]) for fee in metric.fees]
    earned = (metric.earns.currency, metric.earns.refunds_basis, *metric.earns.components) if metric.earns else ()
    return [metric.unit, catalogue.currency, earned, *catalogue.margin_scopes(name).items(), *fees]


def _slices(catalogue: Catalogue, name: str) -> Node:
    slices = catalogue.metrics[name].slices
    named = {dimension for slicing in slices.values() for dimension in slicing.by}
    halves = [(one, catalogue.dimensions[one]) for one in sorted(named) if one in catalogue.dimensions]
    scopes = {slicing.cost or catalogue.headline_scope(name) or "" for slicing in slices.values()}
    paid = [(scope, catalogue.cost_scopes[scope]) for scope in sorted(scopes)]
    rates = [EXCHANGE_RATES] if catalogue.exchange_rates else []
    meaning = [catalogue.metrics[name].unit, catalogue.currency, *slices.items(), *halves, *paid, *rates]
    return Node(slices_asset(name), "slices", name, [units_asset(name), CLOUD_COSTS, name, *rates], meaning)


def _units(name: str, metric: Metric) -> Node:
    in_time = [metric.per] if metric.per else []
    return Node(
        *(units_asset(name), "units", name),
        meaning=[metric.units, metric.unit, *in_time],
        source=metric.units,
        unit=metric.unit,
    )


def _counted(asset: str, kind: Kind, entry: str, source: UnitSource | Revenue, unit: str) -> Node:
    return Node(asset, kind, entry, meaning=[source, unit], source=source, unit=unit)


def _charges(catalogue: Catalogue) -> Node:
    scanned = [(name, allocation.scanned) for name, allocation in catalogue.allocations.items()]
    return Node(CLOUD_COSTS, "charges", meaning=[*catalogue.cost_sources.items(), *catalogue.tag_keys, *scanned])


def _invoiced(catalogue: Catalogue) -> Iterator[Node]:
    if catalogue.reconciliation:
        yield Node(INVOICED_COSTS, "invoiced", inputs=[CLOUD_COSTS], meaning=[*catalogue.cost_sources.items()])


def _allocated(catalogue: Catalogue) -> Node:
    scopes = [(name, catalogue.cost_scopes[name]) for name in catalogue.allocations]
    inputs = [CLOUD_COSTS, *catalogue.allocated_by]
    return Node(ALLOCATED_COSTS, "allocated", inputs=inputs, meaning=[catalogue.currency, *scopes])
