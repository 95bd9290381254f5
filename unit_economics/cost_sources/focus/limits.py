"""What a scan may take of the machine: memory, and a folder on disk for what does not fit into it.

Here: the entry `scan` of a bill, and whether the folder has room. Not here: the scan (scan.py).

DuckDB keeps its sums within the memory; the process needs about 200 MB beside it, for itself and what is being read.
"""

import re
import shutil
from pathlib import Path
from tempfile import gettempdir

from pydantic import Field, field_validator

from unit_economics.entries.entry import Entry
from unit_economics.refusals import Refusal

_ROOM = 4


class Limits(Entry):
    """The memory of a scan, and where it puts what does not fit."""

    memory: str = Field(default="200MB", description="For the sums of a scan: 200MB, 4GB")
    spill: str | None = Field(
        default=None, min_length=1, description="A folder on a disk with room; the temporary one, if none"
    )

    @field_validator("memory")
    @classmethod
    def _is_size(cls, memory: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]{0,5}(MB|GB)", memory):
            raise ValueError("must be a size like 200MB or 4GB")
        return memory

    def below(self, folder: Path) -> "Limits":
        """The same limits; a relative folder to spill to is taken to lie in this one."""
        return self.model_copy(update={"spill": str((folder / self.spill).absolute())}) if self.spill else self

    @property
    def folder(self) -> Path:
        """Where a scan may spill; refused where that is no folder."""
        folder = Path(self.spill or gettempdir())
        if not folder.is_dir():
            raise Refusal(
                "the folder that the scan may spill to is not there",
                where=str(folder),
                remedy="Make it, or set `spill`",
            )
        return folder

    def refuse_small_disk(self, size: int) -> None:
        """Raise `Refusal` where a scan of files of this size would fill the disk.

        With few distinct tags nothing is spilled; 3 million charges that were all kept apart took 2.6 times their size.
        """
        folder = self.folder
        free = shutil.disk_usage(folder).free
        if free * _ROOM < size:
            raise Refusal(
                f"{free >> 20} MB of disk are free; to scan {size >> 20} MB may take {size // _ROOM >> 20} MB of it",
                where=f"folder {folder}",
                remedy="Free some disk, or set `scan: {spill: ...}` of the bill to a folder with room",
            )
