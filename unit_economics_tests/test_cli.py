"""The command line keeps its promises without any database: quick help, one line for a mistake, its exit codes."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from unit_economics.cli import main
from unit_economics.cli.boundary import FAULT, INTERRUPTED, exit_code
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal

COMMANDS = ["run", "backfill", "publish", "status", "export", "catalogue", "doctor"]


def test_help_loads_no_heavy_library() -> None:
    program = (
        "import sys; from unit_economics.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'dagster', 'pandas', 'rich', 'pydantic', 'psycopg', 'duckdb'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "backfill" in done.stdout


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert all(f"  {name} " in shown for name in [*COMMANDS, "demo", "up", "vantage"])


@pytest.mark.parametrize("name", [*COMMANDS, "vantage"])
def test_each_command_explains_itself(name: str) -> None:
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0
    assert f"main {name}" in done.stdout


def test_an_unknown_command_is_a_usage_error() -> None:
    done = CliRunner().invoke(main, ["rnu"])
    assert done.exit_code == 2
    assert "rnu" in done.stderr


@pytest.mark.parametrize("day", ["31.01.2026", "yesterday", "2026-02-30", "2026-01-01T00:00", ""])
def test_a_day_that_is_none_is_a_usage_error(day: str) -> None:
    done = CliRunner().invoke(main, ["run", "--from", day])
    assert done.exit_code == 2
    assert "write it like 2026-01-31" in done.stderr


def test_a_missing_catalogue_is_one_line_and_2(tmp_path: Path) -> None:
    for name in COMMANDS[:-1]:
        done = CliRunner().invoke(main, [name, "--config", str(tmp_path / "none.yaml")])
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        assert "there is no such file" in done.stderr


def test_parquet_to_stdout_is_a_usage_error() -> None:
    done = CliRunner().invoke(main, ["export", "--format", "parquet"])
    assert done.exit_code == 2
    assert "--out" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refusal("it is red", where="here", remedy="Mend it"), 1),
        (UsageRefusal("it can't be meant", where="here", remedy="Mend it"), 2),
        (Unreachable("it does not answer", where="here", remedy="Start it"), 3),
        (KeyboardInterrupt(), INTERRUPTED),
        (click.Abort(), INTERRUPTED),
        (click.UsageError("no such option"), 2),
    ],
)
def test_every_error_has_its_exit_code_and_no_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(error) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err


def test_a_fault_of_the_program_keeps_its_traceback_and_a_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(ZeroDivisionError("division by zero")) == FAULT
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err
