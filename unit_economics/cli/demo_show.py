"""The steps of the demo, in order: prepare, compute, tell, stay.

Here: what is started and said when. Not here: the shop and its numbers (demo/), how processes live and end
(supervisor.py), Dagster's programs (dagster_processes.py).
"""

import os
import sys
import webbrowser
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from unit_economics.business_days import DayRange
from unit_economics.demo import progress, tour
from unit_economics.demo.week import show_week
from unit_economics.environment import environment
from unit_economics.local import dagster_processes, embedded, ports
from unit_economics.local.dagster_processes import LocalDagster
from unit_economics.local.dashboard_process import LocalDashboard
from unit_economics.local.embedded import DAGSTERS, OURS, EmbeddedPostgres
from unit_economics.local.state import LocalState
from unit_economics.local.supervisor import Supervisor, supervising
from unit_economics.narration import Narrator

_HERE, _SHOP = "127.0.0.1", "shop"


@dataclass(frozen=True)
class Show:
    """A demo that is prepared: the database runs, the shop is filled, the stand-in for Vantage answers."""

    narrator: Narrator
    state: LocalState
    tour: tour.Tour
    postgres: EmbeddedPostgres
    supervisor: Supervisor
    dagster: LocalDagster
    vantage_url: str

    def compute(self) -> None:
        """Compute the days in one run of Dagster, and once more what the provider restates; then remember it.

        After an earlier demo only what the stand-in lacks is published again.
        """
        days = self.tour.days
        if self.tour.is_done:
            self._run(days, f"publishing {len(days)} days again", f"published {len(days)} days again", tour.SINK)
            return
        self._run(days, f"computing {len(days)} days in one run of Dagster", f"computed {len(days)} days in one run")
        if again := self.tour.restate():
            said = f"a credit came late: read {len(again)} days again, what it changed is restated"
            self._run(again, f"reading {len(again)} days again", said)
        self.tour.remember()

    def _run(self, days: DayRange, doing: str, done: str, *only: str) -> None:
        command = ["-m", "unit_economics.cli.demo_year", str(days.first), str(days.last), *only]
        with self.narrator.step(doing, is_quiet=True) as step:
            run = self.supervisor.start("year", [sys.executable, *command])
            with progress.showing(self.narrator, doing, self.postgres.url(DAGSTERS)) as look:
                self.supervisor.finish(run, meanwhile=look)
            step.outcome = done

    def tell(self) -> None:
        """Print the last week and what was published."""
        show_week(self.narrator, self.tour.week(self.postgres.url(OURS), self.vantage_url))

    def stay(self, port: int, *, browser: bool) -> None:
        """Leave Dagster's UI and the dashboard running until somebody stops them."""
        free = ports.next_free(_HERE, port)
        dagster = replace(self.dagster, port=free)
        dashboard = LocalDashboard(_HERE, ports.next_free(_HERE, free + 1), dagster.address)
        dashboard.start(self.supervisor)
        with self.narrator.step("starting Dagster") as step:
            dagster.start_services(self.supervisor)
            dagster.wait(self.supervisor)
            taken = f"; port {port} is taken" if free != port else ""
            step.outcome = f"Dagster: UI, schedules and sensors{taken}"
        with self.narrator.step("starting the dashboard") as step:
            dashboard.wait(self.supervisor)
            step.outcome = "the dashboard"
        self.narrator.say(_addresses(dashboard.address, dagster.address))
        self.narrator.say(_to_type(self.tour))
        if browser:
            webbrowser.open(dashboard.address)
        self.supervisor.watch(on_stop=lambda: self.narrator.say("\nStopping ..."))


def _addresses(dashboard: str, dagster: str) -> str:
    return (
        f"\n  [bold]{dashboard}[/]          [dim]the dashboard: what an order costs, and why it moved[/]"
        f"\n  [bold]{dagster}/assets[/]   [dim]Dagster: start with cost_per_order: Partitions, Checks, Lineage[/]"
    )


def _to_type(plan: tour.Tour) -> str:
    """Commands for another terminal; the folder's .env leads them to the demo."""
    ours = os.path.relpath(Path(sys.executable).parent / "unit-economics", plan.folder)
    there = f"cd {os.path.relpath(plan.folder)} && {ours}"
    return (
        f"\n  [bold]{there} explain {tour.METRIC} {plan.complete_day}[/]"
        "\n  [dim]in another terminal: where a number comes from, down to files and charges[/]"
        f"\n  [bold]{there} allocation explain {plan.complete_day} product:checkout[/]"
        "\n  [dim]which charges and which rules made a cost[/]"
        f"\n  [bold]{there} reconcile[/]"
        "\n  [dim]every invoice against what was billed for it[/]"
        "\n\n  Ctrl-C stops everything."
    )


@contextmanager
def prepared(narrator: Narrator, folder: Path, count: int, *, is_ui_wanted: bool) -> Generator[Show]:
    """The show with everything it needs, all of it stopped at the end."""
    state, plan = LocalState(folder), tour.Tour.until_yesterday(folder, count)
    with ExitStack() as stack:
        stack.enter_context(state.owned())
        postgres = _database(stack, narrator, state, plan)
        vantage_port = ports.any_free()
        vantage_url = f"http://{_HERE}:{vantage_port}/v2"
        known = tour.variables(environment(), plan.catalogue, postgres.url(_SHOP), vantage_url)
        urls = {"UNIT_ECONOMICS_DATABASE_URL": postgres.url(OURS), "DAGSTER_PG_URL": postgres.url(DAGSTERS)}
        plan.leave_variables({**known, **urls})
        variables = dagster_processes.variables({**known, **urls}, state.dagster_home)
        dagster = stack.enter_context(dagster_processes.local_dagster(state.dagster_home, _HERE, port=0))
        # In the demo's folder, so that a .env beside the project says nothing here.
        supervisor = stack.enter_context(supervising(state.logs, variables, folder))
        dagster.settle(Path())
        standin = ["-m", "unit_economics.demo.standin", str(vantage_port), str(state.vantage.resolve())]
        supervisor.start("stand-in for Vantage", [sys.executable, *standin])
        if is_ui_wanted:
            dagster.start_code_server(supervisor)
        with narrator.step("starting a stand-in for Vantage") as step:
            supervisor.wait("the stand-in for Vantage", lambda: tour.answers(vantage_url))
            step.outcome = f"a stand-in for Vantage at {vantage_url}"
        yield Show(narrator, state, plan, postgres, supervisor, dagster, vantage_url)


def _database(stack: ExitStack, narrator: Narrator, state: LocalState, plan: tour.Tour) -> EmbeddedPostgres:
    with narrator.step("starting the embedded PostgreSQL") as step:
        databases = (OURS, DAGSTERS, _SHOP)
        postgres = stack.enter_context(embedded.running(state.postgres, databases))
        step.outcome = f"PostgreSQL, embedded in {os.path.relpath(state.postgres)}"
    if not plan.is_done:
        with narrator.step("making up a shop") as step:
            state.vantage.unlink(missing_ok=True)
            postgres.drop(databases)
            postgres.create(databases)
            step.outcome = plan.fill(postgres.url(_SHOP))
    return postgres
