"""The folder in which a command keeps what it runs on: the database's files, Dagster's home, logs.

Here: where things are in it, and that one command at a time owns it. Not here: what is put there.
"""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from unit_economics.refusals import UsageRefusal

STATE = Path(".unit_economics")
"""Where `up` and the commands beside it keep theirs, in the current folder."""


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
    def vantage(self) -> Path:
        """What the demo's stand-in for Vantage holds."""
        return self.folder / "vantage.json"

    @property
    def logs(self) -> Path:
        """What each program printed."""
        return self.folder / "logs"

    @contextmanager
    def serving_mart(self, address: str) -> Generator[None]:
        """Let the commands beside a running `up` find the embedded mart; the address holds no password."""
        note = self.folder / "mart"
        note.write_text(address)
        try:
            yield
        finally:
            note.unlink(missing_ok=True)

    def served_mart(self) -> str | None:
        """The address of the embedded mart while somebody owns the folder and serves it."""
        note = self.folder / "mart"
        return note.read_text() if note.exists() and self._is_owned() else None

    def _is_owned(self) -> bool:
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

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
