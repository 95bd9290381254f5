"""Whether a run's Celery worker is at work, asked on a real Redis; and the files that deploy/celery/ hands to users."""

import shutil
import subprocess
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.app.defaults import SETTING_KEYS
from celery.contrib.testing.worker import start_worker
from celery.result import AsyncResult
from celery.signals import setup_logging
from dagster import DagsterRun
from dagster._core.launcher import WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from unit_economics import celery_launcher
from unit_economics.celery_launcher import WatchedCeleryRunLauncher
from unit_economics_tests.machines.running import NOISE
from unit_economics_tests.processes import ENDING_WITH_US, await_

PROJECT = Path(__file__).parents[1]
DEPLOY = PROJECT / "deploy" / "celery"
pytestmark = NOISE
RUN = DagsterRun(job_name="daily_unit_economics", tags={DAGSTER_CELERY_TASK_ID_TAG: "the-task"})


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Redis on a socket file."""
    if not shutil.which("redis-server"):
        pytest.skip("Debian's redis-server is not installed")
    socket = tmp_path_factory.mktemp("redis") / "socket"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(socket.parent)]
    with subprocess.Popen([*ENDING_WITH_US, *command], stdout=subprocess.DEVNULL) as server:
        try:
            await_(socket.exists, "Redis")
            yield f"redis+socket://{socket}"
        finally:
            server.terminate()


@pytest.fixture
def launcher(redis: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchedCeleryRunLauncher]:
    monkeypatch.setattr(celery_launcher, "PATIENCE", 0.2)
    launcher = WatchedCeleryRunLauncher("dagster", broker=redis, backend=redis)
    yield launcher
    launcher.celery.close()
    launcher.celery.backend.client.close()


def test_a_run_whose_worker_does_not_answer_is_lost(launcher: WatchedCeleryRunLauncher) -> None:
    _say(launcher, {"pid": 1, "hostname": "a-worker@a-lost-machine"}, "STARTED")
    assert launcher.check_run_worker_health(RUN).status is WorkerStatus.FAILED
    assert CeleryRunLauncher.check_run_worker_health(launcher, RUN).status is WorkerStatus.RUNNING


@pytest.mark.parametrize(("said", "health"), [("SUCCESS", WorkerStatus.SUCCESS), ("FAILURE", WorkerStatus.FAILED)])
def test_a_run_that_has_ended_is_not_asked_about(
    launcher: WatchedCeleryRunLauncher, said: str, health: WorkerStatus
) -> None:
    _say(launcher, 0 if said == "SUCCESS" else OSError("out of memory"), said)
    assert launcher.check_run_worker_health(RUN).status is health


def test_a_run_that_ends_while_its_worker_is_asked_is_not_lost(
    launcher: WatchedCeleryRunLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    _say(launcher, {"pid": 1, "hostname": "a-worker@a-machine"}, "STARTED")

    def ends(run: DagsterRun) -> bool:
        _say(launcher, 0, "SUCCESS")
        return False

    monkeypatch.setattr(launcher, "_is_at_work", ends)
    assert launcher.check_run_worker_health(RUN).status is WorkerStatus.SUCCESS


def test_a_run_is_at_work_while_its_worker_has_it_and_lost_once_another_worker_has_its_name(
    launcher: WatchedCeleryRunLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery_launcher, "PATIENCE", 5)
    with _working(launcher, runs=1) as (worker, (task,)):
        run = DagsterRun(job_name="daily_unit_economics", tags={DAGSTER_CELERY_TASK_ID_TAG: task.id})
        assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
        _say(launcher, {"pid": 1, "hostname": worker}, "STARTED")
        assert launcher.check_run_worker_health(RUN).status is WorkerStatus.FAILED


@pytest.mark.parametrize(("ahead", "left"), [(False, 2), (True, 1)])
def test_a_worker_at_work_leaves_the_next_run_to_others(
    launcher: WatchedCeleryRunLauncher, ahead: bool, left: int
) -> None:
    """With Celery's own setting it would take it, and keep it until its first one is done."""
    launcher.celery.conf.update({**_worker_settings(), **({"worker_disable_prefetch": False} if ahead else {})})
    with _working(launcher, runs=3) as (worker, _):
        await_(lambda: _waiting(launcher) == left, "what the worker leaves")
        assert launcher.celery.control.inspect([worker], timeout=10, limit=1).ping()
        assert _waiting(launcher) == left


def test_dagster_yaml_is_the_shipped_one_but_for_what_it_marks() -> None:
    """A setting that is changed in one of them only would go unnoticed."""
    shipped = yaml.safe_load((PROJECT / "unit_economics" / "dagster.yaml").read_text())
    ours = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    launcher = ours.pop("run_launcher")
    assert (launcher["module"], launcher["class"]) == (celery_launcher.__name__, WatchedCeleryRunLauncher.__name__)
    assert ours["run_monitoring"].pop("start_timeout_seconds") > shipped["run_monitoring"].pop("start_timeout_seconds")
    assert ours == shipped


def test_celery_knows_every_setting_of_a_worker() -> None:
    assert _worker_settings().keys() <= SETTING_KEYS


def _worker_settings() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "worker.yaml").read_text())["execution"]["config"]["config_source"])


def _waiting(launcher: WatchedCeleryRunLauncher) -> int:
    """How many runs Redis has for whoever asks first."""
    with launcher.celery.connection_for_read() as connection:
        return int(connection.default_channel._size("dagster"))


@setup_logging.connect
def _leave_logging_alone(**_settings: object) -> None:
    """A worker in this process would otherwise set the level of every other test's logs."""


@contextmanager
def _working(launcher: WatchedCeleryRunLauncher, *, runs: int) -> Generator[tuple[str, list[AsyncResult]]]:
    """A worker's name and what it was given, while it is at work on the first."""
    going, may_end = threading.Event(), threading.Event()

    @launcher.celery.task(name="a_run", track_started=True, shared=False)
    def a_run() -> None:
        going.set()
        may_end.wait(30)

    with start_worker(launcher.celery, pool="threads", concurrency=1, perform_ping_check=False) as worker:
        given = [a_run.apply_async(queue="dagster") for _ in range(runs)]
        assert going.wait(20)
        try:
            yield worker.hostname, given
        finally:
            may_end.set()
            for task in given:
                task.get(timeout=20)


def _say(launcher: WatchedCeleryRunLauncher, result: object, state: str) -> None:
    launcher.celery.backend.delete(launcher.celery.backend.get_key_for_task("the-task"))
    launcher.celery.backend.store_result("the-task", result, state)
