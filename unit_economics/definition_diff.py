"""Two catalogues side by side: which entries differ, which definitions do, and what that does to numbers.

Here: the pure comparison. Not here: loading the other catalogue, recomputing days, showing it (cli/catalogue/).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Literal, NamedTuple

from unit_economics.catalogue import Catalogue
from unit_economics.entry import Entry
from unit_economics.exact import EXACT, RATIO
from unit_economics.graph import Node, graph_of

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class EntryChange:
    """One entry that is not what it was; fields: which of its keys differ, where it was there before."""

    section: str
    name: str
    change: Change
    fields: Sequence[str] = ()


@dataclass(frozen=True)
class DefinitionChange:
    """One asset whose definition is another one; None where it is not there."""

    asset: str
    before: str | None
    after: str | None


class Place(NamedTuple):
    """What one number is of."""

    metric: str
    scope: str
    currency: str
    day: date


@dataclass(frozen=True)
class Value:
    """One unit cost with its halves, or the reason why there is none."""

    cost: Decimal | None
    quantity: Decimal | None
    unit_cost: Decimal | None
    reason: str | None = None

    def is_like(self, other: "Value") -> bool:
        """Whether it is the same number, made of the same halves."""
        return (self.cost, self.quantity, self.unit_cost) == (other.cost, other.quantity, other.unit_cost)


@dataclass(frozen=True)
class NumberChange:
    """One number under both definitions; None where a catalogue has no such scope."""

    place: Place
    old: Value | None
    new: Value | None

    @property
    def rewrites(self) -> bool:
        """Whether a number that there was would be another one, or none; one that is new rewrites nothing."""
        return self.old is not None and (self.new is None or not self.old.is_like(self.new))

    @property
    def percent(self) -> Decimal | None:
        """The change of the unit cost in percent; None where there are no two to compare."""
        return percent(self.old and self.old.unit_cost, self.new and self.new.unit_cost)


@dataclass(frozen=True)
class Total:
    """One metric and scope over all days that have both halves under both definitions: ratios of sums."""

    metric: str
    scope: str
    currency: str
    days: int
    old: Decimal | None
    new: Decimal | None

    @property
    def percent(self) -> Decimal | None:
        """The change in percent."""
        return percent(self.old, self.new)


def entry_changes(old: Catalogue, new: Catalogue) -> list[EntryChange]:
    """Every entry that was added, removed or changed, section by section as the file has them."""
    found: list[EntryChange] = []
    for section in Catalogue.model_fields:
        before, after = getattr(old, section), getattr(new, section)
        if isinstance(before, dict):
            found += _entries(section, before, after)
        elif section != "version" and before != after:
            found.append(EntryChange(section, "", "changed", _fields(before, after)))
    return found


def _entries(section: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterable[EntryChange]:
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield EntryChange(section, name, "removed")
        elif name not in before:
            yield EntryChange(section, name, "added")
        elif before[name] != after[name]:
            yield EntryChange(section, name, "changed", _fields(before[name], after[name]))


def _fields(before: object, after: object) -> Sequence[str]:
    """The keys that differ; never a value. Of two kinds of entry all that either has."""
    if not (isinstance(before, Entry) and isinstance(after, Entry)):
        return ()
    names = dict.fromkeys([*type(before).model_fields, *type(after).model_fields])
    return [name for name in names if getattr(before, name, None) != getattr(after, name, None)]


def definition_changes(old: Catalogue, new: Catalogue) -> list[DefinitionChange]:
    """The assets that mean something else, or are in one catalogue only."""
    before, after = graph_of(old), graph_of(new)
    names = dict.fromkeys([*before, *after])
    found = [DefinitionChange(name, _version(before.get(name)), _version(after.get(name))) for name in names]
    return [one for one in found if one.before != one.after]


def _version(node: Node | None) -> str | None:
    return node.definition if node else None


def changed_assets(old: Catalogue, new: Catalogue) -> set[str]:
    """The assets whose numbers may differ by themselves; all of them where a day is another span of time."""
    if old.business_day.calendar != new.business_day.calendar:
        return {*graph_of(old), *graph_of(new)}
    return {one.asset for one in definition_changes(old, new)}


def changed_metrics(old: Catalogue, new: Catalogue) -> list[str]:
    """The metrics of either catalogue whose numbers may differ: they, or something that they are made of, mean else."""
    changed = changed_assets(old, new)
    both = (graph_of(old), graph_of(new))
    names = dict.fromkeys([*old.measured, *new.measured])
    return [name for name in names if any({name, *upstream(graph, name)} & changed for graph in both)]


def upstream(graph: Mapping[str, Node], name: str) -> set[str]:
    """All that an asset is made of, directly or not; nothing where it is not there."""
    direct = set(graph[name].inputs) if name in graph else set[str]()
    return direct.union(*(upstream(graph, one) for one in direct))


def number_changes(old: Mapping[Place, Value], new: Mapping[Place, Value]) -> list[NumberChange]:
    """The numbers that are not the same under both, in a fixed order."""
    places = sorted({*old, *new})
    found = [NumberChange(place, old.get(place), new.get(place)) for place in places]
    return [one for one in found if one.old is None or one.rewrites]


def totals(old: Mapping[Place, Value], new: Mapping[Place, Value]) -> list[Total]:
    """Each metric and scope over the sample: ratio of sums, never a mean of ratios."""
    whole: dict[tuple[str, str, str], list[Place]] = {}
    for place in sorted({*old} & {*new}):
        whole.setdefault(place[:3], [])
        if all(side[place].cost is not None and side[place].quantity is not None for side in (old, new)):
            whole[place[:3]].append(place)
    return [
        Total(*of, len(places), _ratio([old[place] for place in places]), _ratio([new[place] for place in places]))
        for of, places in whole.items()
    ]


def _ratio(values: Sequence[Value]) -> Decimal | None:
    cost = reduce(EXACT.add, (value.cost or Decimal(0) for value in values), Decimal(0))
    quantity = reduce(EXACT.add, (value.quantity or Decimal(0) for value in values), Decimal(0))
    return RATIO.divide(cost, quantity) if quantity else None


def percent(old: Decimal | None, new: Decimal | None) -> Decimal | None:
    """From the one to the other, in percent."""
    return RATIO.multiply(RATIO.divide(new, old) - 1, Decimal(100)) if old and new is not None else None


def spread(days: Sequence[date], most: int) -> list[date]:
    """So many of these days, evenly spread from the first to the last; the same ones every time."""
    if len(days) <= most:
        return list(days)
    if most == 1:
        return [days[-1]]
    return [days[n * (len(days) - 1) // (most - 1)] for n in range(most)]
