"""The files that a browser needs beside a page: read once, compressed once, and cached for good under their hash.

Here: content and addresses. Not here: which page links to which (templates/).
"""

import gzip
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

_TEXT = ("text/", "application/javascript", "image/svg")
_ADDED = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One file."""

    content: bytes
    media_type: str

    @cached_property
    def compressed(self) -> bytes | None:
        """The content by gzip; None where it is compressed already."""
        return gzip.compress(self.content, mtime=0) if self.media_type.startswith(_TEXT) else None


@dataclass(frozen=True)
class Assets:
    """All files under static/, by their path in it."""

    files: Mapping[str, Asset]

    @cached_property
    def version(self) -> str:
        """A name for exactly these files: another one when any of them changes."""
        return sha256(b"".join(asset.content for _, asset in sorted(self.files.items()))).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where a page finds the file."""
        return f"/static/{self.version}/{self.files[name] and name}"

    def text(self, name: str) -> str:
        """The file's text, to be put into a page that has to stand alone."""
        return self.files[name].content.decode()


def shipped() -> Assets:
    """The files of this release."""
    return Assets(dict(_found(resources.files("unit_economics.dashboard") / "static", "")))


def _found(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _found(entry, f"{name}/")
        else:
            yield name, Asset(entry.read_bytes(), _media_type(entry.name))


def _media_type(name: str) -> str:
    added = next((kind for ending, kind in _ADDED.items() if name.endswith(ending)), None)
    return added or mimetypes.guess_type(name)[0] or "application/octet-stream"
