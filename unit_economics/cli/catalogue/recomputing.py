"""A sample of days recomputed under two catalogues, by the arithmetic that stores them; nothing is written.

Here: which assets, and both sides of them. Not here: getting the inputs (inputs.py), the arithmetic (steps.py,
money_steps.py), comparing (number_diff.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.cli.catalogue import money_steps, steps
from unit_economics.cli.catalogue.inputs import Inputs, Mart
from unit_economics.cli.catalogue.readers import WAYS
from unit_economics.cli.catalogue.side import Side
from unit_economics.definition_diff import Uncompared, affected, changed_assets, upstream
from unit_economics.deployment import Deployment
from unit_economics.graph import Kind, Node
from unit_economics.number_diff import Number, Place, number_changes

Numbers = Mapping[Place, Number]
LeftOut = Mapping[tuple[str, date], str]
STEPS: Mapping[Kind, Callable[[Side, Node, Sequence[date]], steps.Made]] = {
    "charges": steps.charges,
    **dict.fromkeys(("units", "driver", "revenue", "quantity"), steps.counted),
    "rates": steps.rates,
    "allocated": steps.allocated,
    "unit_cost": steps.unit_cost,
    "slices": steps.slices,
    "margin": money_steps.margin,
    "formula": money_steps.formula,
}
"""How each kind of asset is recomputed; a publication repeats the numbers of others."""
TOLD_BY_THE_UNIT_COST = ("charges", "units")
"""Without these there is no unit cost, so that the days that lack them are told there."""


@dataclass(frozen=True)
class Recomputed:
    """The numbers under both definitions, and what could not be had: days of an asset, or all of an asset's numbers."""

    old: Numbers
    new: Numbers
    left_out: LeftOut
    not_compared: Sequence[Uncompared]


def recomputed(old: Deployment, new: Deployment, mart: Mart) -> Recomputed:
    """Every asset whose numbers may differ, on the days of the mart's sample."""
    assets = affected(old.catalogue, new.catalogue)
    done = [_of_side(side, assets) for side in _sides(old, new, mart, assets)]
    left_out = {key: why for _, without in done for key, why in without.items()}
    before, after = (_but(numbers, left_out) for numbers, _ in done)
    moved = {one.place.metric for one in number_changes(before, after)} | {asset for asset, _ in left_out}
    blind = money_steps.blind_formulas([*old.graph.values(), *new.graph.values()], moved)
    told = {
        key: why for key, why in left_out.items() if key[0] not in blind and not _is_told_elsewhere(key[0], old, new)
    }
    before, after = ({at: value for at, value in of.items() if at.metric not in blind} for of in (before, after))
    return Recomputed(before, after, told, [Uncompared(*one) for one in blind.items()])


def _but(numbers: Numbers, left_out: LeftOut) -> Numbers:
    return {at: value for at, value in numbers.items() if (at.metric, at.day) not in left_out}


def _is_told_elsewhere(asset: str, *sides: Deployment) -> bool:
    return any(asset in of.graph and of.graph[asset].kind in TOLD_BY_THE_UNIT_COST for of in sides)


def _sides(old: Deployment, new: Deployment, mart: Mart, assets: Sequence[str]) -> list[Side]:
    both = (old, new)
    inputs = Inputs(mart, frozenset(changed_assets(old.catalogue, new.catalogue)))
    needed = {name for of in both for asset in assets for name in {asset, *upstream(of.graph, asset)}}
    sources = [name for name, node in {**old.graph, **new.graph}.items() if name in needed and node.kind in WAYS]
    got = {name: inputs.of(name, both) for name in sources}
    return [Side(of, {name: each[n] for name, each in got.items()}, mart) for n, of in enumerate(both)]


def _of_side(side: Side, assets: Sequence[str]) -> tuple[Numbers, LeftOut]:
    numbers: dict[Place, Number] = {}
    left_out: dict[tuple[str, date], str] = {}
    for asset in assets:
        if asset not in side.of.graph:
            continue
        node, lacking = side.of.graph[asset], side.lacking(asset)
        made = STEPS[node.kind](side, node, [day for day in side.mart.days if day not in lacking])
        numbers |= made.numbers
        left_out |= {(asset, day): why for day, why in {**made.refused, **lacking}.items()}
    return numbers, left_out
