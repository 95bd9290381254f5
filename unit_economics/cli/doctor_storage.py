"""The doctor's look at the mart: reachable, new enough, migrated, readable by its roles, and of the same time.

Here: looking, without changing anything. Not here: the sources (doctor_sources.py).
"""

from collections.abc import Iterator, Sequence

from unit_economics.cli.diagnosis import Finding
from unit_economics.deployment import DATABASE_URL
from unit_economics.outside import Outside
from unit_economics.warehouse import overview, roles
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.migrations import shipped
from unit_economics.warehouse.overview import MartState

_LEAST_VERSION = 150_000
_MOST_SKEW_SECONDS = 5


def warehouse(outside: Outside) -> Iterator[Finding]:
    """The mart's server; not through the deployment, which would migrate it."""
    with Warehouse(outside.secret(DATABASE_URL)).connection() as connection:
        state = overview.mart_state(connection)
        now = outside.now()
        missing = roles.missing_roles(connection)
    yield _version(state)
    migrations = _migrations(state)
    yield migrations
    if migrations.state == "ok":
        yield _reading_roles(missing)
    skew = abs((state.now - now).total_seconds())
    if skew < _MOST_SKEW_SECONDS:
        yield Finding("clock", "ok", f"{skew:.1f} s beside the warehouse's")
    else:
        yield Finding("clock", "fail", f"{skew:.0f} s beside the warehouse's", "timedatectl set-ntp true")


def _reading_roles(missing: Sequence[str]) -> Finding:
    """What the dashboard reads as; where the mart's user may make them, the first run has done so."""
    if missing:
        remedy = f"As an administrator of PostgreSQL: {'; '.join(missing)}"
        return Finding("reading roles", "warn", "the dashboard's reading roles are missing", remedy)
    return Finding("reading roles", "ok", f"{roles.VIEWER} and {roles.FINANCE}")


def _version(state: MartState) -> Finding:
    version = f"PostgreSQL {state.server_version // 10_000}.{state.server_version % 10_000}"
    if state.server_version < _LEAST_VERSION:
        return Finding("warehouse", "fail", f"{version} is too old", "Use PostgreSQL 15 or newer")
    return Finding("warehouse", "ok", f"{version} answers")


def _migrations(state: MartState) -> Finding:
    known = {step.number: step.checksum for step in shipped()}
    foreign = [number for number, checksum in state.migrations.items() if known.get(number) != checksum]
    pending = sorted(known.keys() - state.migrations.keys())
    if foreign:
        text = f"migration {foreign[0]} is not the one of this release"
        return Finding("migrations", "fail", text, "Run the release that last wrote to this database, or a newer one")
    if pending:
        return Finding("migrations", "warn", f"{len(pending)} to apply; the first run does it", "unit-economics run")
    return Finding("migrations", "ok", f"all {len(known)} applied")
