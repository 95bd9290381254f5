"""Where a pack is put: a folder of its own, named after its month.

Here: writing one, and reading one back. Not here: its files (pack.py).
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal
from unit_economics.whole_files import write_whole


def folder_of(of: Deployment, month: date, out: Path | None = None) -> Path:
    """`close-2026-10` in the folder that is given, or that the catalogue names, or in the current one."""
    close = of.catalogue.close
    root = out or (of.outside.folder / close.folder if close else Path())
    return root / f"close-{month:%Y-%m}"


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a pack; none of its files is replaced before all of them are on the disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Name a folder that you may write, with --out or under `close` in the catalogue"
        raise Refusal(f"can't be made ({error.strerror})", where=str(folder), remedy=remedy) from None
    write_whole({folder / name: content for name, content in files.items()})


def held(folder: Path) -> Mapping[str, bytes]:
    """Every file of a pack by its name; raises `Refusal` where there is none."""
    try:
        found = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    except OSError as error:
        remedy = "Name the folder that holds it with --out, or write it with `unit-economics close`"
        raise Refusal(f"no pack can be read there ({error.strerror})", where=str(folder), remedy=remedy) from None
    return {name: content for name, content in found.items() if not name.startswith(".")}
