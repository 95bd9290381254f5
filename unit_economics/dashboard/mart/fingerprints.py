"""What a source says that it read, for people: its files with size and hash, or its request.

Here: taking a stored fingerprint apart. Not here: making it (cost_sources/, unit_sources/), whose text may be anything.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

MOST_FILES = 12
_SHORT = 12


@dataclass(frozen=True)
class File:
    """One file: name, bytes, and the first letters of the hash of its content."""

    name: str
    size: int
    content: str


@dataclass(frozen=True)
class Read:
    """What one source read: files, or what it says instead."""

    source: str
    files: Sequence[File] = ()
    text: str = ""

    @property
    def shown(self) -> Sequence[File]:
        """The files that are listed: the last by name, which mostly are the latest."""
        return sorted(self.files, key=lambda file: file.name, reverse=True)[:MOST_FILES]

    @property
    def hidden(self) -> int:
        """How many more there are."""
        return len(self.files) - len(self.shown)


def reads_of(fingerprint: str | None, sources: Iterable[str]) -> Sequence[Read]:
    """The parts of a fingerprint, `bill={...}; other=GET ...`; one without names, a hash, is all one part."""
    if not fingerprint:
        return []
    names = "|".join(map(re.escape, sources))
    begins = list(re.finditer(rf"(?:^|; )({names})=", fingerprint)) if names else []
    if not begins:
        return [_read("", fingerprint)]
    ends = [*(found.start() for found in begins[1:]), len(fingerprint)]
    return [_read(found[1], fingerprint[found.end() : end]) for found, end in zip(begins, ends, strict=True)]


def _read(source: str, text: str) -> Read:
    try:
        listed: Any = json.loads(text)
        files = [File(one["name"], one["size"], _short(one["content"])) for one in listed["files"]]
    except (ValueError, KeyError, TypeError):
        return Read(source, text=text)
    return Read(source, files, "" if files else "no file")


def _short(content: object) -> str:
    """`sha256:6b8dd339d05f` of a hash with its name, and as much of one without."""
    name, colon, digits = str(content).rpartition(":")
    return f"{name}{colon}{digits[:_SHORT]}"
