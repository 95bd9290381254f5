"""The examples that the README shows: run as it says, each printed line is what the command prints."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from unit_economics.cli import main

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()


@pytest.fixture
def three_days(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example, with a mart of its own."""
    folder = tmp_path / "three-days"
    shutil.copytree(PROJECT / "examples" / "three-days", folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE_URL", database)
    return folder


def shown() -> tuple[list[list[str]], list[str]]:
    """The commands of the README's example, and the lines that it shows of the last one."""
    [block] = [text for text in re.findall(r"```console\n(.*?)```", README, re.DOTALL) if "three-days" not in text]
    lines = block.splitlines()
    commands = [line.split()[2:] for line in lines if line.startswith("$ ")]
    return commands, [line for line in lines if line.strip() and not line.startswith("$ ")]


def test_every_number_of_the_readme_s_example_is_what_its_command_prints(three_days: Path) -> None:
    commands, lines = shown()
    assert len(commands) == 2
    for words in commands:
        told = CliRunner().invoke(main, words)
        assert told.exit_code == 0, told.output
    printed = [line.rstrip() for line in told.output.splitlines()]
    starts = [line for line in lines if not any(one.startswith(line.rstrip()) for one in printed)]
    assert starts == []


def test_a_number_that_the_command_does_not_print_would_be_seen(three_days: Path) -> None:
    commands, lines = shown()
    for words in commands:
        told = CliRunner().invoke(main, words)
    assert not any(line.startswith("  all: 0.126 USD") for line in told.output.splitlines())
    assert any(line.startswith("  all: 0.125 USD") for line in lines)


def test_nothing_of_the_example_needs_attention_afterwards(three_days: Path) -> None:
    CliRunner().invoke(main, shown()[0][0])
    assert "missing cloud_costs" not in CliRunner().invoke(main, ["status"]).output
