"""Keeps a few child processes as one: they start together, and none outlives the others or this process's end.

Here: processes and their log files. Not here: which programs they are (dagster_processes.py, the commands), and how
this process itself is asked to stop (stopping.py).

Each child leads a process group of its own, so that its children end with it (Dagster's code server has several), and
so that Ctrl-C in a terminal reaches this process only, which then ends the others in order.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from unit_economics.local.stopping import Stopped, handling, uninterrupted
from unit_economics.refusals import Refusal

_LOOK = 0.1
_SHOWN_LINES = 12
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Child:
    """One running program; `name` is also that of its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> bool:
        """Whether the program itself has ended."""
        return self.process.poll() is not None

    def signal(self, number: int) -> None:
        """Signal the whole group; it may be gone."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return

    @property
    def is_gone(self) -> bool:
        """Whether no process of its group is left."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        return False

    def died(self) -> Refusal:
        """What to say of a child that ended by itself."""
        return Refusal(
            f"the {self.name} ended by itself ({self._ending}); its last lines:\n{self.last_lines}\n",
            where=str(self.log),
            remedy="The rest was stopped too; correct what the lines complain about and start again",
        )

    @property
    def _ending(self) -> str:
        code = self.process.returncode
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    @property
    def last_lines(self) -> str:
        """The end of its log, without the colours."""
        lines = _COLOUR.sub("", self.log.read_text(errors="replace")).splitlines()
        return "\n".join(f"    {line}" for line in lines[-_SHOWN_LINES:]) or "    (it wrote nothing)"


@dataclass
class Supervisor:
    """The children of one command. `variables` is their whole environment."""

    logs: Path
    variables: Mapping[str, str] = field(repr=False)
    folder: Path = Path()
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start a program; what it prints goes to its log, the former one kept beside it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name.replace(' ', '-')}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.before"))
        with log.open("wb") as sink, uninterrupted():
            process = subprocess.Popen(  # noqa: S603  our own programs
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.variables),
                start_new_session=True,
            )
            self.children.append(Child(name, process, log))
        return self.children[-1]

    def finish(self, child: Child, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait for a program that ends; raises `Refusal` where it, or another child, fails."""
        while not child.ended:
            meanwhile()
            self.refuse_dead(besides=child)
            time.sleep(_LOOK)
        if child.process.returncode:
            raise child.died()
        self.children.remove(child)

    def wait(self, what: str, is_ready: Callable[[], bool], seconds: float = 120) -> None:
        """Wait until something is ready; raises `Refusal` where a child dies or the time is over."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            self.refuse_dead()
            if time.monotonic() > deadline:
                remedy = "Look there for the reason; on a slow machine, try again"
                raise Refusal(f"{what} was not ready after {seconds:g} s", where=str(self.logs), remedy=remedy)
            time.sleep(_LOOK)

    def watch(self, on_stop: Callable[[], None]) -> NoReturn:
        """Stay until a child dies (`Refusal`) or this process is told to stop (`Stopped`, after `on_stop`)."""
        try:
            while True:
                self.refuse_dead()
                time.sleep(_LOOK)
        except Stopped:
            on_stop()
            raise

    def refuse_dead(self, besides: Child | None = None) -> None:
        """Raise `Refusal` for the first child that ended."""
        for child in self.children:
            if child is not besides and child.ended:
                raise child.died()

    def stop(self, grace: float = 12) -> None:
        """End every group: SIGTERM, some grace, SIGKILL. A second Ctrl-C ends the grace."""
        hurry: list[int] = []
        with handling(hurry.append):
            for child in self.children:
                child.signal(signal.SIGTERM)
            deadline = time.monotonic() + grace
            while any(not child.is_gone for child in self.children):
                if hurry or time.monotonic() > deadline:
                    _kill(self.children)
                time.sleep(_LOOK / 2)
            self.children.clear()


@contextmanager
def supervising(logs: Path, variables: Mapping[str, str], folder: Path = Path()) -> Generator[Supervisor]:
    """A supervisor whose children are all gone at the end, whatever happens."""
    supervisor = Supervisor(logs, variables, folder)
    try:
        yield supervisor
    finally:
        supervisor.stop()


def _kill(children: Sequence[Child]) -> None:
    for child in children:
        child.signal(signal.SIGKILL)
