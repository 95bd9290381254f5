"""The executive page beside the same chart and table in Streamlit: bytes, requests, time, memory.

Here: fetching Streamlit into an environment of its own, running it, the ratios. It is no dependency: where it can't be
fetched, that is what is printed. Not here: our own limits (dashboard.py).
"""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from unit_economics.local.ports import any_free
from unit_economics_tests.benchmarks.readers_at_once import resident
from unit_economics_tests.benchmarks.targets import Row
from unit_economics_tests.benchmarks.visits import Visit, middle, visits

STREAMLIT = "streamlit==1.67.0"
TURNS, PATIENCE = 3, 120
PAGE = Path(__file__).with_name("streamlit_page.py")
_WITH = [word for name in (STREAMLIT, "psycopg[binary]") for word in ("--with", name)]
_RUN = ["run", "--quiet", "--no-project", *_WITH, "streamlit", "run", str(PAGE)]
_SETTINGS = ["--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.address", "127.0.0.1"]
_IS_READY = "document.querySelectorAll('canvas').length >= 3"


def compare(variables: Mapping[str, str], ours: Sequence[Visit], megabytes: float) -> list[Row]:
    """Ours against Streamlit's, each in ratios."""
    with _streamlit(variables) as found:
        if found is None or not ours:
            why = f"{STREAMLIT} can't be had here" if ours else "there is no Chromium"
            return [
                Row("the executive page beside the same chart and table in Streamlit", f"not measured: {why}", True)
            ]
        process, address = found
        theirs = visits(address, _IS_READY, TURNS)
        held = resident(process.children()[-1])  # uv itself waits above it
    return [
        _row("bytes sent to a new reader, in kB", middle(ours, _kilobytes), middle(theirs, _kilobytes)),
        _row("requests", middle(ours, lambda one: one.requests), middle(theirs, lambda one: one.requests)),
        _row("ms until it answers", *(middle(of, lambda one: one.answers_after) for of in (ours, theirs))),
        _row("MB held by the server", megabytes, held),
    ]


def _row(what: str, ours: float, theirs: float) -> Row:
    target = f"less than the same chart and table in {STREAMLIT.replace('==', ' ')}: {what}"
    return Row(target, f"1/{theirs / ours:.1f}: {ours:,.0f} against {theirs:,.0f}", ours < theirs)


def _kilobytes(visit: Visit) -> float:
    return visit.sent / 1000


@contextmanager
def _streamlit(variables: Mapping[str, str]) -> Generator[tuple[psutil.Process, str] | None]:
    """A running Streamlit and its address; None where it can't be fetched or does not start."""
    port, uv = any_free(), Path(sys.executable).with_name("uv")
    command = [str(uv), *_RUN, "--server.port", str(port), *_SETTINGS]
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    family = psutil.Process(process.pid)
    try:
        is_there = _answers(process, f"http://127.0.0.1:{port}/_stcore/health")
        yield (family, f"http://127.0.0.1:{port}") if is_there else None
    finally:
        for one in family.children(recursive=True) if process.poll() is None else []:
            one.terminate()
        process.terminate()
        process.wait()


def _answers(process: subprocess.Popen[bytes], address: str) -> bool:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            if httpx.get(address, trust_env=False).is_success:
                return True
        except httpx.TransportError:
            time.sleep(0.2)
    return False
