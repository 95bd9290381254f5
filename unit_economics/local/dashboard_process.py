"""The dashboard as a child of `up` and of the demo.

Here: how it is started, and when it is ready. Not here: what it serves (dashboard/), keeping it alive (supervisor.py).
"""

import sys
from dataclasses import dataclass

import httpx

from unit_economics.local.ports import browsable
from unit_economics.local.supervisor import Supervisor


@dataclass(frozen=True)
class LocalDashboard:
    """The dashboard on one port; `dagster` is where its links lead."""

    host: str
    port: int
    dagster: str

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        return f"http://{browsable(self.host)}:{self.port}"

    def start(self, supervisor: Supervisor) -> None:
        """Start it on the mart and the catalogue that the supervisor's variables name."""
        options = ["--host", self.host, "--port", str(self.port), "--dagster", self.dagster]
        supervisor.start("dashboard", [sys.executable, "-m", "unit_economics", "dashboard", *options])

    def wait(self, supervisor: Supervisor) -> None:
        """Wait until it answers."""
        with httpx.Client(base_url=self.address, timeout=5, trust_env=False) as client:
            supervisor.wait("the dashboard", lambda: _answers(client))


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.TransportError:
        return False
