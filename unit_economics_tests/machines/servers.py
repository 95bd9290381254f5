"""What runs on the machines: PostgreSQL, Redis and Dagster's daemon on the first, a Celery worker on each other.

Here: starting each as deploy/celery/ says. Not here: the machines (network.py), or what the site is asked (running.py).
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from unit_economics.local import embedded
from unit_economics.local.dagster_processes import variables
from unit_economics_tests.machines.network import NETWORK, Machine
from unit_economics_tests.processes import await_

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy" / "celery"
BINARIES = Path(sys.prefix) / "bin"


def made_postgres(data: Path) -> str:
    """Make a server's files and databases; the program that it is then started with, where the workers can reach it."""
    with embedded.running(data):
        return psutil.Process(int((data / "postmaster.pid").read_text().split()[0])).exe()


@dataclass(frozen=True)
class Servers:
    """The programs of a site, their files and output in one folder."""

    folder: Path
    first: Machine

    @property
    def home(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "home"

    def url(self, database: str, *, scheme: str = "postgresql") -> str:
        """A database by its socket file: how the test itself reaches it."""
        return f"{scheme}://postgres@/{database}?host={self.folder}/postgres&port=5432"

    def start_postgres(self, program: str) -> None:
        """Start PostgreSQL on the bridge's address, as the user who owns its files."""
        data = self.folder / "postgres"
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NETWORK}.0/24 trust\n")
        server = [program, "-D", str(data), "-h", self.first.address, "-p", "5432", "-k", str(data)]
        output = self.folder / "postgres.txt"
        self.first.start(["runuser", "-u", data.owner(), "--", *server], output=output, cwd=Path("/"))
        await_(lambda: "ready to accept connections" in output.read_text(), "PostgreSQL")

    def start_redis(self) -> None:
        """Start Debian's Redis on the bridge's address."""
        socket = self.folder / "redis.sock"
        listens = ["--bind", self.first.address, "--unixsocket", str(socket), "--protected-mode", "no"]
        command = ["redis-server", *listens, "--save", "", "--dir", str(self.folder)]
        self.first.start(command, output=self.folder / "redis.txt")
        await_(socket.exists, "Redis")

    def make_home(self) -> None:
        """DAGSTER_HOME as it is shipped, but the daemon looks for lost workers every second."""
        settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
        settings["run_monitoring"]["poll_interval_seconds"] = 1
        self.home.mkdir()
        (self.home / "dagster.yaml").write_text(yaml.safe_dump(settings))

    def start_daemon(self) -> None:
        """Start Dagster's daemon, which loads the definitions by itself."""
        command = [sys.executable, "-m", "dagster._daemon", "run", "-m", "unit_economics.definitions"]
        self.first.start(command, output=self.folder / "daemon.txt", variables=self.there, cwd=self.folder)

    def start_worker(self, machine: Machine) -> None:
        """Start a worker as the head of worker.yaml says."""
        start = [str(BINARIES / "dagster-celery"), "worker", "start", "-A", "dagster_celery.app"]
        command = [*start, "-y", str(DEPLOY / "worker.yaml"), "--name", machine.name]
        machine.start(command, output=self.output(machine), variables=self.there, cwd=self.folder)

    def listens(self, worker: Machine) -> bool:
        """Whether a worker is ready for runs."""
        return " ready." in self.output(worker).read_text()

    def output(self, machine: Machine) -> Path:
        """What a worker prints."""
        return self.folder / f"{machine.name}.txt"

    @property
    def here(self) -> dict[str, str]:
        """The environment of the test, which is on none of the machines."""
        redis = f"redis+socket://{self.folder}/redis.sock"
        dagster = self.url(embedded.DAGSTERS, scheme="postgresql+psycopg2")
        return {"DAGSTER_PG_URL": dagster, "CELERY_BROKER_URL": redis, "CELERY_RESULT_BACKEND": redis}

    @property
    def there(self) -> dict[str, str]:
        """The environment of daemon and workers: what machines of their own would be given."""
        server, redis = f"postgresql://postgres@{self.first.address}", f"redis://{self.first.address}:6379/0"
        given = {
            "PATH": f"{BINARIES}:/usr/bin:/bin:/usr/sbin:/sbin",
            "PYTHONPATH": str(PROJECT),
            "DAGSTER_PG_URL": f"{server}/{embedded.DAGSTERS}",
            "UNIT_ECONOMICS_DATABASE_URL": f"{server}/{embedded.OURS}",
            "ORDERS_DATABASE_URL": f"{server}/{embedded.OURS}",
            "UNIT_ECONOMICS_CATALOGUE": str(self.folder / "unit_economics.yaml"),
            "CELERY_BROKER_URL": redis,
            "CELERY_RESULT_BACKEND": redis,
        }
        return variables(given, self.home)
