"""Progress on stderr: a bar on a terminal, a line an asset anywhere else.

Here: saying what is going on. Not here: the answer of a command, which goes to stdout.
"""

import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import click

from unit_economics.cli.outcome import Outcome

if TYPE_CHECKING:
    from rich.progress import Progress


class Teller(Protocol):
    """Told when an asset is over."""

    def over(self, outcome: Outcome, asset: str) -> None:
        """Say that this asset is over."""
        ...


@dataclass
class Lines:
    """One line an asset, as a log wants it."""

    since: float = field(default_factory=time.monotonic)

    def over(self, outcome: Outcome, asset: str) -> None:
        """Say it, with the seconds since the one before."""
        now = time.monotonic()
        click.echo(f"{asset}: {in_words(outcome, asset)} ({now - self.since:.1f} s)", err=True)
        self.since = now


@dataclass
class Bar:
    """A bar that stays until the run is over."""

    progress: "Progress"
    waiting: list[str]

    def __post_init__(self) -> None:
        self.task = self.progress.add_task(self.waiting[0], total=len(self.waiting))

    def over(self, outcome: Outcome, asset: str) -> None:  # noqa: ARG002  # a bar says how far, not how well
        """Move on to the next asset."""
        self.waiting = [name for name in self.waiting if name != asset]
        self.progress.update(self.task, advance=1, description=self.waiting[0] if self.waiting else "done")


@contextmanager
def telling(title: str, assets: Iterable[str]) -> Generator[Teller]:
    """What tells of one run."""
    if not sys.stderr.isatty():
        click.echo(title, err=True)
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = [
        SpinnerColumn(),
        TextColumn(title),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}"),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress, list(assets))


def in_words(outcome: Outcome, asset: str) -> str:
    """`3 new, 1 red`, or what stopped it."""
    if outcome.assets[asset].failure:
        return "failed"
    return ", ".join(f"{count} {state}" for state, count in outcome.counts(asset).items() if count) or "nothing"
