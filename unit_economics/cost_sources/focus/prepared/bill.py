"""A delivery as it came, seen by whoever prepares it: all its files, their layouts, and what identifies each.

Here: that value. Not here: what becomes of it (preparing.py).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unit_economics.cost_sources.focus import delivery
from unit_economics.cost_sources.focus.delivery import Part, month_name
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.cost_sources.focus.prepared.manifest import Input, manifest_of
from unit_economics.cost_sources.focus.reading import layouts_of
from unit_economics.object_storage import Storage
from unit_economics.refusals import UsageRefusal

Period = str | None
"""A billing period like `2026-03`; None for the files that lie in no folder of one."""


@dataclass(frozen=True)
class Bill:
    """All files that are there, and of those with charges, each content once, the layout and the identity."""

    storage: Storage
    files: Sequence[Part]
    layouts: Mapping[Part, Layout]
    identities: Mapping[str, str]

    @property
    def periods(self) -> list[Period]:
        """Every billing period that has been delivered, with charges or without."""
        return _ordered(self.files)

    @property
    def inputs(self) -> dict[Period, list[Input]]:
        """The files with charges, by billing period."""
        found: dict[Period, list[Input]] = defaultdict(list)
        for part in self.layouts:
            period, content = period_name(part), self.identities[part.name]
            found[period].append(Input(name=part.name, bytes=part.file.size, content=content, billing_period=period))
        return dict(found)

    def by_layout(self, period: Period) -> list[tuple[Layout, list[Part]]]:
        """The parts of a billing period that have rows, those of one layout together."""
        groups: dict[Layout, list[Part]] = defaultdict(list)
        for part, layout in self.layouts.items():
            if layout.has_rows and period_name(part) == period:
                groups[layout].append(part)
        return list(groups.items())


def bill_at(storage: Storage) -> Bill:
    """The delivery at this place; refused where it is a prepared one, or none."""
    if manifest_of(storage):
        raise UsageRefusal(
            "this delivery is a prepared one", where=storage.shown, remedy="Name the delivery that it was made of"
        )
    files = delivery.parts_of(storage)
    parts, identities = delivery.without_copies(storage, files)
    return Bill(storage, files, layouts_of(storage, parts), identities)


def period_name(part: Part) -> Period:
    """The billing period in whose folder a part lies."""
    return None if part.period is None else month_name(part.period)


def _ordered(parts: Sequence[Part]) -> list[Period]:
    return sorted({period_name(part) for part in parts}, key=lambda period: period or "")
