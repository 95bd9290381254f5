"""The cost scope that is named on the command line: `teams`, `teams:checkout`.

Here: finding it, or the nearest name there is. Not here: what is asked of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from unit_economics.catalogue import Catalogue
from unit_economics.entries.allocation import LEFT_OUT, OVERLAP, Allocation
from unit_economics.entries.cost_scope import CostScope
from unit_economics.nearest import near
from unit_economics.refusals import UsageRefusal


@dataclass(frozen=True)
class Named:
    """A cost scope of the catalogue, and the target or value of it that is meant; None for all of them."""

    name: str
    part: str | None
    entry: CostScope

    @property
    def full(self) -> str:
        """As it was written, and as unit costs have it."""
        return self.name if self.part is None else f"{self.name}:{self.part}"

    @property
    def is_whole(self) -> bool:
        """Whether several targets or values are meant."""
        return self.part is None and self.entry.is_split


def named(catalogue: Catalogue, written: str) -> Named:
    """The scope that is meant; raises `UsageRefusal` with the nearest name."""
    name, colon, part = written.partition(":")
    entry = catalogue.cost_scopes.get(name)
    if entry is None:
        raise nearest("cost scope", written, _names(catalogue))
    if colon and not entry.is_split:
        raise UsageRefusal(f"{name!r} is one scope, without parts", where="SCOPE", remedy=f"Write {name}")
    return Named(name, part if colon else None, entry)


def targets_of(allocation: Allocation, stored: Iterable[str]) -> list[str]:
    """Every target there is: those of the catalogue, and those that only the stored day knows."""
    own = [OVERLAP] if allocation.overlap == "every_match" else []
    own += [LEFT_OUT] if allocation.leave_out else []
    return list(dict.fromkeys([*allocation.targets, *own, *stored]))


def nearest(what: str, written: str, known: Collection[str]) -> UsageRefusal:
    """The refusal of a name that there is not."""
    like = near(written, known) or ", ".join(sorted(known)[:5])
    remedy = f"Name one like {like}" if like else "Name another one"
    return UsageRefusal(f"there is no {what} {written!r}", where="SCOPE", remedy=remedy)


def _names(catalogue: Catalogue) -> list[str]:
    targets = [f"{name}:{to}" for name, one in catalogue.allocations.items() for to in one.targets]
    return [*catalogue.cost_scopes, *targets]
