"""Peak memory of a year against a month of a wide bill, each computed in a process of its own.

Here: `python -m unit_economics_tests.benchmarks.memory FOLDER URL VANTAGE FIRST LAST` is that process. It takes the
four steps in one range and says how far its memory grew. Not here: speed.
"""

import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from unit_economics.business_days import DayRange
from unit_economics.local import embedded
from unit_economics_tests.benchmarks.shop_world import days_until
from unit_economics_tests.benchmarks.targets import Row, own_peak
from unit_economics_tests.benchmarks.wide_world import empty_vantage, take_all, wide_deployment, write_shop

MONTH, YEAR = 30, 365
TARGET = 1.2


def measure() -> list[Row]:
    """The month and the year, each on an empty mart."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, embedded.running(Path(name) / "postgres") as postgres:
        write_shop(Path(name), postgres.url(embedded.OURS), days_until(YEAR))
        month, year = (_peak(Path(name), postgres, days_until(count)) for count in (MONTH, YEAR))
    return [
        Row(
            f"peak memory of {YEAR} days of 4,104 charges at most {TARGET} times that of {MONTH} days",
            f"{year / month:.2f} times: {year:.0f} MB against {month:.0f} MB",
            year <= TARGET * month,
        )
    ]


def _peak(folder: Path, postgres: embedded.EmbeddedPostgres, days: DayRange) -> float:
    with empty_vantage() as vantage:
        given = [str(folder), postgres.url(embedded.OURS), vantage, str(days.first), str(days.last)]
        said = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", __name__, *given], check=True, stdout=subprocess.PIPE
        )
    return float(said.stdout)


def _main(folder: str, url: str, vantage: str, first: str, last: str) -> None:
    take_all(wide_deployment(Path(folder), url, vantage), DayRange(date.fromisoformat(first), date.fromisoformat(last)))
    print(own_peak())


if __name__ == "__main__":
    _main(*sys.argv[1:])
