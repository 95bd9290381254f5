"""Where files lie: a local folder, or s3://, gs:// and abfs:// through pyarrow, listed and opened alike.

Here: naming, listing and opening files, and handing them to DuckDB. Not here: which of them are parts of a bill
(cost_sources/focus/) or hold units (unit_sources/files/), and what is in them.
"""
# pyarrow ships no types
# pyright: reportUnknownParameterType=false

import io
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from fsspec.implementations.arrow import ArrowFSWrapper
from pyarrow import fs

from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal

_GLOB = frozenset("*?[")
_REMOTE = ("s3", "gs", "abfs", "abfss")


@dataclass(frozen=True, order=True)
class Found:
    """A file as it was listed: its name below the base, its path, its size and when it last changed."""

    name: str
    path: str
    size: int
    changed_ns: int


class ThreadSafeFile(io.RawIOBase):
    """A remote file that several threads may read: DuckDB seeks and reads in two calls, and shares the file.

    A read that follows a seek of its own thread reads there, whatever other threads did in between.
    """

    def __init__(self, file: pa.NativeFile) -> None:
        super().__init__()
        self._file = file
        self._next = 0
        self._sought = threading.local()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Remember where this thread, or else the next read, goes on."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._next, os.SEEK_END: self._file.size()}[whence]
        self._next = self._sought.offset = base + offset
        return self._next

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, read at their offset in one call."""
        offset = self._sought.__dict__.pop("offset", self._next)
        wanted = self._file.size() - offset if size < 0 else size
        found = self._file.read_at(wanted, offset)
        self._next = offset + len(found)
        return found

    def tell(self) -> int:
        """Where the next read without a seek begins."""
        return self._next

    def seekable(self) -> bool:
        """Always."""
        return True

    def readable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Close the remote file too."""
        self._file.close()
        super().close()


class DuckDBFiles(ArrowFSWrapper):
    """A pyarrow file system under a name of its own, so that DuckDB never asks for its httpfs extension."""

    protocol = "bill"  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    cachable = False  # fsspec would otherwise keep the credentials of every delivery it has seen

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("bill://")

    def _open(self, path: str, mode: str = "rb", **_options: object) -> ThreadSafeFile:  # pyright: ignore[reportIncompatibleMethodOverride]
        if mode != "rb":
            raise io.UnsupportedOperation(mode)
        return ThreadSafeFile(self.fs.open_input_file(path))


@dataclass(frozen=True)
class Storage:
    """One place with files: `base` as the file system names it, and the glob below it."""

    shown: str
    base: str
    pattern: tuple[str, ...]
    files: fs.FileSystem = field(repr=False)

    @property
    def is_local(self) -> bool:
        """Whether DuckDB can open the files by itself."""
        return isinstance(self.files, fs.LocalFileSystem)

    def listing(self) -> list[Found]:
        """Every file that the path means, hidden ones left out; refused where there is nothing at the path."""
        try:
            info = self.files.get_file_info(self.base)
            if info.type is fs.FileType.NotFound:
                raise Refusal("there is nothing at this path", where=self.shown, remedy="Check `path` in the catalogue")
            if info.type is fs.FileType.File:
                return [_found(info, info.base_name)]
            below = list(self._walk())
        except OSError as error:
            raise self.unreachable() from error
        return sorted(file for file in below if _is_visible(file.name) and self._is_meant(file.name))

    def open(self, path: str, *, compression: str | None = None) -> pa.NativeFile:
        """The bytes of a file, decompressed where a compression is named."""
        return self.files.open_input_stream(path, compression=compression)

    def content(self, name: str) -> bytes | None:
        """The bytes of a small file at the top of the folder; None where there is none."""
        path = f"{self.base}/{name}"
        try:
            if self.files.get_file_info(path).type is not fs.FileType.File:
                return None
            with self.open(path) as stream:
                return stream.read()
        except OSError as error:
            raise self.unreachable() from error

    def url(self, path: str) -> str:
        """How DuckDB names the file; its own wildcards are disarmed."""
        named = path if self.is_local else f"bill://{path}"
        return "".join(f"[{letter}]" if letter in _GLOB else letter for letter in named)

    def unreachable(self) -> Unreachable:
        """What is said when the storage, not the file, is at fault."""
        return Unreachable(
            "the storage did not answer, or did not allow the request",
            where=self.shown,
            remedy="Check the place, the network, and that the credentials may list and read",
        )

    def _walk(self) -> Iterator[Found]:
        if self.is_local:
            yield from _walk_local(self.base)
            return
        for info in self.files.get_file_info(fs.FileSelector(self.base, recursive=True)):
            if info.type is fs.FileType.File:
                yield _found(info, info.path.removeprefix(self.base).lstrip("/"))

    def _is_meant(self, name: str) -> bool:
        return _matches(tuple(name.split("/")), self.pattern)


def storage_of(path: str, outside: Outside) -> Storage:
    """The storage that a catalogue's `path` means; a relative path is relative to the catalogue's folder."""
    scheme = urlsplit(path).scheme.lower() if "://" in path else ""
    if scheme and scheme not in _REMOTE:
        raise UsageRefusal(
            f"{scheme}:// can't be read",
            where=path,
            remedy="Give a local path, or one that begins with s3://, gs:// or abfs://",
        )
    whole = path if scheme else (outside.folder / path).absolute().as_posix()
    fixed, pattern = _split_glob(whole)
    files, base = _file_system(scheme, fixed, outside)
    return Storage(path, base, pattern, files)


def _split_glob(path: str) -> tuple[str, tuple[str, ...]]:
    segments = path.split("/")
    fixed = next((n for n, segment in enumerate(segments) if _GLOB & set(segment)), len(segments))
    if Path(path).exists():
        fixed = len(segments)
    return "/".join(segments[:fixed]).rstrip("/") or "/", tuple(segments[fixed:])


def _file_system(scheme: str, path: str, outside: Outside) -> tuple[fs.FileSystem, str]:
    if not scheme:
        return fs.LocalFileSystem(), path
    try:
        if scheme == "s3":
            return _s3(path.removeprefix("s3://"), outside)
        return fs.FileSystem.from_uri(path)
    except (OSError, pa.ArrowException) as error:
        raise UsageRefusal(
            "the storage can't be opened", where=path, remedy="Check the spelling of the path and the credentials"
        ) from error


def _s3(path: str, outside: Outside) -> tuple[fs.FileSystem, str]:
    """S3, or what speaks like it; credentials that are not set are left to the AWS SDK's own search."""
    endpoint = outside.setting("AWS_ENDPOINT_URL", "") or None
    region = outside.setting("AWS_REGION", outside.setting("AWS_DEFAULT_REGION", ""))
    if not region:
        region = "us-east-1" if endpoint else fs.resolve_s3_region(path.split("/")[0])
    files = fs.S3FileSystem(
        access_key=outside.setting("AWS_ACCESS_KEY_ID", "") or None,
        secret_key=outside.setting("AWS_SECRET_ACCESS_KEY", "") or None,
        session_token=outside.setting("AWS_SESSION_TOKEN", "") or None,
        endpoint_override=endpoint,
        region=region,
        connect_timeout=10,
        request_timeout=60,
    )
    return files, path.strip("/")


def _found(info: fs.FileInfo, name: str) -> Found:
    return Found(name, info.path, info.size, info.mtime_ns or 0)


def _walk_local(base: str) -> Iterator[Found]:
    """Links are followed, each real folder once: pyarrow's own walk never ends on a link to a parent."""
    seen: set[str] = set()
    for folder, below, names in os.walk(base, followlinks=True, onerror=_raise):
        if os.path.realpath(folder) in seen:
            below.clear()
            continue
        seen.add(os.path.realpath(folder))
        for name in names:
            path = Path(folder, name)
            if path.is_file():
                stat = path.stat()
                yield Found(path.relative_to(base).as_posix(), path.as_posix(), stat.st_size, stat.st_mtime_ns)


def _raise(error: OSError) -> None:
    """A folder that can't be listed is no empty folder."""
    raise error


def _is_visible(name: str) -> bool:
    return not any(segment.startswith((".", "_")) for segment in name.split("/"))


def _matches(name: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the name lies under the glob; where it names a folder, all below it belongs."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_matches(name[n:], pattern[1:]) for n in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and _matches(name[1:], pattern[1:])
