"""The folder in which a command keeps what it runs on: the database's files, Dagster's home, logs.

Here: where things are in it, and that one command at a time owns it. Not here: what is put there.
"""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from unit_economics.refusals import UsageRefusal


@dataclass(frozen=True)
class LocalState:
    """One such folder: `.unit_economics` for `up`, `.unit_economics/demo` for the demo."""

    folder: Path

    @property
    def postgres(self) -> Path:
        """The embedded server's files."""
        return self.folder / "postgres"

    @property
    def dagster_home(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "dagster_home"

    @property
    def logs(self) -> Path:
        """What each program printed."""
        return self.folder / "logs"

    @contextmanager
    def owned(self) -> Generator[None]:
        """Keep every other command out of the folder; the lock ends with this process, even a killed one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n")
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageRefusal(
                    "another unit-economics command is running on this folder",
                    where=str(self.folder),
                    remedy="Stop it first (Ctrl-C in its terminal), or start this one in another folder",
                ) from None
            yield
