"""deploy/Dockerfile: its linter, what reaches a build, and the steps that can be taken without Docker."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from unit_economics_tests.deploy.compose import DEPLOY, PROJECT, image, services

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
LET_THROUGH = re.findall(r"^!(.+)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)


def linted(text: str) -> str:
    """What hadolint says against a Dockerfile."""
    hadolint = Path(sys.executable).with_name("hadolint")
    return subprocess.run([hadolint, "--no-color", "-"], input=text, capture_output=True, text=True).stdout


def test_the_linter_has_nothing_against_it() -> None:
    assert linted(DOCKERFILE) == ""


def test_the_linter_would_say_so() -> None:
    assert "DL3006" in linted(DOCKERFILE.replace("FROM python:3.11-slim-bookworm\n", "FROM python\n"))


def test_only_what_is_copied_reaches_a_build() -> None:
    copied = [line for line in DOCKERFILE.splitlines() if line.startswith("COPY") and "--from" not in line]
    sources = {word for line in copied for word in line.split()[1:-1] if not word.startswith("--")}
    assert sources == set(LET_THROUGH)
    assert all((PROJECT / source).exists() for source in sources)


def test_its_python_is_one_that_the_project_runs_on() -> None:
    versions = set(re.findall(r"^FROM python:([\d.]+)-", DOCKERFILE, re.MULTILINE))
    assert len(versions) == 1
    assert all(version in SpecifierSet(SETTINGS["requires-python"]) for version in versions)


def test_it_runs_as_somebody_without_rights() -> None:
    assert image().of("USER") == ["10001:10001"]


def test_every_place_names_the_image_of_this_release() -> None:
    version = SETTINGS["version"]
    assert {service.entry["image"] for service in services().values() if service.is_ours} == {
        f"unit-economics:{version}"
    }
    assert f"/unit-economics:{version}\n" in (DEPLOY / "helm" / "dashboard.yaml").read_text()
    page = (PROJECT / "docs" / "deploy.md").read_text()
    assert re.findall(r"/unit-economics:([\d.]+)", page) == [version] * 2
    assert yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text())["dagsterDaemon"]["image"]["tag"] == version


@pytest.mark.soak
def test_its_steps_make_an_environment_that_runs_from_what_reaches_a_build(tmp_path: Path) -> None:
    """The `uv sync` lines as they are, in a folder that holds no more than .dockerignore lets through."""
    source, venv = tmp_path / "src", tmp_path / "venv"
    for name in LET_THROUGH:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        copy(PROJECT / name, source / name)
    known = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(venv), "UV_PYTHON": sys.executable, "UV_LINK_MODE": "copy"}
    steps = re.findall(r"^RUN (uv sync .*)$", DOCKERFILE, re.MULTILINE)
    assert len(steps) == 2
    uv = str(Path(sys.executable).with_name("uv"))
    for step in steps:
        subprocess.run([uv, *shlex.split(step)[1:]], cwd=source, env=known, check=True, capture_output=True)
    shutil.rmtree(source)
    for command in (["unit-economics", "--help"], ["python", "-c", "import dagster_k8s, unit_economics.definitions"]):
        subprocess.run([venv / "bin" / command[0], *command[1:]], check=True, capture_output=True, cwd=tmp_path)
    assert not (venv / "bin" / "pytest").exists()
