"""What docs/read-back.md says is so: its catalogue loads, its commands exist, its SQL runs, its words are right."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from click.testing import CliRunner

from unit_economics.cli import main
from unit_economics.drift import Verdict
from unit_economics.insight.apart import PARTS
from unit_economics.proof import proofs_of
from unit_economics.proof.read_back import MOST_DAYS
from unit_economics.proof.vantage_compared import MOST_DAYS as MOST_COMPARED
from unit_economics.sinks.vantage import VantageMetric
from unit_economics_tests.world import World

PAGE = (Path(__file__).parents[1] / "docs" / "read-back.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_catalogue_of_the_page_asks_for_both_proofs_and_states_the_default(world: Callable[..., World]) -> None:
    of = world(blocks("yaml")[0]).deployment()
    of_every_catalogue = "restatement_report"
    proofs = {proof.name: set(proof.checks) for proof in proofs_of(of) if proof.name != of_every_catalogue}
    assert proofs == {"published_read_back": {"holds_what_we_sent"}, "vantage_unit_cost": {"vantage_shows_the_same"}}
    assert all(f"`{word}`" in PAGE for name, checks in proofs.items() for word in (name, *checks))
    sink = of.catalogue.metrics["cost_per_order"].publish["vantage"]
    assert isinstance(sink, VantageMetric)
    assert sink.tolerance == VantageMetric(business_metric="M").tolerance


def test_the_sql_of_the_page_runs(world: Callable[..., World]) -> None:
    shop = world(blocks("yaml")[0])
    assert shop.deployment().warehouse
    for statement in blocks("sql")[0].split(";"):
        assert shop.sql(statement) == []


def test_the_commands_of_the_page_exist() -> None:
    for words in set(re.findall(r"unit-economics ((?:[a-z-]+ ?)+)", PAGE)):
        command = [word for word in words.split() if not word.startswith("--")]
        assert CliRunner().invoke(main, [*command, "--help"]).exit_code == 0, words


def test_every_verdict_and_every_part_has_its_line() -> None:
    first_cells = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert first_cells == [*get_args(Verdict), *PARTS]
    assert f"the last {MOST_DAYS} of them" in PAGE
    assert f"the last {MOST_COMPARED} days" in PAGE
