"""Child processes that end well, badly, too late and together."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from unit_economics.local.stopping import Stopped, stoppable, uninterrupted
from unit_economics.local.supervisor import Supervisor, supervising
from unit_economics.refusals import Refusal
from unit_economics_tests.processes import alive, await_

_WAIT = "import signal; print('ready', flush=True); signal.pause()"
_STUBBORN = (
    "import signal; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; print('ready', flush=True); signal.pause()"
)
_PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_WAIT!r}])"
_FAILING = "import sys; print('no catalogue here'); sys.exit(7)"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with supervising(tmp_path / "logs", dict(os.environ)) as supervisor:
        yield supervisor


def test_children_and_grandchildren_are_gone_afterwards(tmp_path: Path) -> None:
    with supervising(tmp_path, dict(os.environ)) as supervisor:
        child = supervisor.start("parent", [sys.executable, "-c", _PARENT])
        await_(lambda: "ready" in child.log.read_text(), "the grandchild")
        family = [psutil.Process(child.process.pid), *psutil.Process(child.process.pid).children(recursive=True)]
        assert len(family) == 2
    assert not alive(family)


def test_a_child_that_will_not_stop_is_killed_after_the_grace(supervisor: Supervisor) -> None:
    child = supervisor.start("stubborn", [sys.executable, "-c", _STUBBORN])
    supervisor.wait("the child", lambda: "ready" in child.log.read_text())
    supervisor.stop(grace=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_dies_is_named_with_its_log_and_last_lines(supervisor: Supervisor) -> None:
    supervisor.start("waiter", [sys.executable, "-c", _WAIT])
    supervisor.start("web server", [sys.executable, "-c", _FAILING])
    with pytest.raises(Refusal) as refused:
        supervisor.watch(on_stop=lambda: None)
    assert all(
        text in str(refused.value) for text in ("the web server", "exit code 7", "web-server.log", "no catalogue")
    )


def test_a_program_that_ends_well_is_no_longer_watched(supervisor: Supervisor) -> None:
    supervisor.finish(supervisor.start("migration", [sys.executable, "-c", "print('done')"]))
    supervisor.refuse_dead()


def test_waiting_ends_when_a_child_dies_or_the_time_is_over(supervisor: Supervisor) -> None:
    with pytest.raises(Refusal, match="the UI was not ready after"):
        supervisor.wait("the UI", lambda: False, seconds=0.2)
    supervisor.start("failing", [sys.executable, "-c", _FAILING])
    with pytest.raises(Refusal, match="the failing ended by itself"):
        supervisor.wait("the UI", lambda: False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_stop_ends_the_watch(supervisor: Supervisor, number: int) -> None:
    said: list[str] = []
    supervisor.start("waiter", [sys.executable, "-c", _WAIT])
    with pytest.raises(Stopped), stoppable():
        os.kill(os.getpid(), number)
        supervisor.watch(on_stop=lambda: said.append("stopping"))
    assert said in ([], ["stopping"])


def test_children_do_not_inherit_ignored_signals(supervisor: Supervisor) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable():
            child = supervisor.start("waiter", [sys.executable, "-c", _WAIT])
            supervisor.wait("the child", lambda: "ready" in child.log.read_text())
            child.signal(signal.SIGINT)
            assert child.process.wait(20) != 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_is_put_off_and_not_lost() -> None:
    steps: list[str] = []
    with pytest.raises(Stopped), stoppable():
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("finished")
        steps.append("never")
    assert steps == ["finished"]
