"""A real Spark cluster for the tests: a master and two workers, each a process of its own, on loopback and free ports.

Here: starting and stopping it, and the catalogue's entry for it. Not here: what is asked of it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unit_economics_tests.processes import ENDING_WITH_US, await_

JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
"""Small and soon warm: the tests ask little, once."""


@dataclass(frozen=True)
class Cluster:
    """Where its master answers, and the page on which it tells what it runs."""

    master: str
    page: str

    @property
    def engine(self) -> dict[str, Any]:
        """The catalogue's entry."""
        options = {
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "512m",
            "spark.executor.memory": "512m",
            "spark.driver.extraJavaOptions": JVM,
            "spark.executor.extraJavaOptions": JVM,
            "spark.sql.shuffle.partitions": "2",
        }
        return {"kind": "spark", "master": self.master, "options": options}


def why_not() -> str | None:
    """Why there can be no cluster here; None where there can."""
    java = shutil.which("java") or shutil.which("java", path=f"{os.environ.get('JAVA_HOME', '')}/bin")
    return None if java else "Spark needs Java: apt-get install openjdk-17-jre-headless"


@contextmanager
def running(folder: Path) -> Generator[Cluster]:
    """A master with two workers of one core each; stopped at the end, with all that they started."""
    with ExitStack() as processes:
        log = processes.enter_context(_started(folder, "master", "master.Master", "--port", "0"))
        master = _said(log, r"Starting Spark master at (spark://\S+)")
        page = "http://127.0.0.1:" + _said(log, r"MasterUI' on port (\d+)")
        for name in ("one", "two"):
            size = ("--cores", "1", "--memory", "600m", "--work-dir", str(folder / name), master)
            _said(processes.enter_context(_started(folder, name, "worker.Worker", *size)), r"(Successfully registered)")
        yield Cluster(master, page)


@contextmanager
def _started(folder: Path, name: str, what: str, *arguments: str) -> Generator[Path]:
    import pyspark

    home = Path(pyspark.__file__).parent
    log = folder / f"{name}.log"
    settings = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "128m",
        "SPARK_DAEMON_JAVA_OPTS": JVM,
        "PYSPARK_PYTHON": sys.executable,
    }
    command = [home / "bin/spark-class", f"org.apache.spark.deploy.{what}", "--host", "127.0.0.1", "--webui-port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*ENDING_WITH_US, *command, *arguments],
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


def _said(log: Path, pattern: str) -> str:
    await_(lambda: re.search(pattern, log.read_text()) is not None, f"{pattern} in {log}", 120)
    found = re.search(pattern, log.read_text())
    assert found
    return found[1]
