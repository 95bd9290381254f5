"""Every service of deploy/compose.yaml at work, in the order in which Compose would start them.

Here: starting, health, ending. Not here: what a service may and sees (sandbox.py).
"""

import json
import shlex
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unit_economics_tests.deploy.compose import Service, image, services
from unit_economics_tests.deploy.sandbox import POSTGRES_ENTRYPOINT, Sandbox, one_network
from unit_economics_tests.processes import await_

_ASK = """
import sys, urllib.request as web
sent = web.Request(sys.argv[1], sys.argv[2].encode() or None, {"content-type": "application/json"})
print(web.urlopen(sent, timeout=30).read().decode())
"""


@dataclass
class Running:
    """The services, and what each has printed."""

    sandbox: Sandbox
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_all(self) -> None:
        """Start what does not run yet, and wait until every service is healthy."""
        late = [service for service in services().values() if service.name not in self.processes]
        for service in late:
            self.start(service)
        for service in late:
            if service.healthcheck:
                self.await_health(service)

    def start(self, service: Service) -> None:
        """Start a service once what it waits for is there."""
        for name, condition in service.needs.items():
            self._await(services()[name], condition)
        command = [*entrypoint(service), *service.entry.get("command", [])]
        self.processes[service.name] = self.sandbox.start(service, command, self._output(service.name))

    def await_health(self, service: Service) -> None:
        """Wait until its healthcheck is green; a process that has ended will never be."""
        await_(lambda: self.has_ended(service) or self.is_healthy(service), f"a healthy {service.name}", 180)
        assert not self.has_ended(service), self.said(service.name)

    def is_healthy(self, service: Service) -> bool:
        """What its healthcheck says now."""
        assert service.healthcheck
        return self.sandbox.run(service, *service.healthcheck).returncode == 0

    def has_ended(self, service: Service) -> bool:
        """Whether its process is over."""
        return self.processes[service.name].poll() is not None

    def said(self, name: str) -> str:
        """What it has printed so far."""
        return self._output(name).read_text(errors="replace")

    def ask(self, name: str, url: str, body: object = None) -> Any:
        """What a service is answered over HTTP, as JSON where it was asked in JSON."""
        sent = json.dumps(body) if body else ""
        answer = self.sandbox.run(services()[name], "python", "-c", _ASK, url, sent)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout) if body else answer.stdout

    def _await(self, service: Service, condition: str) -> None:
        if condition == "service_healthy":
            self.await_health(service)
        else:
            assert self.processes[service.name].wait(180) == 0, self.said(service.name)

    def _output(self, name: str) -> Path:
        return self.sandbox.project / f"{name}.txt"


@contextmanager
def running(project: Path) -> Generator[Running]:
    """None of them yet, on the files of this project; nothing of them is left at the end."""
    with one_network() as net:
        found = Running(Sandbox(project, net))
        try:
            yield found
        finally:
            for process in found.processes.values():
                process.kill()
                process.wait()


def entrypoint(service: Service) -> list[str]:
    """What the image starts its command with."""
    if not service.is_ours:
        return ["sh", "-ec", POSTGRES_ENTRYPOINT]
    (said,) = image().of("ENTRYPOINT")
    return [part.strip(",") for part in shlex.split(said.strip("[]"))]
