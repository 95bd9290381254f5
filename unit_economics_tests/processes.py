"""Commands as real processes for the tests: start one, wait for what it says, see that nothing of it is left."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

COMMAND = [sys.executable, "-c", "from unit_economics.cli import main; main()"]
ENDING_WITH_US = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
"""Before a server's command: it ends even where the tests are killed and tidy nothing up (util-linux)."""


@dataclass
class Running:
    """One command in its folder; `output` is what it has printed so far."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text()

    def await_output(self, text: str, seconds: float = 120) -> str:
        await_(lambda: text in self.output or self.process.poll() is not None, text, seconds)
        assert text in self.output, self.output
        return self.output

    def stop(self, number: int, seconds: float = 40) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def started(self) -> list[psutil.Process]:
        """Everything it has started: its descendants, and the PostgreSQL that has no parent any more."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [*children, *servers_in(self.folder)]


@contextmanager
def running(folder: Path, *arguments: str) -> Generator[Running]:
    """Start a command in a folder; killed at the end of the block where it still runs."""
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen([*COMMAND, *arguments], cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Running(process, folder)
    finally:
        process.terminate()
        process.wait(60)


def servers_in(folder: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if any(str(folder) in part for part in process.info["cmdline"] or [])]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie has ended, whoever has to notice it."""
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def await_(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
