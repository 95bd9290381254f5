"""docs/deploy.md names what there is."""

import re

import pytest
import yaml

from unit_economics.cli import main
from unit_economics_tests.deploy.compose import DEPLOY, PROJECT, services

PAGE = (PROJECT / "docs" / "deploy.md").read_text()
HELM = (DEPLOY / "helm" / "values.yaml").read_text() + (DEPLOY / "helm" / "dashboard.yaml").read_text()


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"deploy/(?!secrets\b)[\w./-]*\w", PAGE))
    assert len(named) >= 6
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_the_table_lists_every_service_with_its_address() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]+\| ([^|]+) \|[^|]+\|$", PAGE, re.MULTILINE))
    ports = {name: service.entry.get("ports", ["none"])[0] for name, service in services().items()}
    assert rows == {name: port.rpartition(":")[0] or "none" for name, port in ports.items()}


def test_a_command_in_a_container_is_for_a_service_and_a_command_that_there_are() -> None:
    named = re.findall(r"compose\.yaml (?:run --rm|exec) (\w+)", PAGE)
    assert named
    assert set(named) <= set(services())
    assert set(re.findall(r"unit-economics (doctor|run|status)\b", PAGE)) <= set(main.list_commands(None))  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", re.findall(r"^\| `((?:dagster|unit)-[\w-]+)` \|", PAGE, re.MULTILINE))
def test_a_secret_that_is_to_be_made_is_one_that_is_used(secret: str) -> None:
    assert re.search(rf"(name|SecretName): {secret}\b", HELM)


def test_the_limits_that_are_said_are_those_of_the_files() -> None:
    values = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text())
    assert values["runLauncher"]["config"]["k8sRunLauncher"]["resources"]["limits"] == {"memory": "3Gi"}
    assert values["additionalInstanceConfig"]["run_coordinator"]["config"]["max_concurrent_runs"] == 10
    assert services()["code"].entry["mem_limit"] == "3g"
    shipped = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    assert shipped["run_coordinator"]["config"]["max_concurrent_runs"] == 2
