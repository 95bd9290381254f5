"""Which slices can be told: each dimension is known to both halves, or a key says what is done where one lacks it.

Here: what is wrong with an entry, in words. Not here: the shape of one (dimension.py), what a slice costs
(slicing.py).
"""

from collections.abc import Iterator, Mapping, Sequence

from unit_economics.entries.cost_scope import CostScope
from unit_economics.entries.dimension import ChargeDimension, Slicing
from unit_economics.entries.metric import Metric
from unit_economics.nearest import closest


def wrong_slices(
    name: str, metric: Metric, dimensions: Mapping[str, ChargeDimension], scopes: Mapping[str, CostScope]
) -> Iterator[str]:
    """What is wrong with the slices of a metric, as `path: what it is`; scopes: those that it is computed for."""
    whole = [scope for scope, entry in scopes.items() if not entry.is_split]
    for slice_name, slicing in metric.slices.items():
        for problem in [*_halves(metric, slicing, dimensions), *_scope(slicing, whole)]:
            yield f"metrics.{name}.slices.{slice_name}.{problem}"


def _halves(metric: Metric, slicing: Slicing, of_charges: Mapping[str, ChargeDimension]) -> Iterator[str]:
    of_units = metric.units.dimensions
    for name in slicing.by:
        if name not in of_units and name not in of_charges:
            yield f"by: no dimension is called {name!r}; {closest(name, sorted({*of_units, *of_charges}))}"
        elif name not in of_charges and slicing.cost_by is None:
            what = f"only the units tell {name} apart, and the charges don't"
            yield f"by: {what}; name their column or tag under `dimensions`, or declare `cost_by: units`"
        elif name not in of_units and slicing.units_by is None:
            what = f"only the charges tell {name} apart, and the units don't"
            yield f"by: {what}; name their column under `units.dimensions`, or declare `units_by: whole`"


def _scope(slicing: Slicing, whole: Sequence[str]) -> Iterator[str]:
    if not whole:
        yield "by: the metric has only split cost scopes; add one without `by` and `allocation`"
    elif slicing.cost is not None and slicing.cost not in whole:
        yield f"cost: no cost scope that is not split is called {slicing.cost!r}; {closest(slicing.cost, whole)}"
