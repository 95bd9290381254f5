"""`unit-economics up`: everything on one machine, stopped with Ctrl-C.

Here: the command and the order of its steps. Not here: Dagster's programs (dagster_processes.py), keeping them together
(supervisor.py), the embedded PostgreSQL (embedded.py).
"""

import os
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from unit_economics.local.stopping import Stopped, stoppable
from unit_economics.narration import Narrator
from unit_economics.refusals import UsageRefusal

_MART, _DAGSTER = "UNIT_ECONOMICS_DATABASE_URL", "DAGSTER_PG_URL"


@click.command("up")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Where the UI listens.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The UI has no login: open it to others behind a proxy."
)
@click.option(
    "--dashboard-port", default=3001, show_default=True, type=click.IntRange(1, 65535), help="The dashboard's."
)
@click.option("--config", type=click.Path(path_type=Path), help="The catalogue.  [default: ./unit_economics.yaml]")
def command(port: int, host: str, dashboard_port: int, config: Path | None) -> None:
    """Start Dagster and the dashboard, with an embedded PostgreSQL where .env names none."""
    if port == dashboard_port:
        where, remedy = "--port and --dashboard-port", "Give each a port of its own"
        raise UsageRefusal(f"both are {port}", where=where, remedy=remedy)
    narrator = Narrator()
    with until_stopped(narrator):
        _run(narrator, config, host, (port, dashboard_port))


@contextmanager
def until_stopped(narrator: Narrator) -> Generator[None]:
    """Being told to stop is how these commands end, so it is no failure."""
    try:
        with stoppable():
            yield
    except Stopped:
        narrator.say("Stopped; nothing is left running.")


def _configured(config: Path | None) -> tuple[dict[str, str], str]:
    from unit_economics.environment import CATALOGUE, environment, read_catalogue

    variables = environment()
    path = config or Path(variables.get(CATALOGUE) or "unit_economics.yaml")
    catalogue = read_catalogue(path)
    return {**variables, CATALOGUE: str(path.resolve())}, f"{path}: {', '.join(catalogue.measured)}"


def _run(narrator: Narrator, config: Path | None, host: str, listening: tuple[int, int]) -> None:
    from unit_economics.local import ports
    from unit_economics.local.dagster_processes import local_dagster, variables
    from unit_economics.local.dashboard_process import LocalDashboard
    from unit_economics.local.state import STATE, LocalState
    from unit_economics.local.supervisor import supervising

    state = LocalState(STATE)
    with ExitStack() as stack:
        stack.enter_context(state.owned())
        for port in listening:
            ports.refuse_taken(host, port)
        with narrator.step("reading the catalogue") as step:
            base, step.outcome = _configured(config)
        databases = _databases(stack, narrator, state.postgres, base)
        if _MART in databases:
            stack.enter_context(state.serving_mart(databases[_MART]))
        known = variables({**base, **databases}, state.dagster_home)
        dagster = stack.enter_context(local_dagster(state.dagster_home, host, listening[0]))
        supervisor = stack.enter_context(supervising(state.logs, known))
        with narrator.step("starting Dagster") as step:
            dagster.start(supervisor, project=Path())
            step.outcome = f"Dagster: UI, schedules and sensors (logs in {state.logs})"
        dashboard = LocalDashboard(host, listening[1], dagster.address)
        with narrator.step("starting the dashboard") as step:
            dashboard.start(supervisor)
            dashboard.wait(supervisor)
            step.outcome = "the dashboard, as a reader of the mart's views"
        narrator.say(_addresses(dashboard.address, dagster.address))
        supervisor.watch(on_stop=lambda: narrator.say("\nStopping ..."))


def _addresses(dashboard: str, dagster: str) -> str:
    return f"\n  [bold]{dashboard}[/]   the dashboard\n  [bold]{dagster}[/]   Dagster\n\n  Ctrl-C stops everything."


def _databases(stack: ExitStack, narrator: Narrator, folder: Path, base: Mapping[str, str]) -> dict[str, str]:
    """The addresses of the two databases; an embedded server for those that the environment doesn't name."""
    from unit_economics.local import embedded

    missing = [name for name in (_MART, _DAGSTER) if not base.get(name)]
    if not missing:
        return {}
    with narrator.step("starting the embedded PostgreSQL") as step:
        postgres = stack.enter_context(embedded.running(folder))
        step.outcome = f"PostgreSQL, embedded in {os.path.relpath(folder)}"
    own = {_MART: postgres.url(embedded.OURS), _DAGSTER: postgres.url(embedded.DAGSTERS)}
    return {name: own[name] for name in missing}
