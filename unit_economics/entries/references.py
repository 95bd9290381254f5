"""The names in a catalogue that stand for another entry of it: what is named where, and what is wrong with it.

Here: finding them, and that each is there and computed. Not here: lines and columns (catalogue_file/), what an entry
means (catalogue.py and the ..._entry.py modules).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from unit_economics.entries.allocation import Allocation, Driver, Key, Tiers, Units
from unit_economics.entries.cost_scope import CostScope
from unit_economics.entries.metric import Metric
from unit_economics.nearest import did_you_mean


@dataclass(frozen=True)
class Reference:
    """One name, the kind of entry that it stands for, and the path of keys to it."""

    path: str
    what: Literal["cost scope", "driver", "metric"]
    name: str


def references(metrics: Mapping[str, Metric], scopes: Mapping[str, CostScope]) -> Iterator[Reference]:
    """Every name that stands for another entry, in the order of the file's sections."""
    for name, scope in scopes.items():
        if scope.allocation:
            yield from _in_shares(f"cost_scopes.{name}.allocation", scope.allocation)
    for name, metric in metrics.items():
        yield from _in_cost(f"metrics.{name}.cost", metric.cost)


def wrong(
    found: Iterator[Reference], metrics: Mapping[str, Metric], scopes: Collection[str], drivers: Collection[str]
) -> list[str]:
    """What is wrong with each of these names, as `path: what it is`."""
    known = {"cost scope": scopes, "driver": drivers, "metric": metrics}
    return [f"{one.path}: {text}" for one in found if (text := _complaint(one, known[one.what], metrics))]


def _complaint(one: Reference, known: Collection[str], metrics: Mapping[str, Metric]) -> str | None:
    if one.name not in known:
        there = f"there is {', '.join(known) or 'none'}"
        return f"no {one.what} is called {one.name!r}; {did_you_mean(one.name, known)}{there}"
    if one.what == "metric" and metrics[one.name].state == "retired":
        return retired(one.name)
    return None


def retired(metric: str) -> str:
    """What is said where a retired metric is named."""
    return f"the metric {metric!r} is retired, so nobody counts its units; make it active, or name another one"


def _in_cost(path: str, cost: str | list[str] | None) -> Iterator[Reference]:
    if isinstance(cost, str):
        yield Reference(path, "cost scope", cost)
    for place, name in enumerate(cost if isinstance(cost, list) else ()):
        yield Reference(f"{path}.{place}", "cost scope", name)


def _in_shares(path: str, allocation: Allocation) -> Iterator[Reference]:
    for place, share in enumerate(allocation.shared):
        here = f"{path}.shared.{place}"
        yield from _in_key(f"{here}.by", share.by)
        for variant, key in share.or_by.items():
            yield from _in_key(f"{here}.or_by.{variant}", key)


def _in_key(path: str, key: Key | Tiers) -> Iterator[Reference]:
    match key:
        case Driver():
            yield Reference(f"{path}.driver", "driver", key.driver)
        case Units():
            for target, metric in key.units.items():
                yield Reference(f"{path}.units.{target}", "metric", metric)
        case Tiers():
            for place, tier in enumerate(key.tiers):
                yield from _in_key(f"{path}.tiers.{place}.by", tier.by)
        case _:
            return
