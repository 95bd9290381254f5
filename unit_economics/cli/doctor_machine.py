"""The doctor's look at this machine and at Dagster's own settings.

Here: what needs no catalogue. Not here: databases, bills and Vantage (doctor_storage.py, doctor_sources.py).
"""

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from unit_economics.cli.diagnosis import Finding

_LEAST_GB = 2
_DRIVER = "postgresql+psycopg2://"


def python() -> Iterator[Finding]:
    """The interpreter is one that the package supports."""
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 14):
        yield Finding("Python", "ok", version)
    else:
        yield Finding("Python", "fail", f"{version}; 3.11 to 3.13 are supported", "make PYTHON=python3.12 test")


def time_zones() -> Iterator[Finding]:
    """Time zone data is there."""
    try:
        ZoneInfo("Europe/Berlin")
        yield Finding("time zones", "ok", "data is there")
    except ZoneInfoNotFoundError:
        yield Finding("time zones", "fail", "there is no time zone data", "pip install tzdata")


def disk() -> Iterator[Finding]:
    """There is room where the state is kept."""
    free = shutil.disk_usage(Path()).free / 1e9
    state = "ok" if free >= _LEAST_GB else "warn"
    yield Finding("disk", state, f"{free:.0f} GB free here", "" if state == "ok" else "df -h .")


def dagster(variables: Mapping[str, str]) -> Iterator[Finding]:
    """Dagster's storage is named as Dagster needs it."""
    url, home = variables.get("DAGSTER_PG_URL", ""), variables.get("DAGSTER_HOME", "")
    if url and not url.startswith(_DRIVER):
        yield Finding("Dagster", "fail", "DAGSTER_PG_URL names no driver", f"Begin it with {_DRIVER} in .env")
    elif home and not Path(home).expanduser().is_dir():
        yield Finding(
            "Dagster", "fail", "DAGSTER_HOME is no folder", 'mkdir -p "$DAGSTER_HOME" && cp dagster.yaml "$_"'
        )
    elif url or home:
        yield Finding("Dagster", "ok", f"{'DAGSTER_PG_URL' if url else 'DAGSTER_HOME'} is set; runs show in its UI")
    else:
        yield Finding("Dagster", "ok", "no storage is set; each command keeps its own history, `up` brings one")
