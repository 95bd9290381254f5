"""Write docs/benchmarks/scan.txt, which docs cite: `python -m unit_economics_tests.benchmarks.write_scan [FOLDER]`.

Here: that file. Not here: what is measured (scan.py). FOLDER keeps the bills, 2.3 GB, for another run.
"""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from rich.console import Console

from unit_economics_tests.benchmarks import scan
from unit_economics_tests.benchmarks.targets import table

OUTPUT = Path(__file__).parents[2] / "docs" / "benchmarks" / "scan.txt"


def main(*folder: str) -> None:
    """Measure, and write the table with what it was measured on."""
    rows = scan.measured(Path(folder[0])) if folder else scan.measure()
    OUTPUT.parent.mkdir(exist_ok=True)
    with OUTPUT.open("w") as file:
        console = Console(file=file, width=150)
        console.print(
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()},"
            f" Python {platform.python_version()}, DuckDB {duckdb.__version__}; the less of two turns",
            highlight=False,
        )
        console.print(table(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
