"""What the pages under docs/ say is so: their catalogues load, their SQL runs, their commands exist.

Here: the pages beside the README. Not here: the README (test_readme.py), the page on deploying (deploy/test_page.py).
"""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from click.testing import CliRunner

from unit_economics import rate_sources
from unit_economics.allocation_entry import Allocation, Share
from unit_economics.cli import main
from unit_economics.contract import findings
from unit_economics.environment import read_catalogue
from unit_economics.promises import ALLOCATION_CHECKS
from unit_economics_tests.world import World

DOCS = Path(__file__).parents[1] / "docs"
ALLOCATION = (DOCS / "allocation.md").read_text()
CATALOGUE = (DOCS / "catalogue.md").read_text()
REVENUE = (DOCS / "revenue.md").read_text()
GROWTH = (DOCS / "growth.md").read_text()
MEASURED = (DOCS / "benchmarks" / "scan.txt").read_text()


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_catalogue_of_the_page_on_allocation_loads(tmp_path: Path) -> None:
    (text,) = blocks(ALLOCATION, "yaml")
    path = tmp_path / "unit_economics.yaml"
    path.write_text(text)
    allocation = read_catalogue(path).allocations["product"]
    assert list(allocation.target_of) == ["platform", "checkout", "search", "the new account"]


def test_every_key_of_the_table_can_be_written_so(tmp_path: Path) -> None:
    (text,) = blocks(ALLOCATION, "yaml")
    keys = re.findall(r"^\| `(.*?)` \|", ALLOCATION, re.MULTILINE)[1:]
    assert len(keys) == 7
    for key in keys:
        path = tmp_path / "unit_economics.yaml"
        queries = (
            "  cost_per_query:\n    unit: Query\n    units: {kind: postgres, dsn: A, relation: q, timestamp: at}\n"
        )
        path.write_text(text.replace("{driver: cpu_hours}", key) + queries)
        assert read_catalogue(path)


def test_the_metric_of_the_page_on_the_catalogue_keeps_its_contract(world: Callable[..., World]) -> None:
    metric, job = blocks(CATALOGUE, "yaml")
    of = world(f"cost_sources: {{bill: {{kind: focus, path: ./focus}}}}\n{metric}").deployment()
    assert findings(of.catalogue, date(2027, 1, 1)) == []
    (query,) = blocks(CATALOGUE, "sql")
    with of.warehouse.snapshot() as connection:
        assert connection.execute(query.encode()).fetchall() == []
    commands = re.findall(r"unit-economics catalogue (\w+)(.*)", f"{job}{blocks(CATALOGUE, 'sh')[0]}")
    for command, words in commands:
        told = CliRunner().invoke(main, ["catalogue", command, "--help"]).stdout
        assert all(option in told for option in re.findall(r"--[a-z-]+", words))
    assert {command for command, _ in commands} == {"check", "diff"}


def test_the_sql_of_the_page_runs(world: Callable[..., World]) -> None:
    shop = world(blocks(ALLOCATION, "yaml")[0])
    assert shop.deployment().warehouse
    for statement in blocks(ALLOCATION, "sql")[0].split(";"):
        assert shop.sql(re.sub(r"--.*", "", statement) or "select 1") is not None


def test_the_catalogue_of_the_page_on_revenue_loads_and_its_sql_runs(world: Callable[..., World]) -> None:
    shop = world(blocks(REVENUE, "yaml")[0])
    catalogue = shop.deployment().catalogue
    assert catalogue.margin_scopes("cost_per_order") == {"fully_loaded": "all", "run": "run", "variable": "variable"}
    assert shop.deployment().warehouse
    for statement in blocks(REVENUE, "sql")[0].split(";"):
        assert shop.sql(re.sub(r"--.*", "", statement) or "select 1") is not None
    kinds = re.findall(r"^\| `(\w+)` \|", REVENUE.split("| kind |")[1], re.MULTILINE)
    assert kinds == list(rate_sources.KINDS)


def test_the_commands_of_the_page_exist() -> None:
    for command, sub in re.findall(r"^unit-economics (\w+) (\w+)", ALLOCATION, re.MULTILINE):
        assert CliRunner().invoke(main, [command, sub, "--help"]).exit_code == 0


def test_the_figures_of_the_page_on_growth_are_those_that_the_benchmark_printed() -> None:
    printed = " ".join(re.sub(r"[│┃]", " ", MEASURED).split())
    rows = re.findall(r"^\| (?:this|the best|decoding).*\| ([\d.]+) s \| (\d+) MB \|$", GROWTH, re.MULTILINE)
    assert len(rows) == 3
    for cpu, resident in rows:
        assert f"{cpu} CPU s, {resident} MB" in printed
    (grown,) = re.findall(r"the time grows ([\d.]+) times", GROWTH)
    assert f"{grown} times the time" in printed


def test_the_commands_and_settings_of_the_page_on_growth_exist(tmp_path: Path) -> None:
    for command in set(re.findall(r"unit-economics ([a-z-]+)", GROWTH)):
        assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0, command
    text = blocks(ALLOCATION, "yaml")[0]
    (engine,) = [block for block in blocks(GROWTH, "yaml") if "engine:" in block]
    path = tmp_path / "unit_economics.yaml"
    path.write_text(re.sub(r"cost_sources:\n.*\n", engine, text, count=1) + "automation: {days_per_run: 10}\n")
    catalogue = read_catalogue(path)
    assert catalogue.automation.days_per_run == 10
    assert "spark://10.0.0.7:7077" in str(catalogue.cost_sources["bill"].model_dump())
    path.write_text(text.replace("path: ./data/focus", "path: ./x, scan: {memory: 4GB, spill: /mnt/fast}"))
    assert read_catalogue(path)


def test_every_setting_and_every_check_is_on_the_page() -> None:
    settings = {*Allocation.model_fields, *Share.model_fields}
    assert {name for name in settings if name not in ALLOCATION} == set()
    assert {check for check in ALLOCATION_CHECKS if f"`{check}`" not in ALLOCATION} == {"contract"}
