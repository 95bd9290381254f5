"""Dagster on this machine: its home, its programs, and when they are ready.

Here: which processes there are and how they are called. Not here: keeping them alive together (supervisor.py), what
they run (definitions.py).

    code server   our definitions, over a socket file; "Reload" in the UI reads the catalogue again
    webserver     the UI
    daemon        schedules, sensors, the run queue
"""

import json
import re
import socket
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, cast

import httpx

from unit_economics.local.ports import browsable
from unit_economics.local.supervisor import Supervisor
from unit_economics.refusals import Refusal

_MODULE = "unit_economics.definitions"
_READY = """{
  workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    __typename ... on PythonError { message } } } } }
  instance { daemonHealth { allDaemonStatuses { required healthy } } }
}"""


@dataclass(frozen=True)
class LocalDagster:
    """One webserver, daemon and code server; `code` is the socket file by which they find the last."""

    home: Path
    code: Path
    host: str
    port: int

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the UI."""
        return f"http://{browsable(self.host)}:{self.port}"

    def start(self, supervisor: Supervisor, project: Path) -> None:
        """Start everything and wait until it is ready; `project` may hold a dagster.yaml of its own."""
        self.settle(project)
        self.start_code_server(supervisor)
        self.migrate(supervisor)
        self.start_services(supervisor)
        self.wait(supervisor)

    def settle(self, project: Path) -> None:
        """Write Dagster's home: the project's own dagster.yaml where it has one, else the one of this release."""
        self.home.mkdir(parents=True, exist_ok=True)
        own = project / "dagster.yaml"
        shipped = resources.files("unit_economics") / "dagster.yaml"
        text = own.read_text("utf-8") if own.is_file() else shipped.read_text("utf-8")
        (self.home / "dagster.yaml").write_text(text, "utf-8")
        server = {"grpc_server": {"socket": str(self.code), "location_name": "unit_economics"}}
        self._workspace.write_text(json.dumps({"load_from": [server]}), "utf-8")  # JSON is YAML

    def start_code_server(self, supervisor: Supervisor) -> None:
        """Start loading the definitions; needs no database yet."""
        command = ["-m", "dagster", "code-server", "start", "-m", _MODULE, "-s", str(self.code)]
        name = ["--location-name", "unit_economics", "--use-python-environment-entry-point"]
        supervisor.start("code server", [sys.executable, *command, *name])

    def migrate(self, supervisor: Supervisor) -> None:
        """Bring Dagster's own tables to this release of Dagster."""
        supervisor.finish(supervisor.start("migration", [sys.executable, "-m", "dagster", "instance", "migrate"]))

    def start_services(self, supervisor: Supervisor) -> None:
        """Start the UI and the daemon, once the code server listens: the UI would remember that it did not."""
        supervisor.wait("the code server", self._code_server_listens)
        workspace = ["-w", str(self._workspace)]
        web = ["-m", "dagster_webserver", "-h", self.host, "-p", str(self.port), "--suppress-warnings"]
        supervisor.start("webserver", [sys.executable, *web, *workspace])
        supervisor.start("daemon", [sys.executable, "-m", "dagster._daemon", "run", *workspace])

    def wait(self, supervisor: Supervisor) -> None:
        """Wait until the UI answers with our definitions and the daemon is at work."""
        with httpx.Client(base_url=self.address, timeout=30, trust_env=False) as client:
            supervisor.wait("Dagster", lambda: self._is_ready(client, supervisor.logs))

    def _code_server_listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as caller:
            try:
                caller.connect(str(self.code))
            except OSError:
                return False
        return True

    def _is_ready(self, client: httpx.Client, logs: Path) -> bool:
        try:
            answer = client.post("/graphql", json={"query": _READY})
        except httpx.TransportError:
            return False
        found = cast("dict[str, Any]", answer.json()).get("data") if answer.is_success else None
        return bool(found) and _loaded(found, logs) and _at_work(found)

    @property
    def _workspace(self) -> Path:
        return self.home / "workspace.yaml"


@contextmanager
def local_dagster(home: Path, host: str, port: int) -> Generator[LocalDagster]:
    """A local Dagster with its socket file in a folder of its own: a socket's path must stay under 100 characters."""
    with tempfile.TemporaryDirectory(prefix="unit-economics-") as folder:
        yield LocalDagster(home.resolve(), Path(folder) / "code", host, port)


def variables(base: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of Dagster's programs."""
    return {
        **base,
        "DAGSTER_HOME": str(home.resolve()),
        # SQLAlchemy 2.1 takes plain postgresql:// for a driver that Dagster doesn't speak.
        "DAGSTER_PG_URL": re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", base["DAGSTER_PG_URL"]),
        # A year's events in a few inserts instead of thousands.
        "DAGSTER_EVENT_BATCH_SIZE": base.get("DAGSTER_EVENT_BATCH_SIZE", "1000"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
    }


def _loaded(found: dict[str, Any], logs: Path) -> bool:
    entries = found["workspaceOrError"].get("locationEntries", [])
    loads = [entry["locationOrLoadError"] for entry in entries]
    broken = [load["message"] for load in loads if load and load["__typename"] == "PythonError"]
    if broken:
        said = broken[0].strip().splitlines()[-1]
        remedy = "Correct what it complains about, then start again"
        raise Refusal(f"Dagster can't load the definitions: {said}", where=str(logs / "code-server.log"), remedy=remedy)
    return bool(loads) and all(loads)


def _at_work(found: dict[str, Any]) -> bool:
    daemons = found["instance"]["daemonHealth"]["allDaemonStatuses"]
    return all(daemon["healthy"] for daemon in daemons if daemon["required"])
