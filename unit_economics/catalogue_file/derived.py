"""What the catalogue's formulas and KPIs come to, each complaint with its line: unknown names, circles, units, names.

Here: places in the file. Not here: what is wrong with a formula (formula_book.py), what a KPI needs (kpis/).
"""

from collections.abc import Iterator

from unit_economics.catalogue import BROUGHT, Catalogue
from unit_economics.catalogue_file.tree import Node, Problem
from unit_economics.formula_book import compiled
from unit_economics.formula_names import OF_THE_METRIC
from unit_economics.graph import graph_of

RESERVED = frozenset(
    (
        "after_close",
        "alerts",
        "allocated_cost",
        "allocated_cost_versions",
        "allocated_costs",
        "allocation_shares",
        "as_of",
        "attempt",
        "attempts",
        "bill_completeness",
        "catalogue",
        "catalogues",
        "charge_day",
        "closed_invoices",
        "cloud_cost_versions",
        "cloud_costs",
        "complete_through",
        "completion_curve",
        "completion_curve_versions",
        "dashboard_report",
        "day_versions",
        "definition",
        "definitions",
        "exact_decimal",
        "exact_ratio",
        "exchange_rate",
        "exchange_rate_versions",
        "exchange_rates",
        "figure_versions",
        "finance_formula_value_versions",
        "finance_formula_values",
        "formula_name",
        "formula_value",
        "formula_value_versions",
        "formula_values",
        "gate",
        "invoice",
        "invoice_charges",
        "invoice_explanation",
        "invoice_explanations",
        "invoice_reconciliation",
        "invoice_versions",
        "invoiced_cost",
        "invoiced_cost_versions",
        "invoiced_costs",
        "invoices",
        "is_revenue",
        "learnt_cell",
        "learnt_curve",
        "ledger",
        "margin_over",
        "metric_unit",
        "metric_units",
        "migration",
        "month_close",
        "month_closes",
        "nowcast",
        "nowcast_error_by_age",
        "nowcast_errors",
        "nowcast_versions",
        "outbox",
        "publication",
        "publications",
        "published_read_back",
        "read_back",
        "read_back_versions",
        "read_backs",
        "reconciled_days",
        "reconciliation",
        "reconciliation_item",
        "reconciliation_items",
        "reconciliation_versions",
        "reconciliations",
        "reported_allocations",
        "reported_costs",
        "restated_after_close",
        "restated_after_close_as_of",
        "restatement_report",
        "restatement_reports",
        "source_totals",
        "unit_cost",
        "unit_cost_band",
        "unit_cost_comparison",
        "unit_cost_comparison_versions",
        "unit_cost_comparisons",
        "unit_cost_nowcast",
        "unit_cost_nowcasts",
        "unit_cost_over",
        "unit_cost_slice",
        "unit_cost_slice_versions",
        "unit_cost_slices",
        "unit_cost_versions",
        "unit_costs",
        "unit_economics",
        "unit_margin",
        "unit_margin_versions",
        "unit_margins",
        "unit_quantity",
        "unreadable_source",
        "unreadable_sources",
        "vantage_unit_cost",
        "verdict",
    )
)
"""What the mart calls something else, so that no formula can have a view of this name."""
_OURS = ("daily_", "driver_", "quantity_", "finance_", "margin_per_", "unit_margin", BROUGHT)


def with_kpis(catalogue: Catalogue, tree: Node, problems: list[Problem]) -> Catalogue:
    """The catalogue with its KPIs as formulas, and the cost scopes that they bring."""
    if not catalogue.kpis:
        return catalogue
    from unit_economics.kpis.inclusion import included  # reads the library, which few catalogues need

    whole, wrong = included(catalogue)
    problems += [_at(tree, path, text) for path, text in wrong]
    return whole


def wrong_formulas(catalogue: Catalogue, tree: Node) -> list[Problem]:
    """Everything that is wrong with the formulas, and with names that stand for two things."""
    if not (catalogue.formulas or catalogue.quantities):
        return []
    wrong = compiled(catalogue)[1] if catalogue.formulas else ()
    return [_at(tree, path, text) for path, text in [*wrong, *_names(catalogue)]]


def _names(catalogue: Catalogue) -> Iterator[tuple[tuple[str, ...], str]]:
    others = {node.name: node.entry for node in graph_of(catalogue.model_copy(update={"formulas": {}})).values()}
    for kind in ("quantities", "formulas"):
        for name in getattr(catalogue, kind):
            if name in OF_THE_METRIC:
                yield (kind, name), "formulas mean a metric's own by this word; rename it"
    for name in catalogue.formulas:
        if name in catalogue.quantities:
            yield (
                ("formulas", name),
                "a quantity has this name too, and a formula could mean either; rename one of them",
            )
        elif name in others:
            yield ("formulas", name), f"this is already the name of an asset (of {others[name] or name}); rename it"
        elif name in RESERVED or name.startswith(_OURS) or "_business_metric_" in name:
            yield ("formulas", name), "the platform gives this name to something else; rename it"


def _at(tree: Node, path: tuple[str, ...], text: str) -> Problem:
    """A problem at this path: of a KPI, whose formula the file does not hold, at the KPI's own line."""
    if path[:1] == ("formulas",) and (named := tree.child("kpis")) and named.child(path[1]):
        path = ("kpis", path[1])
    node = tree
    for part in path:
        node = node.child(part) or node
    is_value = len(path) > 2
    return Problem((not is_value and node.key_place) or node.place, path, text)
