"""The new parts of a billing period: judged, rewritten, and held against the bill to the last digit.

Here: from a period's files to parts that may take their place. Not here: the rewriting itself (rewriting.py), which
periods are new (preparing.py).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.layout import Layout, layout_of
from unit_economics.cost_sources.focus.limits import Limits
from unit_economics.cost_sources.focus.prepared.bill import Bill, Period
from unit_economics.cost_sources.focus.prepared.manifest import Charges, PreparedPart
from unit_economics.cost_sources.focus.prepared.rewriting import Rewrite
from unit_economics.cost_sources.focus.prepared.sums import DailySums
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.object_storage import Found, Storage, storage_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal

Tell = Callable[[str], None]
_HASH_SHOWN = 12


@dataclass(frozen=True)
class Made:
    """A new part, and where it lies until it takes its place."""

    part: PreparedPart
    path: Path


@dataclass(frozen=True)
class Making:
    """How a bill is rewritten, in which folder, and who is told how far it is."""

    bill: Bill
    asked: Asked
    work: Path
    tell: Tell

    def parts(self, period: Period) -> Iterator[Made]:
        """The parts of a billing period, one for each UTC day and layout; refused rather than lose a row."""
        for number, (layout, files) in enumerate(self.bill.by_layout(period)):
            name = f"{period}-{number}" if period else str(number)
            held = self._summed(self.bill.storage, dict.fromkeys(files, layout))
            self.tell(
                f"{period or self.bill.storage.shown}: {sum(day.rows for day in held.values()):,} charges are sound"
            )
            paths = self._files(Rewrite(self.bill.storage, layout, files, self.asked, self.work / name), held)
            self._refuse_loss(paths, held)
            for day, charges in held.items():
                yield _made(name, period, day, charges, paths[day])

    def _summed(self, storage: Storage, layouts: Mapping[Part, Layout]) -> dict[date, Charges]:
        limits = Limits.model_validate({"spill": str(self.work)})
        return DailySums(storage, layouts, self.asked, limits, self.tell).by_day() if layouts else {}

    def _files(self, rewrite: Rewrite, held: Mapping[date, Charges]) -> dict[date, Path]:
        files: dict[date, Path] = {}
        for day, path in rewrite.files(len(held)) if held else ():
            files[day] = path
            self.tell(f"{day}: {path.stat().st_size / 1e6:,.1f} MB, {len(files)} of {len(held)} days")
        return files

    def _refuse_loss(self, paths: Mapping[date, Path], held: Mapping[date, Charges]) -> None:
        """What was written is read again, as any reading will, and must be what the bill's own files hold."""
        storage = storage_of(str(self.work), Outside({}))
        parts = [_part(path, tuple(self.asked.read_keys)) for path in paths.values()]
        written = self._summed(storage, {part: layout_of(storage, part) for part in parts})
        if written != held:
            day = next(day for day in sorted({*written, *held}) if written.get(day) != held.get(day))
            raise Refusal(
                f"what was written for {day} is not what was read: {written.get(day)} instead of {held.get(day)}",
                where=self.bill.storage.shown,
                remedy="Prepare again; when it stays, report it. The delivery before is still in its place",
            )


def sha256_at(path: Path) -> str:
    """The hash of a local file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part(path: Path, keys: tuple[str, ...]) -> Part:
    stat = path.stat()
    found = Found(path.name, str(path), stat.st_size, stat.st_mtime_ns)
    return Part(found, is_parquet=True, is_gzip=False, period=None, tag_columns=keys)


def _made(name: str, period: Period, day: date, charges: Charges, path: Path) -> Made:
    digest = sha256_at(path)
    part = PreparedPart(
        name=f"day={day}/part-{name}-{digest[:_HASH_SHOWN]}.parquet",
        day=day,
        billing_period=period,
        bytes=path.stat().st_size,
        sha256=digest,
        charges=charges,
    )
    return Made(part, path)
