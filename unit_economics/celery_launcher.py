"""Runs as tasks of Celery workers, where a worker whose machine is gone is noticed within a minute.

Here: the one question that Dagster's own launcher does not ask. Not here: how workers and broker are set up
(deploy/celery/), or what starts a lost run again (run_retries in dagster.yaml, the gap sensor).

Celery says STARTED of a task for ever when its worker was killed, and Dagster's launcher takes that for a run at work:
its days would be in flight until `max_runtime_seconds`.
"""

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from typing_extensions import override

PATIENCE = 5.0
"""Seconds for a worker's answer. One that is called lost wrongly costs a second run, which changes nothing."""


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """Dagster's launcher, and a worker is asked whether it is at work on the run that it has started."""

    @override
    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        health = super().check_run_worker_health(run)
        if health.status is not WorkerStatus.RUNNING or self._is_at_work(run):
            return health
        ended_meanwhile = super().check_run_worker_health(run)
        if ended_meanwhile.status is not WorkerStatus.RUNNING:
            return ended_meanwhile
        return CheckRunHealthResult(WorkerStatus.FAILED, "Its Celery worker does not answer, or has never heard of it.")

    def _is_at_work(self, run: DagsterRun) -> bool:
        task = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        started = self.celery.AsyncResult(task).info  # the result, once it has ended
        if not isinstance(started, dict):
            return False
        worker = str(started["hostname"])
        asked = self.celery.control.inspect([worker], timeout=PATIENCE, limit=1)
        return task in (asked.query_task(task) or {}).get(worker, {})
