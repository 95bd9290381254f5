"""Many readers at once: how many pages they get, how long each waits, what the server holds in memory.

Here: threads that ask for page after page. Not here: the server, or what is too slow (dashboard.py).
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

import httpx
import psutil

READERS, SECONDS, WARM = 20, 30, 30


@dataclass
class Crowd:
    """What all readers met: the seconds of each page, how many failed, and the most that the server held, in MB."""

    seconds: float
    waits: list[float] = field(default_factory=list)
    errors: int = 0
    megabytes: float = 0

    @property
    def rate(self) -> float:
        """Pages a second."""
        return len(self.waits) / self.seconds

    @property
    def p95(self) -> float:
        """The seconds within which 95 of 100 pages came."""
        return quantiles(self.waits, n=20)[-1]


def server_time(address: str, times: int = WARM) -> float:
    """The median seconds of a page to one reader, asked for before."""
    with httpx.Client(trust_env=False) as client:
        for _ in range(3):
            client.get(address).raise_for_status()
        return median(_timed(client, address)[0] for _ in range(times))


def crowd(server: psutil.Process, addresses: Sequence[str], seconds: float = SECONDS, readers: int = READERS) -> Crowd:
    """Let them read for so long, each page after page in turn."""
    met, end = Crowd(seconds), time.monotonic() + seconds
    threads = [threading.Thread(target=_read, args=(met, addresses, n, end)) for n in range(readers)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        met.megabytes = max(met.megabytes, resident(server))
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    return met


def resident(process: psutil.Process) -> float:
    """Megabytes that it and its children hold."""
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family) / 2**20


def _read(met: Crowd, addresses: Sequence[str], first: int, end: float) -> None:
    with httpx.Client(trust_env=False, timeout=30) as client:
        turn = first
        while time.monotonic() < end:
            seconds, is_good = _timed(client, addresses[turn % len(addresses)])
            met.waits.append(seconds)
            met.errors += not is_good
            turn += 1


def _timed(client: httpx.Client, address: str) -> tuple[float, bool]:
    start = time.perf_counter()
    try:
        is_good = client.get(address).is_success
    except httpx.TransportError:
        is_good = False
    return time.perf_counter() - start, is_good
