"""Machines of a test: network namespaces on a bridge of their own, which no address of this machine leads to.

Here: making them, starting processes in them, losing one with all its processes at once. Not here: what runs there.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NETWORK = "198.18.0"  # RFC 2544: for measurements between machines, never routed


@dataclass
class Machine:
    """One namespace; it shares this machine's files, as machines share a mount."""

    name: str
    address: str
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(
        self,
        command: Sequence[str],
        *,
        output: Path,
        variables: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command there; what it prints goes to a file."""
        with output.open("wb") as file:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.name, *command], env=variables, cwd=cwd, stdout=file, stderr=file
            )
        self.started.append(process)
        return process

    @property
    def processes(self) -> list[int]:
        """The ids of all that runs there now."""
        return [int(pid) for pid in _ip("netns", "pids", self.name).split()]

    def freeze(self) -> None:
        """Stop every process where it is."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def lose(self) -> None:
        """Kill every process, those included that are being started meanwhile."""
        while self.processes:
            self._signal(signal.SIGKILL)
        for process in self.started:
            process.wait()

    def _signal(self, number: int) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.kill(process, number)


@contextmanager
def machines(number: int) -> Generator[list[Machine]]:
    """The first holds the bridge, the others a cable to it; the test is skipped where we may not make them."""
    found = [Machine(f"ue{os.getpid()}-{n}", f"{NETWORK}.{n + 1}") for n in range(number)]
    _refuse_without_rights(found[0].name)
    try:
        _wire(found)
        yield found
    finally:
        for machine in found:
            subprocess.run(["ip", "netns", "add", machine.name], capture_output=True, check=False)
            machine.lose()
            _ip("netns", "del", machine.name)


def _refuse_without_rights(name: str) -> None:
    if not shutil.which("ip") or os.geteuid() != 0:
        pytest.skip("network namespaces need root and Debian's iproute2")
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no network namespace may be made here: {tried.stderr.strip()}")


def _wire(found: Sequence[Machine]) -> None:
    first, *others = found
    _ip("-n", first.name, "link", "add", "bridge", "type", "bridge")
    _up(first, "bridge")
    for n, machine in enumerate(others):
        _ip("netns", "add", machine.name)
        cable = ["eth0", "type", "veth", "peer", "name", f"port{n}", "netns", first.name]
        _ip("-n", machine.name, "link", "add", *cable)
        _ip("-n", first.name, "link", "set", f"port{n}", "master", "bridge", "up")
        _up(machine, "eth0")


def _up(machine: Machine, link: str) -> None:
    _ip("-n", machine.name, "addr", "add", f"{machine.address}/24", "dev", link)
    _ip("-n", machine.name, "link", "set", link, "up")
    _ip("-n", machine.name, "link", "set", "lo", "up")


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True).stdout
