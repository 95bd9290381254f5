"""A real Prometheus for the tests: blocks made by promtool of known samples, served on loopback and a free port.

Here: starting and stopping it, and what it holds. Not here: what is asked of it.
"""

import shutil
import socket
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from unit_economics_tests.processes import ENDING_WITH_US, await_

FIRST, LAST = datetime(2024, 3, 28, tzinfo=UTC), datetime(2024, 4, 3, tzinfo=UTC)
"""What the server holds: six days, with the 31st of March, which has 23 hours in Berlin."""
SPACING = timedelta(minutes=5)

Series = Mapping[str, Callable[[int, datetime], float | str | None]]
"""Each series with its value at the n-th moment; None where there is no sample."""


def why_not() -> str | None:
    """Why there can be no server here; None where there can."""
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"{missing[0]} is not here: apt-get install prometheus" if missing else None


def openmetrics(types: Mapping[str, str], series: Series) -> str:
    """The samples as promtool reads them; a counter's series end in _total, as the format wants."""
    lines: list[str] = []
    for family, kind in types.items():
        lines.append(f"# TYPE {family} {kind}")
        for name, value in series.items():
            if name.partition("{")[0].removesuffix("_total") == family:
                lines += _lines(name, value)
    return "\n".join([*lines, "# EOF\n"])


def _lines(name: str, value: Callable[[int, datetime], float | str | None]) -> list[str]:
    moments = [FIRST + n * SPACING for n in range((LAST - FIRST) // SPACING + 1)]
    found = [(value(n, moment), moment) for n, moment in enumerate(moments)]
    return [f"{name} {one} {int(moment.timestamp())}" for one, moment in found if one is not None]


@contextmanager
def running(folder: Path, text: str) -> Generator[str]:
    """The address of a server that holds these samples; stopped at the end."""
    (folder / "samples.txt").write_text(text)
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    blocks = ["promtool", "tsdb", "create-blocks-from", "openmetrics", folder / "samples.txt", folder / "data"]
    subprocess.run(blocks, check=True, capture_output=True)
    address = f"127.0.0.1:{_free_port()}"
    command = [
        "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        "--storage.tsdb.retention.time=100y", f"--web.listen-address={address}",
    ]  # fmt: skip
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen([*ENDING_WITH_US, *command], stdout=log, stderr=subprocess.STDOUT)
    try:
        await_(lambda: _is_ready(f"http://{address}"), f"a Prometheus ({folder}/log.txt)", 60)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/-/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
