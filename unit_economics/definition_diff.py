"""Two catalogues side by side: which entries differ, which definitions do, and whose numbers rest on that.

Here: the pure comparison. Not here: comparing numbers (number_diff.py), loading the other catalogue, recomputing days,
showing it (cli/catalogue/).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from unit_economics.asset_names import quantity_asset
from unit_economics.catalogue import Catalogue
from unit_economics.entries.entry import Entry
from unit_economics.graph import Node, graph_of

Change = Literal["added", "removed", "changed"]
_REPEATS = ("publication", "invoiced")


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
    """The metrics of either catalogue whose numbers may differ."""
    names = dict.fromkeys([*old.measured, *new.measured])
    reached = set(affected(old, new))
    return [name for name in names if name in reached]


def affected(old: Catalogue, new: Catalogue) -> list[str]:
    """The assets of either catalogue whose numbers may differ: they, or something that they are made of, mean else.

    A publication has no numbers of its own: it repeats those of the units. What is billed by invoice adds up to the
    charges.
    """
    changed = changed_assets(old, new)
    both = (graph_of(old), graph_of(new))
    nodes = {**both[0], **both[1]}
    return [
        name
        for name, node in nodes.items()
        if node.kind not in _REPEATS and any({name, *upstream(graph, name)} & changed for graph in both)
    ]


@dataclass(frozen=True)
class Uncompared:
    """Something that means else now and whose numbers are not compared, with the reason."""

    name: str
    reason: str


def window_changes(old: Catalogue, new: Catalogue) -> list[Uncompared]:
    """What is counted as before, and whose days become one number in another way."""
    before, after = _window_rules(old), _window_rules(new)
    said = "its days become a week in another way ({} before, {} after), and only single days are compared"
    return [
        Uncompared(name, said.format(rule, after[name]))
        for name, rule in before.items()
        if name in after and after[name] != rule
    ]


def _window_rules(catalogue: Catalogue) -> Mapping[str, str]:
    return {
        **{name: one.over_days for name, one in catalogue.measured.items()},
        **{quantity_asset(name): one.nature[1] for name, one in catalogue.quantities.items()},
    }


def upstream(graph: Mapping[str, Node], name: str) -> set[str]:
    """All that an asset is made of, directly or not; nothing where it is not there."""
    direct = set(graph[name].inputs) if name in graph else set[str]()
    return direct.union(*(upstream(graph, one) for one in direct))


def spread(days: Sequence[date], most: int) -> list[date]:
    """So many of these days, evenly spread from the first to the last; the same ones every time."""
    if len(days) <= most:
        return list(days)
    if most == 1:
        return [days[-1]]
    return [days[n * (len(days) - 1) // (most - 1)] for n in range(most)]
