"""The doctor's look at the mart: reachable, new enough, migrated, readable by the dashboard, and of the same time.

Here: looking, without changing anything. Not here: the sources (doctor_sources.py).
"""

from collections.abc import Iterator, Sequence
from contextlib import closing

from psycopg import sql

from unit_economics.cli.diagnosis import Finding
from unit_economics.dashboard.mart.reader import READING_URL, NotLetIn, Reader, Role
from unit_economics.database_url import server_of
from unit_economics.deployment import DATABASE_URL
from unit_economics.entries.dashboard import Dashboard
from unit_economics.outside import Outside
from unit_economics.warehouse import overview, roles
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.migrations import shipped
from unit_economics.warehouse.overview import MartState

_LEAST_VERSION = 150_000
_MOST_SKEW_SECONDS = 5


def warehouse(outside: Outside, entry: Dashboard | None = None) -> Iterator[Finding]:
    """The mart's server; not through the deployment, which would migrate it."""
    with Warehouse(outside.secret(DATABASE_URL)).connection() as connection:
        state = overview.mart_state(connection)
        now = outside.now()
        missing = roles.missing_roles(connection)
    yield _version(state)
    migrations = _migrations(state)
    yield migrations
    if migrations.state == "ok":
        with_login = bool(outside.setting(READING_URL, ""))
        yield _reading_roles(missing, with_login=with_login, configured=entry not in (None, Dashboard()))
    skew = abs((state.now - now).total_seconds())
    if skew < _MOST_SKEW_SECONDS:
        yield Finding("clock", "ok", f"{skew:.1f} s beside the warehouse's")
    else:
        yield Finding("clock", "fail", f"{skew:.0f} s beside the warehouse's", "timedatectl set-ntp true")


def dashboard(outside: Outside, entry: Dashboard) -> Iterator[Finding]:
    """The dashboard's own login, where it has one, as every role that a reader can get."""
    url = outside.setting(READING_URL, "")
    if not url:
        return
    refused = False
    with closing(Reader(url, READING_URL)) as reader:
        for role in _handed_out(entry):
            try:
                with reader.snapshot(role) as connection:
                    connection.execute("select from unit_costs limit 0")
            except NotLetIn as refusal:
                refused = True
                yield Finding("dashboard", "fail", f"{refusal.where}: {refusal.what}", _granted(url, role))
    if not refused:
        yield Finding("dashboard", "ok", f"{READING_URL} reads as {' and '.join(_handed_out(entry))}")


def _handed_out(entry: Dashboard) -> list[Role]:
    who = entry.identity
    finance = entry.everyone == "finance" or (who is not None and bool(who.finance_users or who.finance_groups))
    viewer = entry.everyone == "viewer" or who is not None
    roles: dict[Role, bool] = {"viewer": viewer, "finance": finance}
    return [role for role, is_handed_out in roles.items() if is_handed_out]


def _granted(url: str, role: Role) -> str:
    user = server_of(url, READING_URL).parameters.get("user")
    login = sql.Identifier(user).as_string() if user else f"the login of {READING_URL}"
    return f"As an administrator of PostgreSQL: grant unit_economics_{role} to {login}"


def _reading_roles(missing: Sequence[str], *, with_login: bool, configured: bool) -> Finding:
    """What the dashboard reads as; where the mart's user may make them, the first run has done so.

    A dashboard with a login of its own needs the roles, but not that the mart's user may take them on.
    """
    if missing:
        are_needed = any(text.startswith("create role") for text in missing) if with_login else configured
        remedy = f"As an administrator of PostgreSQL: {'; '.join(missing)}"
        state = "fail" if are_needed else "warn"
        return Finding("reading roles", state, "the dashboard's reading roles are missing", remedy)
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
