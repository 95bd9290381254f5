"""What a name in a formula stands for: a cost scope, units, revenue, a quantity, the platform's own history.

Here: from a reference to what is measured, its unit, its nature and the assets that hold it. Not here: the language
(formulas/), formulas that stand on each other (formula_book.py), a day's value (formula_days.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from unit_economics.asset_names import (
    ALLOCATED_COSTS,
    CLOUD_COSTS,
    EXCHANGE_RATES,
    quantity_asset,
    revenue_asset,
    unit_of,
    units_asset,
)
from unit_economics.catalogue import Catalogue
from unit_economics.entries.cost_scope import CostScope
from unit_economics.entries.formula import OverWindow
from unit_economics.entries.references import retired
from unit_economics.formulas import FormulaProblem, Leaf, Nature, Reference, unknown

OF_THE_METRIC = ("cost", "units", "revenue")
"""What means the metric's own, bare, in a formula with `of`."""
HISTORY: Mapping[str, tuple[Leaf, OverWindow]] = {
    "cost_visibility_delay": (Leaf("hour", "gauge"), "mean"),
    "run_seconds": (Leaf("second", "additive"), "sum"),
    "failed_seconds": (Leaf("second", "additive"), "sum"),
}
"""What the platform knows of its own work: hours from a day's end to its first stored bill, seconds of its attempts."""


@dataclass(frozen=True)
class Measured:
    """What a reference stands for; `name` is its one way to be written, the same in every formula.

    entry: the scope, metric, quantity or history; rule: how several days become one number; assets: where it is kept;
    meaning: what its value rests on beside those assets.
    """

    name: Reference
    entry: str
    leaf: Leaf
    rule: OverWindow
    assets: Sequence[str]
    meaning: Sequence[object] = ()


def measured(catalogue: Catalogue, reference: Reference, of: str | None, formulas: Sequence[str]) -> Measured:
    """What a reference stands for that is no formula; raises `FormulaProblem` with the nearest name.

    of: the metric whose own cost, units and revenue are meant by the bare words; formulas: the names of the others.
    """
    function, name = reference.function, reference.name
    if not function and of is not None and name in OF_THE_METRIC:
        function, name = name, _own(catalogue, reference, of)
    found = _found(catalogue, function, name)
    if found is None:
        raise unknown(reference, _allowed(catalogue, reference.function, formulas))
    if found.entry in catalogue.metrics and found.entry not in catalogue.measured:
        raise FormulaProblem(retired(found.entry), reference.column)
    return found


def _own(catalogue: Catalogue, reference: Reference, of: str) -> str:
    if reference.name != "cost":
        return unit_of(of)
    scope = catalogue.headline_scope(of)
    if scope is None:
        raise FormulaProblem(f"{of} has only split cost scopes; name one, like cost(all)", reference.column)
    return scope


def _found(catalogue: Catalogue, function: str, name: str) -> Measured | None:
    metric = f"cost_per_{name}"
    if function == "cost":
        return _cost(catalogue, name)
    if function == "units" and metric in catalogue.metrics:
        return _units(catalogue, name)
    if function == "revenue" and metric in catalogue.metrics and catalogue.metrics[metric].revenue:
        leaf = Leaf(catalogue.currency, "additive")
        return Measured(Reference("revenue", name), metric, leaf, "sum", [revenue_asset(metric), *_rates(catalogue)])
    if function in ("quantity", "") and name in catalogue.quantities:
        nature, rule = catalogue.quantities[name].nature
        leaf = Leaf(catalogue.quantities[name].unit, nature)
        return Measured(Reference("quantity", name), name, leaf, rule, [quantity_asset(name)])
    if function == "history" and name in HISTORY:
        return Measured(Reference("history", name), name, *HISTORY[name], [CLOUD_COSTS])
    if function == "variation" and metric in catalogue.metrics and catalogue.headline_scope(metric):
        scope = catalogue.headline_scope(metric)
        return Measured(Reference("variation", name), metric, Leaf("1", "ratio"), "last", [metric], [scope])
    return None


def _rates(catalogue: Catalogue) -> list[str]:
    """What money is converted by, where it is."""
    return [EXCHANGE_RATES] if catalogue.exchange_rates else []


def _cost(catalogue: Catalogue, name: str) -> Measured | None:
    scope, _, part = name.partition(":")
    entry = catalogue.cost_scopes.get(scope)
    if entry is None or (":" in name and not _has_part(entry, part)):
        return None
    assets = [CLOUD_COSTS, *([ALLOCATED_COSTS] if entry.allocation else []), *_rates(catalogue)]
    leaf = Leaf(catalogue.currency, "additive")
    return Measured(Reference("cost", name), scope, leaf, "sum", assets, [(scope, entry)])


def _has_part(scope: CostScope, part: str) -> bool:
    """Whether a scope can have this part: a target, a value of its column, or `tag=value`."""
    if scope.allocation:
        return part in scope.allocation.targets
    head = f"{scope.by.tag}=" if scope.by and scope.by.tag else ""
    return scope.by is not None and part.startswith(head) and len(part) > len(head)


def _units(catalogue: Catalogue, name: str) -> Measured:
    metric = catalogue.metrics[f"cost_per_{name}"]
    levels: Mapping[str, Nature] = {"gauge": "gauge", "distinct": "distinct", "semi_additive": "semi_additive"}
    nature: Nature = "additive" if metric.over_days == "sum" else levels[metric.aggregation]
    assets = [units_asset(f"cost_per_{name}")]
    return Measured(Reference("units", name), f"cost_per_{name}", Leaf(metric.unit, nature), metric.over_days, assets)


def _allowed(catalogue: Catalogue, function: str, formulas: Sequence[str]) -> list[str]:
    """What could stand there, written as in a formula: that of the same function first."""
    every = [str(one) for one in _known(catalogue)]
    every += [*catalogue.quantities, *(str(Reference("value", name)) for name in formulas), *formulas]
    same = [text for text in every if function and text.startswith(f"{function}(")]
    return [*same, *(text for text in every if text not in same)]


def _known(catalogue: Catalogue) -> Iterator[Reference]:
    for scope, entry in catalogue.cost_scopes.items():
        yield Reference("cost", scope)
        for target in entry.allocation.targets if entry.allocation else ():
            yield Reference("cost", f"{scope}:{target}")
    for metric, entry in catalogue.measured.items():
        yield Reference("units", unit_of(metric))
        if entry.revenue:
            yield Reference("revenue", unit_of(metric))
        yield Reference("variation", unit_of(metric))
    yield from (Reference("quantity", name) for name in catalogue.quantities)
    yield from (Reference("history", name) for name in HISTORY)
