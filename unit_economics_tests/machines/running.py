"""A site of machines at work, and what a test asks it: launch this, who runs what, which days are stored.

Here: asking. Not here: the machines (network.py), how their programs are started (servers.py), or what a test asserts.
"""

import shutil
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.definitions.selector import PartitionsByAssetSelector
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.launcher import LaunchRunContext
from dagster._core.utils import make_new_backfill_id
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from unit_economics.automation import JOB, range_tags
from unit_economics.business_days import DayRange
from unit_economics.celery_launcher import WatchedCeleryRunLauncher
from unit_economics.definitions import code_location
from unit_economics.environment import deployment
from unit_economics.local import embedded
from unit_economics_tests.machines import shop
from unit_economics_tests.machines.network import Machine, machines
from unit_economics_tests.machines.servers import PROJECT, Servers, made_postgres
from unit_economics_tests.processes import await_

NOISE = [
    pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning"),  # Celery 5.7 on redis-py 8
    pytest.mark.filterwarnings("ignore::celery.exceptions.DuplicateTaskNameWarning"),  # dagster-celery, every launch
]


@dataclass(frozen=True)
class Site:
    """The machines at work. The test itself is on none of them: it reaches the servers by their socket files."""

    servers: Servers
    workers: list[Machine]
    days: Sequence[date]
    instance: dg.DagsterInstance

    @property
    def url(self) -> str:
        return self.servers.url(embedded.OURS)

    def sql(self, query: str, *values: object) -> list[Any]:
        """Rows of a query on the mart."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def stored(self, asset: str) -> int:
        """How many days of an asset are current, the tables of the mart being there or not yet."""
        if self.sql("select to_regclass('unit_economics.ledger')") == [(None,)]:
            return 0
        query = "select count(*) from unit_economics.ledger where asset = %s and superseded_at is null"
        return int(self.sql(query, asset)[0][0])

    def backfill(self) -> str:
        """Launch all days of all assets; the daemon takes it from there."""
        wanted = PartitionBackfill.from_partitions_by_assets(
            backfill_id=make_new_backfill_id(),
            asset_graph=self._definitions.resolve_asset_graph(),
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=self.instance,
            partitions_by_assets=[PartitionsByAssetSelector(asset_key=dg.AssetKey(asset)) for asset in shop.ASSETS],
            title=None,
            description=None,
            run_config=None,
        )
        self.instance.add_backfill(wanted)
        return wanted.backfill_id

    def launch(self, days: DayRange) -> dg.DagsterRun:
        """Launch one run, as the daemon would."""
        code = ReconstructableRepository.for_module("unit_economics.definitions", "defs", str(PROJECT))
        run = self.instance.create_run_for_job(
            self._definitions.resolve_job_def(JOB),
            tags=range_tags(days),
            job_code_origin=code.get_reconstructable_job(JOB).get_python_origin(),
        )
        self.launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
        return run

    def state(self, backfill: str) -> str:
        found = self.instance.get_backfill(backfill)
        assert found
        return found.status.value

    def has_ended(self, backfill: str) -> bool:
        return self.state(backfill) != "REQUESTED"

    def runs(self, *statuses: dg.DagsterRunStatus) -> Sequence[dg.DagsterRun]:
        return self.instance.get_runs(dg.RunsFilter(statuses=statuses or None))

    def status(self, run: dg.DagsterRun) -> dg.DagsterRunStatus:
        found = self.instance.get_run_by_id(run.run_id)
        assert found
        return found.status

    def at_the_gate(self) -> Machine | None:
        """The machine whose run waits in the middle of reading the orders."""
        query = "select host(client_addr) from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory'"
        waiting = {address for (address,) in self.sql(f"{query} and not granted")}
        return next((machine for machine in self.workers if machine.address in waiting), None)

    @property
    def launcher(self) -> WatchedCeleryRunLauncher:
        found = self.instance.run_launcher
        assert isinstance(found, WatchedCeleryRunLauncher)
        return found

    def worker_of(self, run: dg.DagsterRun) -> str | None:
        """The name of the machine whose worker has started a run and not ended it."""
        task = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        said = self.launcher.celery.AsyncResult(task).info if task else None
        return str(said["hostname"]).partition("@")[0] if isinstance(said, dict) else None

    def received(self, worker: Machine) -> int:
        """How many runs a worker was given."""
        return self.servers.output(worker).read_text().count("] received")

    @property
    def _definitions(self) -> dg.Definitions:
        return code_location(deployment({}, self.servers.folder / "unit_economics.yaml"))


@contextmanager
def site(folder: Path, number: int, *, days_per_run: int, daemon: bool) -> Generator[Site]:
    """Three machines at work, two of them with a worker, on so many days until yesterday."""
    if not shutil.which("redis-server"):
        pytest.skip("Debian's redis-server is not installed")
    days, program = shop.days_until_yesterday(number), made_postgres(folder / "postgres")
    with ExitStack() as stack:
        first, *workers = stack.enter_context(machines(3))
        servers = Servers(folder, first)
        servers.start_postgres(program)
        servers.start_redis()
        servers.make_home()
        shop.settle(folder, servers.url(embedded.OURS), days, days_per_run=days_per_run)
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in servers.here.items():
            environment.setenv(name, value)
        instance = stack.enter_context(dg.DagsterInstance.from_config(str(servers.home)))
        stack.callback(_hang_up, instance)
        if daemon:
            servers.start_daemon()
        for worker in workers:
            servers.start_worker(worker)
        await_(lambda: all(servers.listens(worker) for worker in workers), "both workers", 120)
        yield Site(servers, workers, days, instance)


def _hang_up(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    assert isinstance(launcher, WatchedCeleryRunLauncher)
    launcher.celery.close()
    launcher.celery.backend.client.close()
