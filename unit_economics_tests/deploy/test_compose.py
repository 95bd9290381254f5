"""deploy/compose.yaml by the rules that it keeps: the specification's schema, few rights, secrets that are files."""

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from unit_economics.cli.dashboard import command as dashboard
from unit_economics.warehouse.roles import FINANCE, VIEWER
from unit_economics_tests.deploy.compose import DEPLOY, Service, services

COMPOSE = DEPLOY / "compose.yaml"
ALL = list(services().values())
SOURCES = {"ORDERS_DATABASE_URL", "VANTAGE_API_TOKEN", "ORDERS_METRIC_ID"}


def refused(file: Path) -> str:
    """What the specification's schema says against a file; empty where it holds."""
    schema = ["--builtin-schema", "vendor.compose-spec", str(file)]
    answer = subprocess.run([sys.executable, "-m", "check_jsonschema", *schema], capture_output=True, text=True)
    return answer.stdout if answer.returncode else ""


def test_it_is_a_compose_file() -> None:
    assert refused(COMPOSE) == ""


def test_a_misspelled_key_would_be_refused(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yaml"
    broken.write_text(COMPOSE.read_text().replace("read_only:", "readonly:"))
    assert "readonly" in refused(broken)


def rights(service: Service) -> list[str]:
    """What a service may that none of ours needs."""
    entry: dict[str, Any] = service.entry
    faults = {
        "it may write its root": not entry.get("read_only"),
        "it keeps capabilities": entry.get("cap_drop") != ["ALL"] or "cap_add" in entry,
        "it may gain privileges": entry.get("security_opt") != ["no-new-privileges:true"],
        "it is root": entry.get("user", "0").split(":")[0] in {"0", "root"},
        "it is privileged": entry.get("privileged", False),
        "it is open to other machines": any(not port.startswith("127.0.0.1:") for port in entry.get("ports", [])),
        "it holds a password as a variable": any(
            "://" in str(value) for value in entry.get("environment", {}).values()
        ),
    }
    return [fault for fault, found in faults.items() if found]


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name)
def test_a_service_has_no_right_that_it_does_not_need(service: Service) -> None:
    assert rights(service) == []


@pytest.mark.parametrize(
    "change",
    [
        {"read_only": False},
        {"cap_drop": []},
        {"cap_add": ["NET_ADMIN"]},
        {"security_opt": []},
        {"user": "0:0"},
        {"privileged": True},
        {"ports": ["3000:3000"]},
        {"environment": {"DAGSTER_PG_URL": "postgresql://dagster:secret@postgres/dagster"}},
    ],
    ids=str,
)
def test_a_right_too_many_would_be_caught(change: dict[str, Any]) -> None:
    code = services()["code"]
    assert rights(Service("code", {**code.entry, **change}))


def test_only_the_code_server_holds_what_leads_to_orders_and_vantage() -> None:
    assert {service.name for service in ALL if SOURCES & set(service.entry.get("secrets", []))} == {"code"}
    assert services()["dashboard"].entry["secrets"] == ["UNIT_ECONOMICS_DASHBOARD_DATABASE_URL"]


def test_every_service_that_stays_has_a_healthcheck_and_waits_for_healthy_ones() -> None:
    assert [service.name for service in ALL if not service.healthcheck] == ["migrate"]
    for service in ALL:
        for name, condition in service.needs.items():
            done = "service_healthy" if services()[name].healthcheck else "service_completed_successfully"
            assert condition == done


def test_postgres_is_on_a_network_without_a_way_out() -> None:
    assert services()["postgres"].entry["networks"] == ["inside"]


def test_the_dashboard_is_started_with_options_that_it_has() -> None:
    given = {part.partition("=")[0] for part in services()["dashboard"].entry["command"][2:]}
    assert given <= {option for parameter in dashboard.params for option in parameter.opts}


def test_the_roles_that_the_databases_are_made_with_are_those_of_the_release() -> None:
    said = (DEPLOY / "databases.sh").read_text()
    assert all(f"create role {role} nologin;" in said for role in (VIEWER, FINANCE))


def made(folder: Path) -> dict[str, str]:
    """The secrets after the script was run once more."""
    script = folder / "secrets.sh"
    script.write_text((DEPLOY / "secrets.sh").read_text())
    subprocess.run(["sh", script], check=True, capture_output=True)
    return {file.name: file.read_text().strip() for file in (folder / "secrets").iterdir()}


def test_the_script_makes_every_secret_that_is_named(tmp_path: Path) -> None:
    assert set(made(tmp_path)) == {name for service in ALL for name in service.entry.get("secrets", [])}


def test_a_secret_that_is_there_is_kept(tmp_path: Path) -> None:
    first = made(tmp_path)
    (tmp_path / "secrets" / "VANTAGE_API_TOKEN").write_text("mine\n")
    assert made(tmp_path) == {**first, "VANTAGE_API_TOKEN": "mine"}


def test_no_two_secrets_share_a_password(tmp_path: Path) -> None:
    long = [value for value in made(tmp_path).values() if value]
    assert len(set(long)) == len(long) == 4


def test_the_secrets_are_closed_to_everybody_else_on_the_machine(tmp_path: Path) -> None:
    made(tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
