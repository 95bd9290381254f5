"""The Dagster instance that a run of the command line reports to: the platform's own, or one for this process only.

Here: choosing and opening it. Not here: what is run on it (runs.py).
"""

import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
from dagster._core.instance.ref import InstanceRef
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import SQLAlchemyError

from unit_economics.refusals import Unreachable, UsageRefusal

HOME, STORAGE = "DAGSTER_HOME", "DAGSTER_PG_URL"
DRIVER = "postgresql+psycopg2://"
"""dagster-postgres speaks psycopg2 only, and SQLAlchemy takes a plain postgresql:// for psycopg 3."""
_NO_CAPTURE = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
"""Dagster would otherwise take this process's stdout and stderr, and the progress with them, into files."""


@contextmanager
def instance_of(variables: Mapping[str, str]) -> Generator[dg.DagsterInstance]:
    """The instance of DAGSTER_HOME or of DAGSTER_PG_URL, so that its UI shows the run; else an ephemeral one."""
    with ExitStack() as stack:
        home, storage = variables.get(HOME, ""), variables.get(STORAGE, "")
        if not home and not storage:
            yield stack.enter_context(dg.DagsterInstance.ephemeral())
            return
        folder = _folder(home) if home else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield stack.enter_context(_opened(folder, storage))


def _folder(home: str) -> Path:
    folder = Path(home).expanduser()
    if not folder.is_dir():
        remedy = "Create it with dagster.yaml in it, or remove the variable"
        raise UsageRefusal(f"{folder} is no folder", where=HOME, remedy=remedy)
    return folder.resolve()


def _opened(folder: Path, storage: str) -> dg.DagsterInstance:
    _refuse_silent(storage)
    overrides: dict[str, Any] = {"compute_logs": _NO_CAPTURE, "telemetry": {"enabled": False}}
    if storage:
        # Said here because dagster.yaml names a variable, which Dagster looks for in the process and not in .env.
        overrides["storage"] = {"postgres": {"postgres_url": storage}}
    try:
        instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), overrides=overrides))
        # Otherwise Dagster opens a connection for every statement, which is most of the waiting in a long range.
        instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3600, max_overflow=20)
        instance.get_runs_count()
    except (SQLAlchemyError, DagsterPostgresException):
        raise _unreachable(f"{folder}/dagster.yaml") from None
    except dg.DagsterError as error:
        what = str(error).strip().splitlines()[0]
        raise UsageRefusal(what, where=f"{folder}/dagster.yaml", remedy="Correct that file") from None
    return instance


def _refuse_silent(storage: str) -> None:
    """Ask once before Dagster does, which would try for seconds and log every try with a traceback."""
    if storage and not storage.startswith(DRIVER):
        raise UsageRefusal("it names no driver that Dagster has", where=STORAGE, remedy=f"Begin it with {DRIVER}")
    try:
        if storage:
            psycopg.connect(storage.replace(DRIVER, "postgresql://"), connect_timeout=10).close()
    except psycopg.Error:
        raise _unreachable(STORAGE) from None


def _unreachable(where: str) -> Unreachable:
    remedy = "Start PostgreSQL or correct the URL, then run `unit-economics doctor`"
    return Unreachable("Dagster's storage does not answer", where=where, remedy=remedy)
