"""Files that a reader finds whole: as they were, or as they are now, and never half of one.

Here: writing. Not here: what is written.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from unit_economics.refusals import Refusal


def write_whole(contents: Mapping[Path, bytes]) -> None:
    """Write the files, each in a folder that is there; none is replaced before all of them are on the disk.

    Raises `Refusal` where one can't be written; what was there before is then still there.
    """
    new: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            new[path] = _beside(path, content)
        for path, file in new.items():
            _renamed(file, path)
    finally:
        for file in new.values():
            file.unlink(missing_ok=True)


def _beside(path: Path, content: bytes) -> Path:
    """The content in a new file next to where it belongs: only there a rename is one step."""
    file: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
            file = Path(new.name)
            new.write(content)
    except OSError as error:
        if file:
            file.unlink(missing_ok=True)
        raise _unwritten(path, error) from None
    return file


def _renamed(file: Path, path: Path) -> None:
    try:
        file.chmod(0o644)
        file.replace(path)
    except OSError as error:
        raise _unwritten(path, error) from None


def _unwritten(path: Path, error: OSError) -> Refusal:
    remedy = "Name a file in a folder that you may write"
    return Refusal(f"can't be written ({error.strerror})", where=str(path), remedy=remedy)
