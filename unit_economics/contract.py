"""The catalogue as a contract: what a sound one still lacks, or says to no purpose.

Here: the findings, each at its path of keys. Not here: what is refused (catalogue.py and the entries), lines and
columns (catalogue_file/), showing them (cli/catalogue/check.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from unit_economics.catalogue import Catalogue
from unit_economics.entries.formula import Quantity
from unit_economics.entries.metric import MeasuredDriver, Metric
from unit_economics.entries.references import references
from unit_economics.formula_book import compiled
from unit_economics.stock_words import fitting_aggregation

Severity = Literal["error", "warning"]
_DRAFT = "a draft is published nowhere; make it active to publish it"


@dataclass(frozen=True)
class Finding:
    """One thing to mend: where, how bad, and in plain words what to do."""

    path: tuple[str, ...]
    severity: Severity
    text: str


def findings(catalogue: Catalogue, today: date) -> list[Finding]:
    """What is to be mended, section by section."""
    return [
        *_of_metrics(catalogue, today),
        *_of_drivers(catalogue, today),
        *_of_scopes(catalogue),
        *_of_quantities(catalogue),
        *_of_fees(catalogue),
        *_of_tags(catalogue),
    ]


def _of_metrics(catalogue: Catalogue, today: date) -> Iterator[Finding]:
    for name, metric in catalogue.measured.items():
        at = ("metrics", name)
        if metric.state == "active":
            yield from _lacking(at, metric)
        yield from _overdue(at, metric, today)
        if metric.state == "draft" and metric.publish:
            yield Finding((*at, "publish"), "warning", _DRAFT)
        if metric.state == "draft" and metric.earns and metric.earns.publish:
            yield Finding((*at, "revenue", "publish"), "warning", _DRAFT)
        yield from _mixed(catalogue, name)
        yield from _stock(at, metric)


def _lacking(at: tuple[str, ...], metric: Metric) -> Iterator[Finding]:
    wanted = {
        "owner": "who answers for it: a team or an address",
        "purpose": "the decision that it serves",
        "review_by": "the day by which somebody looks at it again, like 2027-01-31",
    }
    for key, what in wanted.items():
        if not getattr(metric, key):
            yield Finding(at, "error", f"an active metric needs `{key}`: {what}")


def _overdue(at: tuple[str, ...], entry: Metric | MeasuredDriver, today: date) -> Iterator[Finding]:
    if entry.review_by and entry.review_by < today:
        text = f"was to be reviewed by {entry.review_by}; look at it, then set the next date"
        yield Finding((*at, "review_by"), "warning", text)


def _mixed(catalogue: Catalogue, name: str) -> Iterator[Finding]:
    """Amortised and billed cost of the same charges differ by design: side by side they look like a change."""
    by_basis: dict[str, list[str]] = {}
    for scope, entry in catalogue.scopes_of(name).items():
        by_basis.setdefault(entry.basis, []).append(scope)
    if len(by_basis) > 1:
        told = "; ".join(f"{basis}: {', '.join(scopes)}" for basis, scopes in by_basis.items())
        at = ("metrics", name, *(["cost"] if catalogue.metrics[name].cost else []))
        text = f"is computed over several bases, which must not be compared ({told}); keep one, or make two metrics"
        yield Finding(at, "warning", text)


def _stock(at: tuple[str, ...], entry: Metric | Quantity) -> Iterator[Finding]:
    """Additive is what is meant where nothing is said; of what is there every day again it is mostly not meant."""
    fitting = fitting_aggregation(entry.unit)
    if fitting and "aggregation" not in entry.model_fields_set:
        what = f"{entry.unit} reads like something that is there every day again, and by default its days are added up"
        text = f"{what}; declare {fitting}, or `aggregation: additive` where they do add up"
        yield Finding((*at, "unit"), "warning", text)


def _of_drivers(catalogue: Catalogue, today: date) -> Iterator[Finding]:
    used = {one.name for one in references(catalogue.metrics, catalogue.cost_scopes) if one.what == "driver"}
    for name, driver in catalogue.drivers.items():
        yield from _overdue(("drivers", name), driver, today)
        if name not in used:
            yield Finding(("drivers", name), "warning", "no shared cost is divided by this driver; use it or remove it")


def _of_scopes(catalogue: Catalogue) -> Iterator[Finding]:
    used = {scope for name in catalogue.measured for scope in catalogue.scopes_of(name)}
    used |= _named_by_formulas(catalogue, "cost")
    for name, scope in catalogue.cost_scopes.items():
        if name not in used and scope.allocation is None:
            text = "no metric or formula uses this cost scope; name it under a metric's `cost`, or remove it"
            yield Finding(("cost_scopes", name), "warning", text)


def _of_quantities(catalogue: Catalogue) -> Iterator[Finding]:
    used = _named_by_formulas(catalogue, "quantity")
    for name, quantity in catalogue.quantities.items():
        yield from _stock(("quantities", name), quantity)
        if name not in used:
            text = "no formula names this quantity; use it in one, or remove it"
            yield Finding(("quantities", name), "warning", text)


def _named_by_formulas(catalogue: Catalogue, function: str) -> set[str]:
    """What formulas, and KPIs of the library, name by this function."""
    leaves = (leaf for one in compiled(catalogue)[0].values() for leaf in one.leaves.values())
    return {leaf.entry for leaf in leaves if leaf.name.function == function}


def _of_fees(catalogue: Catalogue) -> Iterator[Finding]:
    used = {fee for metric in catalogue.measured.values() for fee in metric.fees}
    for name in catalogue.fees:
        if name not in used:
            text = "no metric is charged by this fee; name it under one, or remove it"
            yield Finding(("fees", name), "warning", text)


def _of_tags(catalogue: Catalogue) -> Iterator[Finding]:
    looked_at = {
        key: f"the cost scope {name}" for name, scope in catalogue.cost_scopes.items() for key in scope.tag_keys
    }
    looked_at |= {one.tag: f"the dimension {name}" for name, one in catalogue.dimensions.items() if one.tag}
    for place, key in enumerate(catalogue.tags):
        text = (
            f"is kept in any case, since {looked_at[key]} looks at it; take it out here"
            if key in looked_at
            else "no cost scope or dimension looks at this tag key, and its values make rows; use it, or take it out"
        )
        yield Finding(("tags", str(place)), "warning", text)
