"""How a long-running command is asked to stop: Ctrl-C, `kill`, a closed terminal.

Here: signals of this process, and nothing else. Not here: ending other processes (supervisor.py).
"""

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked this process to stop; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


@contextmanager
def stoppable() -> Generator[None]:
    """Raise `Stopped` once, wherever the program is, when it is asked to stop; what comes later is for the clean-up."""
    asked: list[int] = []

    def first_only(number: int) -> None:
        asked.append(number)
        if len(asked) == 1:
            raise Stopped(number)

    with handling(first_only):
        yield


@contextmanager
def uninterrupted() -> Generator[None]:
    """Put off being stopped until the end of the block, so that nothing begun in it is lost sight of."""
    asked: list[int] = []
    try:
        with handling(asked.append):
            yield
    finally:
        for number in asked[:1]:
            signal.raise_signal(number)


@contextmanager
def handling(handle: Callable[[int], None]) -> Generator[None]:
    """Call `handle` with the signal's number.

    With a handler set, a child begins with the default action: a shell's `&` would otherwise make it deaf to SIGINT.
    """

    def received(number: int, _frame: FrameType | None) -> None:
        handle(number)

    before = {number: signal.signal(number, received) for number in _ASKING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
