"""Processes that are born to be killed: a light process forks a child for every order, and kills it with SIGKILL.

Here: both ends of that. A child dies at a named point of its work, after so many calls of Python functions, or so many
milliseconds after it said that it is ready. Not here: what the children do (writer.py, runs.py, messenger.py).

pytest itself has threads and must not fork; the nursery is a process of its own, with one import of what it needs.
"""

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

Work = Callable[["Life", Mapping[str, Any]], None]
LONGEST_LIFE_MS = 60_000


@dataclass
class Life:
    """What a child knows of its own end."""

    point: str | None
    calls: int | None
    tell: int
    seen: int = field(default=0)

    def ready(self) -> None:
        """Say that the work begins: the clock and the count of calls start now."""
        os.write(self.tell, b"r")
        if self.calls is not None:
            sys.setprofile(self._count)

    def at(self, point: str) -> None:
        """Die here, if this is the point."""
        if point == self.point:
            die()

    def _count(self, *of_the_call: object) -> None:  # noqa: ARG002  # whatever it is, it counts
        self.seen += 1
        if self.calls is not None and self.seen >= self.calls:
            die()


def die() -> None:
    """End this process as a power cut would: no handler, no `finally`, no goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


class Nursery:
    """The parent's end: `with Nursery("...writer") as nursery: nursery.run("replace", {...}, point="after lock")`."""

    def __init__(self, module: str) -> None:
        self.module = f"{__package__}.{module}"

    def __enter__(self) -> "Nursery":
        command = [sys.executable, "-W", "ignore", "-m", f"{__package__}.nursery", self.module]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def run(self, work: str, of: Mapping[str, Any], **end: object) -> bool:
        """Do a piece of work; end is one of point, calls, milliseconds. True when it was killed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"work": work, "of": of, "end": end}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["signal"] == signal.SIGKILL


def serve(works: Mapping[str, Work]) -> None:
    """The nursery's end: one order a line of stdin, one answer a line of stdout."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        answers.write(json.dumps(_one_life(works[order["work"]], order["of"], order["end"])) + "\n")
        answers.flush()


def _one_life(work: Work, of: Mapping[str, Any], end: Mapping[str, Any]) -> dict[str, Any]:
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        _live(work, of, Life(end.get("point"), end.get("calls"), tell))
    os.close(tell)
    ended = os.pidfd_open(child)
    try:
        select.select([hear, ended], [], [], LONGEST_LIFE_MS / 1000)
        milliseconds = end.get("milliseconds", LONGEST_LIFE_MS)
        if not select.select([ended], [], [], milliseconds / 1000)[0]:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        said = os.read(hear, 100_000).lstrip(b"r").decode()
    finally:
        os.close(ended)
        os.close(hear)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        return {"error": said}
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}


def _live(work: Work, of: Mapping[str, Any], life: Life) -> None:
    try:
        work(life, of)
    except BaseException:  # noqa: BLE001  # the child's boundary
        sys.setprofile(None)
        os.write(life.tell, traceback.format_exc()[-4000:].encode())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    serve(importlib.import_module(sys.argv[1]).WORKS)
