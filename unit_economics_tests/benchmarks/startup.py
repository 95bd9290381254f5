"""How long it takes to start: the command line's help, and Dagster's loading of the definitions.

Here: whole processes, turn by turn. Not here: the daemon and the web server, which are Dagster's own.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

from unit_economics.business_days import DayRange
from unit_economics.demo.tour import catalogue_text
from unit_economics_tests.benchmarks.targets import Row

TURNS = 7
HELP = ["-c", "from unit_economics.cli import main; main(['--help'])"]
LOAD = "from unit_economics.definitions import defs; defs().get_repository_def()"


def measure() -> list[Row]:
    """Both promises."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        catalogue = Path(folder) / "unit_economics.yaml"
        catalogue.write_text(catalogue_text(DayRange(date(2025, 1, 1), date(2025, 12, 31))), "utf-8")
        where = {"UNIT_ECONOMICS_CATALOGUE": str(catalogue)}
        return [
            _row("`unit-economics --help`", HELP, "import click", 3, where),
            _row("loading the code location of the demo's catalogue", ["-c", LOAD], "import dagster", 1.3, where),
        ]


def _row(what: str, ours: list[str], yardstick: str, most: float, where: dict[str, str]) -> Row:
    turns = [(_process(ours, where), _process(["-c", yardstick], where)) for _ in range(TURNS)]
    mine, theirs = median(turn[0] for turn in turns), median(turn[1] for turn in turns)
    return Row(
        f"{what} takes at most {most} times `{yardstick}`, as processes",
        f"{mine / theirs:.2f} times: {mine:.2f} s against {theirs:.2f} s",
        mine <= most * theirs,
    )


def _process(arguments: list[str], where: dict[str, str]) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-W", "ignore", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **where})
    return time.perf_counter() - start
