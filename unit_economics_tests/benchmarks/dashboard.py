"""The dashboard on three years of fifty scopes: what a page costs a new reader, the server, and twenty readers at once.

Here: the real command on that mart, its limits, and what was measured. Not here: the mart (dashboard_mart.py), or how
it is measured (visits.py, readers_at_once.py).
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from unit_economics.dashboard.pages import PAGES
from unit_economics.local import embedded
from unit_economics.local.ports import any_free
from unit_economics_tests.benchmarks import dashboard_mart
from unit_economics_tests.benchmarks.dashboard_beside_streamlit import compare
from unit_economics_tests.benchmarks.readers_at_once import READERS, SECONDS, Crowd, crowd, resident, server_time
from unit_economics_tests.benchmarks.targets import Row
from unit_economics_tests.benchmarks.visits import Visit, middle, visits

RANGE = "?range=3y"
KILOBYTES, ANSWERS_MS, SERVER_MS, MEGABYTES = 150, 1000, 50, 100
_IS_READY = "document.documentElement?.dataset.ready"


def measure() -> list[Row]:
    """All of it; the Streamlit beside it reads the same mart."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, embedded.running(Path(name) / "postgres") as postgres:
        folder, url = Path(name), postgres.url(embedded.OURS)
        dashboard_mart.fill(folder, url)
        variables = dashboard_mart.variables(folder, url)
        with _serving(variables) as (server, address):
            seen = visits(address + RANGE, _IS_READY)
            times = {page.name: server_time(f"{address}{page.path}{RANGE}") for page in PAGES}
            held = resident(server)
            met = crowd(server, [f"{address}{page.path}" for page in PAGES])
        return [*_of_visits(seen), *_of_server(times), *_of_crowd(met), *compare(variables, seen, held)]


def _of_visits(seen: Sequence[Visit]) -> list[Row]:
    if not seen:
        return [
            Row("the executive page of 3 years x 50 scopes in Chromium", "not measured: there is no Chromium", True)
        ]
    sent = middle(seen, lambda one: one.sent) / 1000
    after = [one.answers_after for one in seen]
    return [
        Row(
            f"the executive page of 3 years x 50 scopes is at most {KILOBYTES} kB to a new reader, all requests",
            f"{sent:.0f} kB in {seen[0].requests} requests",
            sent <= KILOBYTES,
        ),
        Row(
            f"it answers within {ANSWERS_MS / 1000:.0f} s in Chromium, in a fresh profile",
            f"{middle(seen, lambda one: one.answers_after):.0f} ms; of {len(seen)} the slowest {max(after):.0f} ms",
            max(after) <= ANSWERS_MS,
        ),
    ]


def _of_server(times: Mapping[str, float]) -> list[Row]:
    return [
        Row(
            f"the {name} page takes the server at most {SERVER_MS} ms, asked for before",
            f"{1000 * seconds:.0f} ms",
            1000 * seconds <= SERVER_MS,
        )
        for name, seconds in times.items()
    ]


def _of_crowd(met: Crowd) -> list[Row]:
    return [
        Row(
            f"{READERS} readers at once for {SECONDS} s, all pages in turn, without an error",
            f"{met.errors} errors; {met.rate:.0f} pages/s, 95 of 100 within {1000 * met.p95:.0f} ms",
            met.errors == 0,
        ),
        Row(
            f"the server holds less than {MEGABYTES} MB meanwhile", f"{met.megabytes:.0f} MB", met.megabytes < MEGABYTES
        ),
    ]


@contextmanager
def _serving(variables: Mapping[str, str]) -> Generator[tuple[psutil.Process, str]]:
    """The real command, and its address."""
    port = any_free()
    command = [sys.executable, "-m", "unit_economics", "dashboard", "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _await(process, f"{address}/health")
        yield psutil.Process(process.pid), address
    finally:
        process.terminate()
        process.wait()


def _await(process: subprocess.Popen[bytes], address: str) -> None:
    while process.poll() is None:
        try:
            httpx.get(address, trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the dashboard did not start")
