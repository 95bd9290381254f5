"""A total deadline for work that has none of its own: drivers wait for a silent server as long as it likes.

Here: the thread that is left behind. Not here: what it does (session.py).
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Work(Generic[T]):
    """Work in a thread of its own, whose failure is raised where the answer is awaited."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._answers: list[T] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="unit source")

    def within(self, seconds: float, cut: Callable[[], None]) -> T:
        """The answer; `TimeoutError` after so many seconds, when the work has been cut and is left to itself."""
        self._thread.start()
        self._thread.join(seconds)
        if self._thread.is_alive():
            cut()
            raise TimeoutError
        if self._failure is not None:
            raise self._failure
        return self._answers[0]

    def _run(self) -> None:
        with self:
            self._answers.append(self._work())

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, _: TracebackType | None
    ) -> bool:
        """Keep the failure for whoever waits."""
        self._failure = failure
        return True
