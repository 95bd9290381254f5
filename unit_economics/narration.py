"""What a long command says on the terminal while it works: one line a step, with how long it took.

Here: the look of a step. Not here: what is done in it.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape


@dataclass
class Step:
    """What is being done; `outcome` replaces the announcement when it is done."""

    outcome: str


@dataclass(frozen=True)
class Narrator:
    """Speaks on a terminal with a spinner, anywhere else in plain lines."""

    console: Console = field(default_factory=lambda: Console(highlight=False))

    def say(self, text: str = "") -> None:
        """A line of its own, markup and all."""
        self.console.print(text, soft_wrap=True)

    @contextmanager
    def step(self, announcement: str, *, is_quiet: bool = False) -> Generator[Step]:
        """Announce something (unless another display does), and say at its end what came of it and how long it took."""
        step, began = Step(announcement), time.monotonic()
        with nullcontext() if is_quiet else self._spinner(announcement):
            yield step
        taken = time.monotonic() - began
        self.say(f"  [green]✓[/] {escape(step.outcome)} [dim]{taken:.1f} s[/]")

    @contextmanager
    def _spinner(self, announcement: str) -> Generator[None]:
        if not self.console.is_terminal:
            yield
            return
        with self.console.status(f"{escape(announcement)} ..."):
            yield
