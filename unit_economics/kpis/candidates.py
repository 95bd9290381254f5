"""What a catalogue has for the parameters of a KPI: the names that may be given, and what each is in a formula.

Here: one parameter at a time. Not here: the whole KPI (inclusion.py), what is stored (cli/kpis.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from unit_economics.asset_names import unit_of
from unit_economics.catalogue import BROUGHT, Catalogue
from unit_economics.entries.dimension import NO_VALUE
from unit_economics.formula_names import Measured, measured
from unit_economics.formulas import Checked, FormulaProblem, Reference, disagreement
from unit_economics.kpis.entry import Need


@dataclass(frozen=True)
class Given:
    """What was given for a parameter: as a formula has it, its unit, and parts of it by their own names."""

    text: str
    unit: str
    parts: tuple[tuple[str, str], ...] = ()


def candidates(catalogue: Catalogue, need: Need) -> list[str]:
    """The names that may be given for this parameter."""
    return [name for name in _named(catalogue, need) if given(catalogue, need, name)]


def given(catalogue: Catalogue, need: Need, name: str) -> Given | None:
    """What this name is as the parameter; None where it is nothing, or not what is needed."""
    for function in _FUNCTIONS[need.kind]:
        found = _measured(catalogue, Reference(function, name))
        if found and _fits(catalogue, need, found):
            return Given(str(found.name), found.leaf.unit, tuple(_parts(catalogue, need, found.entry)))
    return None


_FUNCTIONS = {
    "cost": ("cost",),
    "split_by_rules": ("cost",),
    "split_by_tag": ("cost",),
    "units": ("quantity", "units"),
    "revenue": ("revenue",),
    "variation": ("variation",),
}


def _named(catalogue: Catalogue, need: Need) -> list[str]:
    metrics = [unit_of(metric) for metric in catalogue.metrics]
    if need.kind == "units":
        return [*catalogue.quantities, *metrics]
    if need.kind in ("revenue", "variation"):
        return metrics
    return [name for name in catalogue.cost_scopes if not name.startswith(BROUGHT)]


def _measured(catalogue: Catalogue, reference: Reference) -> Measured | None:
    try:
        return measured(catalogue, reference, None, ())
    except FormulaProblem:
        return None


def _fits(catalogue: Catalogue, need: Need, found: Measured) -> bool:
    if need.natures and found.leaf.nature not in need.natures:
        return False
    if need.kind == "revenue" and catalogue.metrics[found.entry].earns:
        return False  # components are net already: what a KPI takes off would be taken off twice
    scope = catalogue.cost_scopes.get(found.entry)
    if scope and need.kind in ("split_by_rules", "split_by_tag"):
        is_split = scope.allocation if need.kind == "split_by_rules" else scope.by and scope.by.tag
        return bool(is_split) and found.name.name == found.entry
    if scope and need.basis and scope.basis != need.basis:
        return False
    units = [unit.replace("$currency", catalogue.currency) for unit in need.unit]
    return not units or any(disagreement(unit, Checked(found.leaf.unit, "ratio")) is None for unit in units)


def _parts(catalogue: Catalogue, need: Need, name: str) -> Iterator[tuple[str, str]]:
    """`$cost.unallocated` and `$cost.none`: the line that no rule takes, the charges without the tag."""
    scope = catalogue.cost_scopes.get(name)
    if need.kind == "split_by_rules":
        yield "unallocated", str(Reference("cost", f"{name}:unallocated"))
    if need.kind == "split_by_tag" and scope and scope.by:
        yield "none", str(Reference("cost", f"{name}:{scope.by.tag}={NO_VALUE}"))
