"""Preparing a delivery from end to end: what of it is new, rewriting that, and letting it take the old one's place.

Here: the order of the steps. A billing period whose files are as they were keeps its parts. Not here: any of the steps
(their own modules), or the command line (cli/prepare.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unit_economics.cost_sources.focus import FocusFiles, delivery
from unit_economics.cost_sources.focus.prepared import placing
from unit_economics.cost_sources.focus.prepared.bill import Bill, Period, bill_at
from unit_economics.cost_sources.focus.prepared.making import Made, Making, Tell, sha256_at
from unit_economics.cost_sources.focus.prepared.manifest import (
    Input,
    Manifest,
    PreparedPart,
    Settings,
    added_up,
    manifest_of,
)
from unit_economics.cost_sources.focus.prepared.sums import EVERY_DAY, UTC_DAYS
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.entries.adapters import Kept
from unit_economics.object_storage import Storage, storage_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal

_SPACE = 3
"""Times the size of the files: what is split, and what is sorted of it, lie there side by side."""
_NOWHERE = Outside({})


@dataclass(frozen=True)
class Preparation:
    """A delivery that is to be prepared: its source, what the catalogue keeps of it, and the folder it goes to."""

    entry: FocusFiles
    kept: Kept
    folder: Path

    def run(self, outside: Outside, tell: Tell) -> tuple[Manifest, list[Period]]:
        """Prepare what is new; returns the manifest, and the billing periods that were rewritten."""
        storage = storage_of(self.entry.path, outside)
        _refuse_overlap(storage, self.folder)
        with placing.owned(self.folder) as work:
            before, bill = self._before(), bill_at(storage)
            standing = {period: self._standing(before, period, inputs) for period, inputs in bill.inputs.items()}
            new = [period for period, parts in standing.items() if parts is None]
            placing.refuse_no_space(self.folder, _SPACE * sum(i.bytes for period in new for i in bill.inputs[period]))
            made = _made(Making(bill, self._asked, work, tell), new)
            stay = [part for parts in standing.values() for part in parts or ()]
            after = self._manifest(bill, [*stay, *(one.part for one in made)])
            if new or after != before:
                placing.place(self.folder, before, after, {one.part.name: one.path for one in made})
        return after, new

    @property
    def _asked(self) -> Asked:
        """Every row there is, with the tags that the catalogue names."""
        return Asked(
            days=EVERY_DAY,
            calendar=UTC_DAYS,
            tag_keys=tuple(sorted(set(self.kept.tag_keys))),
            is_spread=False,
            null_words=tuple(self.entry.null_words),
            allocations=self.kept.allocations,
        )

    @property
    def _settings(self) -> Settings:
        return Settings(null_words=self.entry.null_words, tag_keys=list(self._asked.read_keys))

    def _before(self) -> Manifest:
        """What the folder holds; a delivery of nothing where it is new."""
        before = manifest_of(storage_of(str(self.folder), _NOWHERE))
        if before is None:
            placing.refuse_other_files(self.folder)
        return before or self._manifest(None, [])

    def _standing(self, before: Manifest, period: Period, inputs: Sequence[Input]) -> list[PreparedPart] | None:
        """The parts of a billing period that can stay; None where it has to be rewritten."""
        parts = [part for part in before.parts if part.billing_period == period]
        is_same = (
            before.settings == self._settings and [i for i in before.inputs if i.billing_period == period] == inputs
        )
        return parts if is_same and all(map(self._is_intact, parts)) else None

    def _is_intact(self, part: PreparedPart) -> bool:
        path = self.folder / part.name
        return path.is_file() and path.stat().st_size == part.bytes and sha256_at(path) == part.sha256

    def _manifest(self, bill: Bill | None, parts: Sequence[PreparedPart]) -> Manifest:
        return Manifest(
            source=self.entry.path,
            settings=self._settings,
            billing_periods=bill.periods if bill else [],
            inputs=[one for inputs in bill.inputs.values() for one in inputs] if bill else [],
            parts=sorted(parts, key=lambda part: part.name),
            totals=added_up([part.charges.sums for part in parts]),
        )


def _made(making: Making, periods: Sequence[Period]) -> list[Made]:
    try:
        made = [one for period in periods for one in making.parts(period)]
    except Refusal:
        delivery.refuse_changed(making.bill.storage, making.bill.files)
        raise
    delivery.refuse_changed(making.bill.storage, making.bill.files)
    return made


def _refuse_overlap(storage: Storage, folder: Path) -> None:
    if not storage.is_local:
        return
    source, target = Path(storage.base).resolve(), folder.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise UsageRefusal(
            "it lies within the delivery, or the delivery within it", where=str(folder), remedy="Name another folder"
        )
