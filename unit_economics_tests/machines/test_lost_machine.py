"""A backfill of sixty days on two machines, one of which is lost half way: every day is there exactly once."""

from collections.abc import Iterator
from typing import NamedTuple

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher

from unit_economics_tests.machines.judge import holds_every_day_once
from unit_economics_tests.machines.network import Machine
from unit_economics_tests.machines.running import NOISE, Site, site
from unit_economics_tests.processes import await_

pytestmark = [pytest.mark.soak, *NOISE]
DAYS, DAYS_PER_RUN, HALF_WAY = 60, 5, 25


class Backfilled(NamedTuple):
    """A backfill that has ended, and the run that the lost machine had."""

    backfill: str
    lost: dg.DagsterRun


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("machines"), DAYS, days_per_run=DAYS_PER_RUN, daemon=True) as found:
        yield found


@pytest.fixture(scope="module")
def backfilled(two_workers: Site) -> Backfilled:
    backfill = two_workers.backfill()
    await_(lambda: two_workers.has_ended(backfill) or two_workers.stored("cost_per_order") >= HALF_WAY, "half", 300)
    lost = _lose(two_workers, two_workers.workers[1])
    assert two_workers.stored("cost_per_order") < DAYS
    await_(lambda: two_workers.has_ended(backfill), "the backfill's end", 600)
    return Backfilled(backfill, lost)


def test_every_day_of_every_asset_is_there_exactly_once(two_workers: Site, backfilled: Backfilled) -> None:
    assert two_workers.state(backfilled.backfill) == "COMPLETED_SUCCESS"
    holds_every_day_once(two_workers, two_workers.days)


def test_both_machines_had_runs_and_none_had_all(two_workers: Site, backfilled: Backfilled) -> None:
    first, second = (two_workers.received(machine) for machine in two_workers.workers)
    assert second >= 1
    assert first + second > DAYS // DAYS_PER_RUN


def test_the_lost_run_has_failed_and_was_done_again_and_no_other_one(two_workers: Site, backfilled: Backfilled) -> None:
    assert [run.run_id for run in two_workers.runs(dg.DagsterRunStatus.FAILURE)] == [backfilled.lost.run_id]
    (again,) = [run for run in two_workers.runs() if run.parent_run_id]
    assert (again.parent_run_id, again.status) == (backfilled.lost.run_id, dg.DagsterRunStatus.SUCCESS)


def test_dagster_s_own_launcher_takes_the_lost_run_for_one_at_work(two_workers: Site, backfilled: Backfilled) -> None:
    """Without ours its days would have been in flight for the two hours that a run may take."""
    launcher = two_workers.launcher
    assert CeleryRunLauncher.check_run_worker_health(launcher, backfilled.lost).status is WorkerStatus.RUNNING
    assert launcher.check_run_worker_health(backfilled.lost).status is WorkerStatus.FAILED


def _lose(site: Site, machine: Machine) -> dg.DagsterRun:
    """Kill a machine in the middle of a run: it is stopped first, so that the run can't end meanwhile."""
    found: list[dg.DagsterRun] = []

    def is_at_work() -> bool:
        machine.freeze()
        found[:] = [run for run in site.runs(dg.DagsterRunStatus.STARTED) if site.worker_of(run) == machine.name]
        if not found:
            machine.thaw()
        return bool(found)

    await_(is_at_work, f"a run on {machine.name}", 120)
    machine.lose()
    return found[0]
