"""What is said of each kind of asset: its description, the tools that made it, its columns and where they come from.

Here: the words, a function a kind. Not here: Dagster's shapes of them (asset_shape.py), checks' promises (promises.py).
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import pandera.pandas as pa

from unit_economics import schemas
from unit_economics.asset_names import EXCHANGE_RATES, revenue_asset, revenue_sink_asset, sink_asset, units_asset
from unit_economics.catalogue import Catalogue
from unit_economics.graph import CLOUD_COSTS, Kind, Node

Lineage = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Said:
    """What differs from kind to kind: words, the tools that Dagster draws, the columns and where they come from."""

    description: str
    kinds: Set[str]
    schema: pa.DataFrameSchema
    lineage: Lineage = field(default_factory=dict)


def _charges(catalogue: Catalogue, node: Node) -> Said:
    del node
    sources = ", ".join(f"`{name}` ({source.kind})" for name, source in catalogue.cost_sources.items())
    return Said(
        f"Charges a business day, FOCUS-shaped, summed by provider, sub-account, service, region, category and tag."
        f" Read from {sources}. A day is replaced whole; what the provider restates becomes a new version.",
        {"focus", "postgres"},
        schemas.CHARGES,
    )


def _invoiced(catalogue: Catalogue, node: Node) -> Said:
    del catalogue, node
    return Said(
        "What each invoice billed on a business day, by issuer, account, billing period and service: a second cut of"
        " the bill that adds up to `cloud_costs` exactly. Invoices are held against it.",
        {"focus", "postgres"},
        schemas.INVOICED_COSTS,
        {"billed_cost": [(CLOUD_COSTS, "billed_cost")]},
    )


def _units(catalogue: Catalogue, node: Node) -> Said:
    return Said(
        f"{node.unit} units a closed business day ({catalogue.business_day.timezone}), counted at the source in one"
        f" read. The denominator of `{node.entry}`.",
        {"pandas"},
        _schema(node),
    )


def _schema(node: Node) -> pa.DataFrameSchema:
    return schemas.SLICED_UNITS if node.source and node.source.dimensions else schemas.UNITS


def _driver(catalogue: Catalogue, node: Node) -> Said:
    del catalogue
    return Said(
        f"{node.unit} a closed business day and target, counted at the source in one read. Shared cost is divided"
        " by it.",
        {"pandas"},
        schemas.UNITS,
    )


def _quantity(catalogue: Catalogue, node: Node) -> Said:
    purpose = catalogue.quantities[node.entry].purpose
    return Said(
        f"{node.unit} a closed business day, counted at the source in one read. Formulas name it"
        f" `quantity({node.entry})`.{f' {purpose}' if purpose else ''}",
        {"pandas"},
        _schema(node),
    )


def _formula(catalogue: Catalogue, node: Node) -> Said:
    entry, written = catalogue.formulas[node.entry], node.formula.formula if node.formula else ""
    return Said(
        f"{entry.title or node.entry}: `{written}`, in {node.unit}; empty with the reason where something is missing."
        f" A window is computed from what it names over its days, never from these values."
        f"{f' {entry.purpose}' if entry.purpose else ''}",
        {"postgres", "pandas"},
        schemas.FORMULA_VALUES,
    )


def _allocated(catalogue: Catalogue, node: Node) -> Said:
    del node
    scopes = ", ".join(f"`{name}`" for name in catalogue.allocations)
    return Said(
        f"What each target of {scopes} pays: direct cost by the rules, then shared cost in double entry. The lines"
        " of a scope, day and currency add up to the bill exactly; what no rule takes is `unallocated`.",
        {"postgres", "pandas"},
        schemas.ALLOCATED_COSTS,
        {"amount": [(CLOUD_COSTS, cost) for cost in schemas.COSTS]},
    )


def _revenue(catalogue: Catalogue, node: Node) -> Said:
    metric, zone = catalogue.metrics[node.entry], catalogue.business_day.timezone
    parts = f", as {', '.join(metric.earns.components)}: the segments" if metric.earns else ""
    return Said(
        f"What the {metric.unit} units of a closed business day ({zone}) earned, in {node.unit}{parts}. The margin of"
        f" `{node.entry}` is this less the cost; no unit cost waits for it.",
        {"pandas"},
        schemas.UNITS,
    )


def _unit_cost(catalogue: Catalogue, node: Node) -> Said:
    unit, units = catalogue.metrics[node.entry].unit, units_asset(node.entry)
    return Said(
        f"Cost per {unit}: `cost / quantity` for each day and cost scope, empty with the reason where a half"
        f" is missing. A window is a ratio of sums:\n\n```sql\nselect * from unit_economics.unit_cost_over("
        f"'{node.name}', '2026-01-01', '2026-01-31')\n```",
        {"postgres", "pandas"},
        schemas.UNIT_COSTS,
        {
            "cost": [(CLOUD_COSTS, cost) for cost in schemas.COSTS],
            "charge_rows": [(CLOUD_COSTS, "charge_rows")],
            "quantity": [(units, "quantity")],
            "unit_cost": [*((CLOUD_COSTS, cost) for cost in schemas.COSTS), (units, "quantity")],
        },
    )


def _rates(catalogue: Catalogue, node: Node) -> Said:
    whose = node.rates.source if node.rates else ""
    return Said(
        f"What one unit of each currency is worth in {catalogue.currency} on a business day, by {whose}. Cost, revenue"
        " and fees in other currencies are converted by it; a day that needs a rate which is not there is refused.",
        {"postgres", *([node.rates.kind] if node.rates else [])},
        schemas.EXCHANGE_RATES,
    )


def _margin(catalogue: Catalogue, node: Node) -> Said:
    scopes = ", ".join(f"{cost} cost of `{scope}`" for cost, scope in catalogue.margin_scopes(node.entry).items())
    return Said(
        f"What the units of a day earned beside what they cost, in {catalogue.currency}: {scopes}. A window is a ratio"
        f" of sums:\n\n```sql\nselect * from unit_economics.margin_over('{node.entry}', '2026-01-01',"
        " '2026-01-31')\n```",
        {"postgres", "pandas"},
        schemas.UNIT_MARGINS,
        {
            "quantity": [(units_asset(node.entry), "quantity")],
            "net_revenue": [(revenue_asset(node.entry), "quantity")],
            "fully_loaded_cost": [(node.entry, "cost")],
            "variable_cost": [(node.entry, "cost")],
        },
    )


def _slices(catalogue: Catalogue, node: Node) -> Said:
    slices, units = catalogue.metrics[node.entry].slices, units_asset(node.entry)
    named = "; ".join(f"`{name}` by {', '.join(slicing.by)}" for name, slicing in slices.items())
    return Said(
        f"`{node.entry}` taken apart: {named}. Every part has its own cost, units and unit cost, and the parts add up"
        " to the whole exactly.",
        {"postgres", "pandas"},
        schemas.UNIT_COST_SLICES,
        {"cost": [(CLOUD_COSTS, cost) for cost in schemas.COSTS], "quantity": [(units, "quantity")]},
    )


def _publication(catalogue: Catalogue, node: Node) -> Said:
    metric = catalogue.metrics[node.entry]
    sink = next(kind for kind in metric.publish if sink_asset(node.entry, kind) == node.name)
    return Said(
        f"{node.unit} units, as {sink.capitalize()} shows them when read back. The destination divides by itself,"
        " so it is sent the denominator. Only days whose gate is green, and only what differs.",
        {sink},
        schemas.UNITS,
        {"quantity": [(units_asset(node.entry), "quantity")]},
    )


def _revenue_publication(catalogue: Catalogue, node: Node) -> Said:
    metric = catalogue.metrics[node.entry]
    sink = next(kind for kind in metric.published_revenue if revenue_sink_asset(node.entry, kind) == node.name)
    return Said(
        f"What the {metric.unit} units of a day earned net, in {node.unit}, as {sink.capitalize()} shows it when read"
        " back. Only days whose revenue and rates are there and green, and only what differs.",
        {sink},
        schemas.UNITS,
        {"quantity": [(asset, "rate" if asset == EXCHANGE_RATES else "quantity") for asset in node.inputs]},
    )


SAID: Mapping[Kind, Callable[[Catalogue, Node], Said]] = {
    "charges": _charges,
    "invoiced": _invoiced,
    "units": _units,
    "driver": _driver,
    "allocated": _allocated,
    "revenue": _revenue,
    "unit_cost": _unit_cost,
    "publication": _publication,
    "revenue_publication": _revenue_publication,
    "rates": _rates,
    "margin": _margin,
    "slices": _slices,
    "quantity": _quantity,
    "formula": _formula,
}
"""What is said of each kind of asset."""
