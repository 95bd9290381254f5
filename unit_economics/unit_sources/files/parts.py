"""Which files hold units, and whether they stood still while they were read.

Here: telling the files by their names, every content once, the before and after. Not here: how storages are listed
(object_storage.py), and what is in a file.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from unit_economics.object_storage import Found, Storage
from unit_economics.refusals import Refusal

Form = Literal["Parquet", "CSV", "JSON Lines"]
_FORMS: dict[str, Form] = {".parquet": "Parquet", ".csv": "CSV", ".jsonl": "JSON Lines", ".ndjson": "JSON Lines"}
_UNFINISHED = (".tmp", ".part")
_ARCHIVE = re.compile(r"\.(zip|7z|rar|tar|tgz|gz|bz2|xz|zst|lz4)$", re.IGNORECASE)
_BLOCK = 1 << 20
_MOST_FILES = 100_000


@dataclass(frozen=True)
class Part:
    """One file of units."""

    file: Found
    form: Form
    is_gzip: bool
    where: str

    @property
    def compression(self) -> str | None:
        """What pyarrow calls its compression."""
        return "gzip" if self.is_gzip else None

    def damaged(self) -> Refusal:
        """What is said of a file that is not what its name says it is, or only half of it."""
        called = f"{self.form}.gz" if self.is_gzip else self.form
        return self.refusal(f"it is damaged, cut off or no {called}", remedy="Deliver the file again, whole")

    def refusal(
        self, what: str, *, row: int | None = None, field: str | None = None, remedy: str = "Correct the row"
    ) -> Refusal:
        """What is wrong, with file, row and field."""
        of_row = "" if row is None else f", row {row}"
        return Refusal(what, where=f"{self.where}{of_row}{'' if field is None else f', field {field}'}", remedy=remedy)


def parts_of(storage: Storage) -> list[Part]:
    """The files with units, in the order of their names, every content once; refused where there is none."""
    listing = _finished(storage)
    for file in listing:
        if _ARCHIVE.search(file.name) and _part(storage, file) is None:
            raise Refusal(
                "archives are not opened",
                where=f"{storage.shown}, file {file.name}",
                remedy="Unpack it to Parquet, CSV, CSV.gz, JSONL or JSONL.gz and take it out of the folder",
            )
    parts = [part for part in (_part(storage, file) for file in listing) if part]
    if not parts or len(parts) > _MOST_FILES:
        raise Refusal(
            "there is no .parquet, .csv, .csv.gz, .jsonl, .ndjson or .jsonl.gz file here"
            if not parts
            else f"there are more than {_MOST_FILES} files here",
            where=storage.shown,
            remedy="Check `path` in the catalogue, and that the files have been delivered",
        )
    return _without_copies(storage, parts)


def refuse_changed(storage: Storage, before: Sequence[Found]) -> None:
    """Raise `Refusal` when the files are not what they were before they were read."""
    after = {file.name: file for file in looked_at(storage)}
    known = {file.name: file for file in before}
    changed = [name for name in {*after, *known} if after.get(name) != known.get(name)]
    if changed:
        raise Refusal(
            "changed while it was read",
            where=f"{storage.shown}, file {min(changed)}",
            remedy="Try again when it is finished",
        )


def looked_at(storage: Storage) -> list[Found]:
    """Every file that may hold units, as it is listed now."""
    return [file for file in _finished(storage) if _part(storage, file)]


def _finished(storage: Storage) -> list[Found]:
    return [file for file in storage.listing() if not file.name.lower().endswith(_UNFINISHED)]


def _part(storage: Storage, file: Found) -> Part | None:
    name = file.name.lower()
    is_gzip = name.endswith(".gz")
    form = _FORMS.get(f".{name.removesuffix('.gz').rpartition('.')[2]}")
    if form is None or (form == "Parquet" and is_gzip):
        return None
    return Part(file, form, is_gzip, f"{storage.shown}, file {file.name}")


def _without_copies(storage: Storage, parts: Sequence[Part]) -> list[Part]:
    """Identical rows are legitimate and stay; an identical file is the same delivery under a second name."""
    sizes = Counter(part.file.size for part in parts)
    kept: dict[str, Part] = {}
    for part in parts:
        identity = _sha256(storage, part) if sizes[part.file.size] > 1 else part.file.name
        kept.setdefault(identity, part)
    return list(kept.values())


def _sha256(storage: Storage, part: Part) -> str:
    digest = hashlib.sha256()
    try:
        with storage.open(part.file.path) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise storage.unreachable() from error
    return digest.hexdigest()
