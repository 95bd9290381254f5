"""How a secret that is a file reaches a program that reads variables: deploy/with-secrets.sh."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics_tests.deploy.compose import DEPLOY

ENTRYPOINT = str(DEPLOY / "with-secrets.sh")
SHOW = ["sh", "-c", 'printf "%s" "$TOKEN"']


def started(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command started with the secrets of a folder."""
    known = {"PATH": os.environ["PATH"], "SECRETS_FOLDER": str(folder), **variables}
    return subprocess.run(["sh", ENTRYPOINT, *(command or SHOW)], env=known, capture_output=True, text=True)


def test_a_file_becomes_the_variable_that_it_is_named_like(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_text("a b\n")
    assert started(tmp_path).stdout == "a b"


@settings(max_examples=25)
@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_a_value_arrives_as_it_is_whatever_a_shell_might_make_of_it(
    value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "TOKEN").write_text(value)
    assert started(folder).stdout == value


def test_a_variable_that_is_set_already_wins(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_text("of the file")
    assert started(tmp_path, TOKEN="of the process").stdout == "of the process"


@pytest.mark.parametrize("name", ["token", "postgres_password", "TOKEN.old", "1TOKEN", "TO-KEN"])
def test_a_file_that_is_not_named_like_a_variable_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("secret")
    assert "secret" not in started(tmp_path, "env").stdout


def test_a_folder_is_left_alone_as_kubernetes_puts_one_there(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").mkdir()
    assert started(tmp_path).returncode == 0


def test_no_folder_is_no_secret(tmp_path: Path) -> None:
    assert started(tmp_path / "nowhere", "echo", "fine").stdout == "fine\n"


def test_the_program_takes_the_place_of_the_script(tmp_path: Path) -> None:
    """A signal reaches it, and its exit code is the container's."""
    assert started(tmp_path, "sh", "-c", "exit 7").returncode == 7


def test_a_secret_that_may_not_be_read_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_text("secret")
    (tmp_path / "TOKEN").chmod(0)
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may read every file, and setpriv (util-linux) is not here")
    for folder in [tmp_path, *tmp_path.parents[:2]]:
        folder.chmod(0o755)
    script = tmp_path / "with-secrets.sh"
    shutil.copy(ENTRYPOINT, script)
    nobody = ["setpriv", "--reuid=10001", "--regid=10001", "--clear-groups"] if os.geteuid() == 0 else []
    known = {"PATH": os.environ["PATH"], "SECRETS_FOLDER": str(tmp_path)}
    said = subprocess.run([*nobody, "sh", str(script), *SHOW], env=known, capture_output=True, text=True)
    assert said.returncode == 2
    assert "may not read the secret" in said.stderr
    assert "chmod 644" in said.stderr
