"""How far the demo's run is, as Dagster's event log in PostgreSQL shows it from outside the run's process.

Here: asking, and a bar on a terminal or a line an asset elsewhere. Not here: starting the run (cli/demo_year.py).
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, Self

import psycopg
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from unit_economics.narration import Narrator

_ASKED = """
    with told as (select id, dagster_event_type as kind, step_key from event_logs where id > %(after)s)
    select count(*) filter (where kind in ('ASSET_MATERIALIZATION', 'ASSET_CHECK_EVALUATION')),
        count(*) filter (where kind = 'ASSET_MATERIALIZATION_PLANNED')
            + (select count(*) from asset_check_executions
                where run_id in (select run_id from event_logs where id > %(after)s)),
        array_agg(step_key order by id) filter (where kind = 'STEP_SUCCESS'),
        (array_agg(step_key order by id desc) filter (where kind = 'STEP_START'))[1]
    from told
"""


@dataclass(frozen=True)
class Told:
    """What the run said so far: the words, how many there will be once it is planned, steps done, the present step."""

    words: int
    total: int | None
    done: list[str]
    step: str


@dataclass(frozen=True)
class Watcher:
    """Asks about the run that begins after the event `after`."""

    url: str
    after: int

    @classmethod
    def from_now(cls, url: str) -> Self:
        """Watch what begins now."""
        found = _row(url, "select coalesce(max(id), 0) from event_logs")
        return cls(url, found[0] if found else 0)

    def ask(self) -> Told:
        """How far the run is."""
        words, total, done, step = _row(self.url, _ASKED, after=self.after) or (0, 0, None, None)
        return Told(words, total if step else None, done or [], step or "planning")


def _row(url: str, question: LiteralString, **values: object) -> tuple[Any, ...] | None:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute(question, values).fetchone()
    except psycopg.errors.UndefinedTable:
        return None  # Dagster makes its tables when it first starts


@contextmanager
def showing(narrator: Narrator, doing: str, url: str) -> Generator[Callable[[], None]]:
    """Yield what to call every now and then while the run goes on."""
    watcher = Watcher.from_now(url)
    if not narrator.console.is_terminal:
        yield lambda: None
        return
    columns = [
        SpinnerColumn(),
        TextColumn(doing),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}"),
    ]
    with Progress(*columns, console=narrator.console, transient=True) as progress:
        task = progress.add_task("planning", total=None)

        def look() -> None:
            told = watcher.ask()
            progress.update(task, description=told.step, completed=told.words, total=told.total)

        yield look
