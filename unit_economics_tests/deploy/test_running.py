"""The services of deploy/compose.yaml at work: healthy, without rights, and each able to do what it is there for."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from unit_economics.automation import JOB, range_tags
from unit_economics.business_days import DayRange
from unit_economics_tests.deploy.compose import DEPLOY, services
from unit_economics_tests.deploy.running import Running, entrypoint, running
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.processes import await_

DAY = datetime.now(UTC).date() - timedelta(days=3)
CATALOGUE = f"""
business_day: {{timezone: UTC, closes_after: PT0S, first_day: {DAY}}}
cost_sources:
  bill: {{kind: focus, path: ./data/focus}}
metrics:
  cost_per_order:
    unit: Order
    units:
      {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}}
"""
ORDERS = f"create table public.total_orders as select date '{DAY}' as date, 4 as total_orders"
LAUNCH = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
DUMP = """
export PGHOST=127.0.0.1 PGUSER=postgres PGPASSWORD="$(cat /run/secrets/postgres_password)"
pg_dump --format=custom unit_economics > /tmp/mart.dump
createdb restored
pg_restore --clean --if-exists --exit-on-error --dbname=restored /tmp/mart.dump
psql --tuples-only --dbname=restored --command "
    select round(unit_cost, 1) from unit_economics.cost_per_order where unit_cost is not null"
"""
CHECKED = [service for service in services().values() if service.healthcheck]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a stranger has it who followed docs/deploy.md: one day of a bill, and the secrets filled in."""
    if os.geteuid() != 0 or not shutil.which("bwrap"):
        pytest.skip("the services are put into sandboxes by root with bubblewrap (Debian's bubblewrap)")
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(DEPLOY, folder / "deploy", ignore=shutil.ignore_patterns("secrets"))
    (folder / "unit_economics.yaml").write_text(CATALOGUE)
    write_bill(folder / "data" / "focus", _charge())
    subprocess.run([folder / "deploy" / "secrets.sh"], check=True, capture_output=True)
    secrets = folder / "deploy" / "secrets"
    (secrets / "ORDERS_DATABASE_URL").unlink()
    shutil.copy(secrets / "UNIT_ECONOMICS_DATABASE_URL", secrets / "ORDERS_DATABASE_URL")
    return folder


@pytest.fixture(scope="module")
def platform(project: Path) -> Iterator[Running]:
    """All services, each healthy before a test sees it, and none of them before it was started."""
    with running(project) as found:
        absent = [service for service in CHECKED if service.name != "daemon"]  # its check asks PostgreSQL for 14 s
        assert not [service.name for service in absent if found.is_healthy(service)], "nothing runs yet"
        postgres, code = services()["postgres"], services()["code"]
        found.start(postgres)
        found.await_health(postgres)
        sql = [*entrypoint(code), "sh", "-c", 'exec python -c "$0" "$UNIT_ECONOMICS_DATABASE_URL" "$1"', _FILL, ORDERS]
        filled = found.sandbox.run(code, *sql)
        assert filled.returncode == 0, filled.stderr
        found.start_all()
        yield found


_FILL = "import sys, psycopg; psycopg.connect(sys.argv[1], autocommit=True).execute(sys.argv[2])"


def _charge() -> dict[str, str]:
    return charge(ChargePeriodStart=f"{DAY}T10:00:00Z", ChargePeriodEnd=f"{DAY}T11:00:00Z", EffectiveCost="2")


def launched(platform: Running, service: str, port: int) -> dict[str, Any]:
    """What this webserver says to the launch of the day."""
    where = {"repositoryLocationName": "unit_economics", "repositoryName": "__repository__", "jobName": JOB}
    tags = [{"key": key, "value": value} for key, value in range_tags(DayRange(DAY, DAY)).items()]
    parameters = {"selector": where, "runConfigData": {}, "executionMetadata": {"tags": tags}}
    body = {"query": LAUNCH, "variables": {"parameters": parameters}}
    found: dict[str, Any] = platform.ask(service, f"http://{service}:{port}/graphql", body)["data"]["launchRun"]
    return found


def await_day(platform: Running) -> None:
    url = "http://127.0.0.1:3001/days.csv"
    await_(lambda: ",Order,0.5," in platform.ask("dashboard", url), "the day's cost", 90)


def test_the_missing_day_is_computed_by_itself_and_the_dashboard_may_read_it(platform: Running) -> None:
    """Daemon, code server and a run of its own, all without rights and on a read-only root."""
    await_day(platform)


def test_a_dump_of_the_mart_can_be_put_back(platform: Running) -> None:
    await_day(platform)
    said = platform.sandbox.run(services()["postgres"], "sh", "-ec", DUMP)
    assert said.stdout.split() == ["0.5"], said.stderr


def test_the_viewer_refuses_to_launch_what_the_operator_launches(platform: Running) -> None:
    assert launched(platform, "viewer", 3002)["__typename"] == "UnauthorizedError"
    assert launched(platform, "operator", 3000)["__typename"] == "LaunchRunSuccess"


def test_what_the_page_says_of_doctor_works_in_a_container_of_its_own(platform: Running) -> None:
    code = services()["code"]
    said = platform.sandbox.run(code, *entrypoint(code), "unit-economics", "doctor")
    assert said.returncode == 0, said.stdout + said.stderr


def test_nothing_missed_a_right_and_nothing_printed_a_secret(platform: Running, project: Path) -> None:
    secrets = [file.read_text().strip() for file in (project / "deploy" / "secrets").iterdir()]
    for name in platform.processes:
        said = platform.said(name)
        assert "Read-only file system" not in said, name
        assert "Permission denied" not in said, name
        assert not [secret for secret in secrets if secret and secret in said], name


def test_a_container_may_write_where_its_service_says_and_nowhere_else(platform: Running) -> None:
    code = services()["code"]
    places = ["/tmp", "/var/tmp", "/opt/dagster/storage", "/", "/opt/dagster", "/srv/unit_economics", "/run/secrets"]
    tried = "for folder in $0 $@; do (: > $folder/x) 2>/dev/null && echo $folder; done; id -u"
    said = platform.sandbox.run(code, "sh", "-c", tried, *places).stdout
    assert said.split() == ["/tmp", "/var/tmp", "/opt/dagster/storage", "10001"]


def test_a_healthcheck_notices_that_its_service_has_ended(platform: Running) -> None:
    dashboard = services()["dashboard"]
    assert platform.is_healthy(dashboard)
    platform.processes["dashboard"].kill()
    platform.processes["dashboard"].wait()
    assert not platform.is_healthy(dashboard)
    platform.start(dashboard)
    platform.await_health(dashboard)
