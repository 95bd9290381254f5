"""What the page on closing says is so: its commands, its SQL, its setting, and the files of a pack."""

import re
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from unit_economics.cli import main
from unit_economics.closing.pages import _README
from unit_economics.entries.platform import Close
from unit_economics_tests.test_close import CATALOGUE
from unit_economics_tests.world import World

PAGE = (Path(__file__).parents[1] / "docs" / "close.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_command_and_option_of_the_page_exists() -> None:
    for command, words in re.findall(r"unit-economics ([a-z-]+)(.*)", PAGE):
        told = CliRunner().invoke(main, [command, "--help"]).stdout
        assert told.startswith("Usage: ")
        assert [option for option in re.findall(r"--[a-z-]+", words.partition("#")[0]) if option not in told] == []


def test_the_setting_of_the_page_loads_and_its_sql_runs(world: Callable[..., World]) -> None:
    [setting] = blocks("yaml")
    shop = world(CATALOGUE + setting)
    assert shop.deployment().catalogue.close == Close(folder="./closes")
    assert shop.deployment().warehouse
    for statement in blocks("sql")[0].split(";"):
        assert shop.sql(re.sub(r"--.*", "", statement).strip() or "select 1") is not None


def test_the_files_of_the_page_are_those_that_a_pack_says_it_has() -> None:
    def files(page: str) -> list[str]:
        return re.findall(
            r"`([\w*-]+\.(?:md|csv|json|yaml))`", "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))
        )

    assert files(PAGE) == ["README.md", *files(_README.replace("`.csv`", "`reconciliation.csv`"))]
