"""The folder of a prepared delivery: who may write to it, and how new parts take the place of old ones.

A reader trusts the manifest alone, so at every moment the folder is the delivery before or the one after:

    manifest before, and what is coming -> the new parts in -> manifest after, and what is going -> the old parts out

Here: that order, and the lock. Not here: what the parts hold (rewriting.py).
"""

import fcntl
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from unit_economics.cost_sources.focus.prepared.manifest import NAME, Manifest
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.whole_files import write_whole

_WORK = ".preparing"
_LOCK = ".lock"


@contextmanager
def owned(folder: Path) -> Generator[Path]:
    """Keep every other `prepare` out of the folder; gives an empty folder in it, gone afterwards, to work in."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
    except OSError as error:
        raise UsageRefusal(
            f"can't be written ({error.strerror})", where=str(folder), remedy="Name a folder that you may write"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageRefusal(
                "another `prepare` is at work there", where=str(folder), remedy="Wait until it has ended"
            ) from None
        with _emptied(folder / _WORK) as work:
            yield work


@contextmanager
def _emptied(work: Path) -> Generator[Path]:
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir()
    except FileExistsError:
        raise UsageRefusal("it is in the way and can't be removed", where=str(work), remedy="Remove it") from None
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def place(folder: Path, before: Manifest, after: Manifest, made: Mapping[str, Path]) -> None:
    """Make the folder hold the delivery after: the parts that were made are moved in, those it no longer has go."""
    known = before.names | set(before.passing)
    coming = {*made, *before.passing} - before.names
    _write(folder, before.without(coming))
    try:
        for name, path in made.items():
            (folder / name).parent.mkdir(exist_ok=True)
            path.replace(folder / name)
    except OSError as error:
        remedy = "Check the folder, then prepare again; until then the delivery before is read"
        raise Refusal(f"can't be written ({error.strerror})", where=str(folder), remedy=remedy) from None
    going = (known | coming) - after.names
    _write(folder, after.without(going))
    for name in going:
        (folder / name).unlink(missing_ok=True)
        _drop_if_empty((folder / name).parent)


def refuse_no_space(folder: Path, needed: int) -> None:
    """Raise `Refusal` where so many bytes would not fit."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Refusal(
            f"about {_gigabytes(needed)} are needed to prepare this delivery, {_gigabytes(free)} are free",
            where=str(folder),
            remedy="Make room, or name a folder on another disk with --to",
        )


def refuse_other_files(folder: Path) -> None:
    """Raise `UsageRefusal` where a folder without a manifest of ours holds anything that is not ours."""
    if any(not path.name.startswith(".") for path in folder.iterdir()):
        raise UsageRefusal("it holds other files", where=str(folder), remedy="Name a new or an empty folder with --to")


def _write(folder: Path, manifest: Manifest) -> None:
    write_whole({folder / NAME: manifest.model_dump_json(indent=1).encode()})


def _drop_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
