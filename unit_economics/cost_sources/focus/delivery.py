"""Which files make up a delivery of the bill, and whether it stood still while it was read.

Here: telling parts from manifests, the billing periods that can hold a day, copies, a period that was delivered more
than once, and the before and after.
Not here: how storages are listed (object_storage.py), and what is in a part (layout.py).
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.object_storage import Found, Storage
from unit_economics.refusals import Refusal

_PERIOD = re.compile(
    r"(?:^|/)(?:billing_period=(?P<year>\d{4})-(?P<month>\d{2})[^/]*|(?P<from_year>\d{4})(?P<from_month>\d{2})01-\d{8})(?=/)",
    re.IGNORECASE,
)
"""BILLING_PERIOD=2026-03 as AWS names it, or 20260301-20260331 as Azure does."""
_ARCHIVE = re.compile(r"\.(zip|7z|rar|tar|tgz|gz|bz2|xz|zst|lz4)$", re.IGNORECASE)
_PARTITION = re.compile(r"[^=]+=.*")
_BLOCK = 1 << 20
_MOST_FOLDERS = 5


@dataclass(frozen=True)
class Part:
    """One file of the bill.

    period: the month of its billing period's folder, as a running number.
    tag_columns: the tags that have a column of their own, as in a prepared delivery.
    """

    file: Found
    is_parquet: bool
    is_gzip: bool
    period: int | None
    tag_columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in messages and in the ledger."""
        return self.file.name

    @property
    def compression(self) -> str | None:
        """What pyarrow calls its compression."""
        return "gzip" if self.is_gzip else None


@dataclass(frozen=True)
class Delivered:
    """A delivery as it came."""

    storage: Storage
    parts: Sequence[Part]

    @property
    def periods(self) -> set[int | None]:
        """The billing periods that have been delivered, with charges or without."""
        return {part.period for part in self.parts}

    def wanted(self, days: DayRange, _calendar: BusinessCalendar, *, spread: bool) -> tuple[list[Part], dict[str, str]]:
        """The parts that can hold these days, every content once, and what identifies each by its name."""
        return without_copies(self.storage, needed(self.parts, days, spread=spread))

    def look(self, _days: DayRange, _calendar: BusinessCalendar, *, spread: bool) -> list[str]:
        """What all files look like, unopened: any of them may correct any day, or be a copy of another."""
        del spread
        return [f"{part.name} {part.file.size} {part.file.changed_ns}" for part in self.parts]


def parts_of(storage: Storage) -> list[Part]:
    """The parts of the delivery, in the order of their names; refused where there is none, or a second delivery."""
    listing = storage.listing()
    _refuse_archives(storage, listing)
    parts = [part for part in map(_part, listing) if part]
    if not parts:
        raise Refusal(
            "there is no Parquet, CSV or CSV.gz file here",
            where=storage.shown,
            remedy="Check `path` in the catalogue, and that the export has been delivered",
        )
    _refuse_second_delivery(storage, parts)
    return parts


def all_parts(storage: Storage) -> list[Part]:
    """Every file here that could hold charges."""
    return [part for part in map(_part, storage.listing()) if part]


def needed(parts: Sequence[Part], days: DayRange, *, spread: bool) -> list[Part]:
    """The parts that can hold these days: a later billing period may correct an earlier day, so all of them stay."""
    if spread:
        return list(parts)
    earliest = earliest_period(days)
    return [part for part in parts if part.period is None or part.period >= earliest]


def earliest_period(days: DayRange) -> int:
    """The first billing period whose charges can start on these days: one of the month before can still."""
    return month_number(days.first) - 1


def without_copies(storage: Storage, parts: Sequence[Part]) -> tuple[list[Part], dict[str, str]]:
    """The parts with every content once, and what identifies each by its name.

    Identical rows are legitimate and stay; an identical file is the same delivery under a second name.
    Remote parts are only hashed where another one has the same size, so that unread columns stay undownloaded.
    """
    sizes = Counter(part.file.size for part in parts)
    kept: dict[str, Part] = {}
    identities: dict[str, str] = {}
    for part in parts:
        is_hashed = storage.is_local or sizes[part.file.size] > 1
        identity = f"sha256:{sha256_of(storage, part)}" if is_hashed else f"changed:{part.file.changed_ns}"
        key = identity if is_hashed else part.name
        if kept.setdefault(f"{part.file.size} {key}", part) is part:
            identities[part.name] = identity
    return list(kept.values()), identities


def refuse_changed(storage: Storage, before: Sequence[Part]) -> None:
    """Raise `Refusal` when the delivery is not what it was before it was read."""
    after = {part.name: part.file for part in all_parts(storage)}
    names = [
        *(part.name for part in before if after.get(part.name) != part.file),
        *(after.keys() - {p.name for p in before}),
    ]
    if names:
        raise Refusal(
            "changed while it was read",
            where=f"{storage.shown}, file {min(names)}",
            remedy="Try again when the delivery is finished",
        )


def month_number(day: date) -> int:
    """Months since year 0, so that months can be subtracted."""
    return day.year * 12 + day.month - 1


def month_name(number: int) -> str:
    """The same as people write it: `2026-03`."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _part(file: Found) -> Part | None:
    name = file.name.lower()
    is_parquet, is_gzip = name.endswith(".parquet"), name.endswith(".csv.gz")
    if not (is_parquet or is_gzip or name.endswith(".csv")):
        return None
    period = _PERIOD.search(file.path)
    return Part(file, is_parquet, is_gzip, _month(period) if period else None)


def _month(period: re.Match[str]) -> int:
    year, month = period["year"] or period["from_year"], period["month"] or period["from_month"]
    return int(year) * 12 + int(month) - 1


def _refuse_archives(storage: Storage, listing: Sequence[Found]) -> None:
    for file in listing:
        if _ARCHIVE.search(file.name) and not file.name.lower().endswith(".csv.gz"):
            raise Refusal(
                "archives are not opened",
                where=f"{storage.shown}, file {file.name}",
                remedy="Unpack it to Parquet, CSV or CSV.gz and take it out of the folder",
            )


def _refuse_second_delivery(storage: Storage, parts: Sequence[Part]) -> None:
    """Runs that were exported beside each other hold the same charges, each a little more complete."""
    deliveries: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        if period := _PERIOD.search(part.file.path):
            deliveries[part.file.path[: period.end()]].add(_delivery_folder(part.file.path[period.end() + 1 :]))
    for period, folders in deliveries.items():
        if len(folders) > 1:
            raise Refusal(
                f"this billing period was delivered more than once, in {_listed(folders)}: the sum would be too high",
                where=f"{storage.shown}, folder {period.rpartition('/')[2]}",
                remedy="Keep only the newest delivery, or let the export overwrite the one before",
            )


def _delivery_folder(name: str) -> str:
    """The folder below the billing period that is one delivery; `region=eu` and the like are partitions of it."""
    return "/".join(folder for folder in name.split("/")[:-1] if not _PARTITION.fullmatch(folder))


def _listed(folders: set[str]) -> str:
    names = [folder or "the folder itself" for folder in sorted(folders)]
    shown, more = names[:_MOST_FOLDERS], len(names) - _MOST_FOLDERS
    return f"{', '.join(shown)} and {more} more" if more > 0 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def sha256_of(storage: Storage, part: Part) -> str:
    """The hash of a part's content."""
    digest = hashlib.sha256()
    try:
        for block in _blocks(storage, part):
            digest.update(block)
    except OSError as error:
        raise storage.unreachable() from error
    return digest.hexdigest()


def _blocks(storage: Storage, part: Part) -> Iterator[bytes]:
    with storage.open(part.file.path) as stream:
        while block := stream.read(_BLOCK):
            yield block
