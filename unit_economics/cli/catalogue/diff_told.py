"""All that `catalogue diff` has to tell of two catalogues, and whether it is fine.

Here: sorting numbers by their kind, the judgement, the verdict. Not here: recomputing (recomputing.py), columns and
words (diff_page.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from unit_economics.catalogue import Catalogue
from unit_economics.definition_diff import (
    DefinitionChange,
    EntryChange,
    Uncompared,
    affected,
    definition_changes,
    entry_changes,
    window_changes,
)
from unit_economics.graph import Kind, graph_of
from unit_economics.number_diff import Number, NumberChange, Place, Total, Value, number_changes, totals

if TYPE_CHECKING:
    from unit_economics.cli.catalogue.recomputing import Recomputed

NOTHING_CHANGED = "No definition changed, so no number does."


@dataclass(frozen=True)
class Cells:
    """One slice over the sample: how many cells it has on all days together, and how many of them change."""

    slices: str
    name: str
    cells: int
    changed: int


@dataclass(frozen=True)
class Diff:
    """All that is to be told. affected: the assets whose numbers may differ; days: the sample."""

    against: str
    versions: tuple[str, str]
    entries: Sequence[EntryChange]
    definitions: Sequence[DefinitionChange]
    affected: Sequence[str]
    days: Sequence[date]
    numbers: Sequence[NumberChange]
    slices: Sequence[NumberChange]
    values: Sequence[NumberChange]
    cells: Sequence[Cells]
    totals: Sequence[Total]
    left_out: Mapping[tuple[str, date], str]
    not_compared: Sequence[Uncompared]

    @classmethod
    def of(
        cls, against: str, old: Catalogue, new: Catalogue, days: Sequence[date], done: "Recomputed | None"
    ) -> "Diff":
        """What two catalogues, and the days recomputed under both, differ in."""
        kinds: dict[str, Kind] = {name: node.kind for name, node in {**graph_of(old), **graph_of(new)}.items()}
        changes = number_changes(done.old, done.new) if done else []
        unit_costs = [_unit_costs(side, kinds) for side in ((done.old, done.new) if done else ({}, {}))]
        return cls(
            against,
            (old.version, new.version),
            entry_changes(old, new),
            definition_changes(old, new),
            affected(old, new),
            days,
            [one for one in changes if kinds[one.place.metric] == "unit_cost"],
            [one for one in changes if kinds[one.place.metric] == "slices"],
            [one for one in changes if kinds[one.place.metric] not in ("unit_cost", "slices")],
            _cells([at for at in {**done.old, **done.new} if kinds[at.metric] == "slices"], changes) if done else [],
            [one for one in totals(*unit_costs) if _adds_up(new, one.metric)],
            done.left_out if done else {},
            [*window_changes(old, new), *(done.not_compared if done else [])],
        )

    @property
    def rewritten(self) -> Sequence[NumberChange]:
        """The numbers that there were, and that would be others."""
        return [one for of in (self.numbers, self.slices, self.values) for one in of if one.rewrites]

    @property
    def is_unverified(self) -> bool:
        """Whether something may differ and no day could be looked at."""
        return bool(self.affected) and not self.days

    @property
    def is_fine(self) -> bool:
        """Whether no number changes, and that was seen of all that may and on every day of the sample."""
        return not (self.rewritten or self.left_out or self.not_compared or self.is_unverified)

    @property
    def verdict(self) -> str:
        """The answer in few sentences."""
        blind = f" {len(self.not_compared)} changed and could not be compared." if self.not_compared else ""
        if not self.affected:
            return f"No definition of a day changed, so no day's number does.{blind}" if blind else NOTHING_CHANGED
        if self.is_unverified:
            return f"Definitions changed, and no complete day is stored on which that could be looked at.{blind}"
        days = f"{len(self.days)} day{'' if len(self.days) == 1 else 's'}"
        lost = f" {len(self.left_out)} could not be recomputed." if self.left_out else ""
        if not self.rewritten:
            return f"Definitions changed; of {days} no number that could be recomputed did.{lost}{blind}"
        return f"{len(self.rewritten)} numbers of {days} would change.{lost}{blind}"


def _unit_costs(numbers: Mapping[Place, Number], kinds: Mapping[str, Kind]) -> Mapping[Place, Value]:
    return {at: value for at, value in numbers.items() if isinstance(value, Value) and kinds[at.metric] == "unit_cost"}


def _adds_up(catalogue: Catalogue, metric: str) -> bool:
    """Whether the units of several days are their sum; else a ratio of sums would mean nothing."""
    return metric in catalogue.metrics and catalogue.metrics[metric].over_days == "sum"


def _cells(places: Iterable[Place], changes: Sequence[NumberChange]) -> list[Cells]:
    """Each slice that has a cell that changes."""
    every, changed = _counts(places), _counts(one.place for one in changes)
    return [Cells(*of, every[of], changed[of]) for of in sorted(every) if of in changed]


def _counts(places: Iterable[Place]) -> Mapping[tuple[str, str], int]:
    return Counter((at.metric, at.scope.partition(" ")[0]) for at in places)
