"""How far a scan has come, said now and then while it runs.

Here: asking DuckDB from a second thread. Not here: the scan (scan.py), and who listens (`Outside.say`).
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Thread

import duckdb

PATIENCE = 10.0
"""Seconds: a scan that ends sooner says nothing."""


@contextmanager
def told(session: duckdb.DuckDBPyConnection, what: str, say: Callable[[str], None]) -> Generator[None]:
    """Say every few seconds which part of the query that runs meanwhile is done."""
    done = Event()

    def tell() -> None:
        while not done.wait(PATIENCE):
            say(f"{what}: {max(session.query_progress(), 0):.0f} %")

    watcher = Thread(target=tell, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
