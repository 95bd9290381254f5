"""What a reading takes of a prepared delivery: the parts that can hold the asked days, each as the manifest has it.

Here: which parts, and holding names, sizes and hashes against the manifest. Not here: reading the parts (reading.py,
as of any delivery).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import day_rule, delivery
from unit_economics.cost_sources.focus.day_rule import Span
from unit_economics.cost_sources.focus.delivery import Part, month_number
from unit_economics.cost_sources.focus.prepared.manifest import AGAIN, Manifest, PreparedPart, manifest_of
from unit_economics.object_storage import Storage
from unit_economics.refusals import Refusal


@dataclass(frozen=True)
class Prepared:
    """A prepared delivery. parts: the files that are there; those in passing are among them, and never read."""

    storage: Storage
    manifest: Manifest
    parts: Sequence[Part]

    @property
    def periods(self) -> set[int | None]:
        """The billing periods that had been delivered, with charges or without."""
        return {period_of(name) for name in self.manifest.billing_periods}

    def wanted(self, days: DayRange, calendar: BusinessCalendar, *, spread: bool) -> tuple[list[Part], dict[str, str]]:
        """The parts that can hold these days, with what identifies each; refused where one was changed."""
        wanted = self._holding(days, calendar, spread=spread)
        for part, told in wanted:
            if delivery.sha256_of(self.storage, part) != told.sha256:
                raise _refusal("its content is not what was prepared", self.storage, part.name)
        return [part for part, _ in wanted], {part.name: f"sha256:{told.sha256}" for part, told in wanted}

    def look(self, days: DayRange, calendar: BusinessCalendar, *, spread: bool) -> list[str]:
        """What the parts that can hold these days look like, without opening one."""
        wanted = self._holding(days, calendar, spread=spread)
        periods = [f"billing period {name}" for name in self.manifest.billing_periods]
        return [
            *periods,
            *(f"{part.name} {part.file.size} {part.file.changed_ns} {told.sha256}" for part, told in wanted),
        ]

    def _holding(self, days: DayRange, calendar: BusinessCalendar, *, spread: bool) -> list[tuple[Part, PreparedPart]]:
        found = {part.name: part for part in self.parts}
        keys = tuple(self.manifest.settings.tag_keys)
        span, earliest = day_rule.span(days, calendar), None if spread else delivery.earliest_period(days)
        told = [part for part in self.manifest.parts if _can_hold(part, span, earliest)]
        return [(_as_told(found[part.name], part, keys), part) for part in told]


def prepared(storage: Storage) -> Prepared | None:
    """The prepared delivery at this place, complete by names and sizes; None where there is another one, or none."""
    manifest = manifest_of(storage)
    if manifest is None:
        return None
    if not manifest.inputs:
        raise Refusal("this delivery has not been prepared to the end", where=storage.shown, remedy=AGAIN)
    parts = delivery.all_parts(storage)
    _refuse_other_files(storage, manifest, parts)
    return Prepared(storage, manifest, parts)


def period_of(name: str | None) -> int | None:
    """The month of a billing period as a running number."""
    return None if name is None else month_number(date.fromisoformat(f"{name}-01"))


def _can_hold(part: PreparedPart, span: Span, earliest: int | None) -> bool:
    """The same rules as for a row (query.py) and a billing period's folder (delivery.py); no `earliest`: spread."""
    period, held = period_of(part.billing_period), part.charges
    if earliest is not None and period is not None and period < earliest:
        return False
    latest = held.last_end if earliest is None else held.last_start
    return latest >= span.first.replace(tzinfo=UTC) and held.first_start < span.end.replace(tzinfo=UTC)


def _as_told(part: Part, told: PreparedPart, keys: tuple[str, ...]) -> Part:
    return Part(part.file, part.is_parquet, part.is_gzip, period_of(told.billing_period), keys)


def _refuse_other_files(storage: Storage, manifest: Manifest, parts: Iterable[Part]) -> None:
    found = {part.name: part.file.size for part in parts}
    told = {part.name: part.bytes for part in manifest.parts}
    wrong = {
        "it is missing": told.keys() - found.keys(),
        "its size is not what was prepared": {name for name in told.keys() & found.keys() if told[name] != found[name]},
    }
    for what, names in wrong.items():
        if names:
            raise _refusal(what, storage, min(names))
    if more := found.keys() - told.keys() - set(manifest.passing):
        raise _refusal("it is no part of what was prepared", storage, min(more), "Take it out of the folder")


def _refusal(what: str, storage: Storage, name: str, remedy: str = AGAIN) -> Refusal:
    return Refusal(what, where=f"{storage.shown}, file {name}", remedy=remedy)
