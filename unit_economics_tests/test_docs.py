"""What the pages under docs/ say is so: their catalogues load, their SQL runs, their commands exist.

Here: the pages beside the README. Not here: the README (test_readme.py), the page on deploying (deploy/test_page.py).
"""

import re
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from textwrap import indent
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from pydantic import TypeAdapter

from unit_economics import rate_sources, unit_sources
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.cli import main
from unit_economics.cli.status import MARKS
from unit_economics.contract import findings
from unit_economics.dashboard.facts.nowcasts import MEASURED_DAYS
from unit_economics.entries.allocation import Allocation, Share
from unit_economics.entries.entry import variables_of
from unit_economics.entries.nowcast import NowcastEntry
from unit_economics.environment import read_catalogue
from unit_economics.outside import Outside
from unit_economics.promises import ALLOCATION_CHECKS
from unit_economics.proof.nowcast import CHECKS as NOWCAST_CHECKS
from unit_economics.warehouse.overview import NOWCASTS
from unit_economics_tests.benchmarks.nowcast import measure
from unit_economics_tests.dashboard_client import page
from unit_economics_tests.world import World

DOCS = Path(__file__).parents[1] / "docs"
ALLOCATION = (DOCS / "allocation.md").read_text()
CATALOGUE = (DOCS / "catalogue.md").read_text()
REVENUE = (DOCS / "revenue.md").read_text()
SOURCES = (DOCS / "sources.md").read_text()
NOWCAST = (DOCS / "nowcast.md").read_text()
GROWTH = (DOCS / "growth.md").read_text()
DASHBOARD = (DOCS / "dashboard.md").read_text()
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


def test_the_catalogue_of_the_page_on_nowcasts_loads_its_sql_runs_and_its_defaults_are_those(
    world: Callable[..., World],
) -> None:
    (text,) = blocks(NOWCAST, "yaml")
    shop = world(text)
    of = shop.deployment()
    assert findings(of.catalogue, date(2027, 1, 1)) == []
    said = re.search(r"or \{prior: \[(.*)\], prior_spread: (.*), level: (.*)\},", text)
    entry = of.catalogue.nowcast
    assert entry is not None
    assert said is not None
    assert said.groups() == (", ".join(map(str, entry.prior)), str(entry.prior_spread), str(entry.level))
    assert of.warehouse
    for statement in blocks(NOWCAST, "sql")[0].split(";"):
        assert shop.sql(statement.strip() or "select 1") is not None
    views = set(re.findall(r"`((?:unit_cost_)?nowcast\w+|completion_curve\w*)`", NOWCAST))
    assert views - {"unit_cost_nowcast"} == {
        name for (name,) in shop.sql("select viewname from pg_views where viewname ~ 'nowcast|completion'")
    }


def test_the_settings_commands_and_checks_of_the_page_on_nowcasts_are_all_there_are() -> None:
    assert re.findall(r"^\| `(\w+)` \| how", NOWCAST, re.MULTILINE) == list(NowcastEntry.model_fields)
    assert all(f"`{check}`" in NOWCAST for check in NOWCAST_CHECKS)
    told = CliRunner().invoke(main, ["nowcast", "--help"]).stdout
    assert all(option in told for option in ("--curve", "--json"))


def test_the_figures_of_the_page_on_nowcasts_are_those_that_the_benchmark_prints() -> None:
    held, errors = (row.measured for row in measure())
    assert f"held {held.partition('%')[0]} % of the days" in " ".join(NOWCAST.split())
    for own, age, raw in re.findall(r"([\d.]+)% at age (\d) \(raw ([\d.]+)%", errors):
        assert age == "3" or (f"{own} %" in NOWCAST and f"{raw} %" in NOWCAST)


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


def with_units(entry: str, folder: Path) -> Catalogue:
    path = folder / "unit_economics.yaml"
    metric = f"metrics:\n  cost_per_order:\n    unit: Order\n{indent(entry, '    ')}"
    path.write_text(f"cost_sources: {{bill: {{kind: focus, path: ./focus}}}}\n{metric}")
    return read_catalogue(path)


def test_every_kind_of_unit_source_has_its_section_and_a_row_of_its_time_limit() -> None:
    headings = re.findall(r"^## (\w+)$", SOURCES, re.MULTILINE)
    assert headings == list(unit_sources.KINDS)
    assert re.findall(r"^\| \[`(\w+)`\]\(#(\w+)\)", SOURCES, re.MULTILINE) == [(kind, kind) for kind in headings]
    limits = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| `(\w+): (PT\w+)` \|", SOURCES, re.MULTILINE)
    assert [kind for kinds, *_ in limits for kind in re.findall(r"\w+", kinds)] == headings
    for kinds, name, written in limits:
        for kind in re.findall(r"\w+", kinds):
            default = unit_sources.KINDS[kind].model_fields[name].default
            assert default == TypeAdapter(timedelta).validate_python(written)


@pytest.mark.parametrize("entry", blocks(SOURCES, "yaml"))
def test_every_example_of_a_unit_source_loads_and_its_variables_have_their_lines(entry: str, tmp_path: Path) -> None:
    units = with_units(entry, tmp_path).metrics["cost_per_order"].units
    section = SOURCES[: SOURCES.index(entry)].rpartition("\n## ")[2]
    assert section.startswith(f"{units.kind}\n")
    example = (DOCS.parent / ".env.example").read_text()
    assert {name for name in variables_of(units) if f"{name}=" not in example} == set()


def test_every_field_of_a_unit_source_is_on_its_page() -> None:
    fields = {name for source in unit_sources.KINDS.values() for name in source.model_fields}
    assert {name for name in fields if not re.search(rf"\b{name}\b", SOURCES)} == set()


def test_every_extra_that_a_unit_source_needs_is_there() -> None:
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]
    named = set(re.findall(r"^\| [\w, ]+ \| `(\w+)` \| `\w+", SOURCES, re.MULTILINE)) | {"google"}
    others = {"spark", "k8s", "celery"}  # no sources
    assert named == set(project["optional-dependencies"]) - others


def test_the_source_of_one_s_own_counts() -> None:
    scope: dict[str, object] = {"__name__": "seats"}
    exec(blocks(SOURCES, "python")[0], scope)
    source = scope["SeatUnits"](kind="seats", seats=12)  # type: ignore[operator]
    days, calendar = DayRange(date(2026, 3, 1), date(2026, 3, 2)), BusinessCalendar(ZoneInfo("UTC"), timedelta())
    count = source.count(days, calendar=calendar, unit="Seat", outside=Outside({}))
    assert list(count.units["quantity"]) == [Decimal(12)] * 2
    assert not count.absent


def test_what_the_page_on_the_dashboard_names_is_there(world: Callable[..., World]) -> None:
    (text,) = blocks(DASHBOARD, "yaml")
    shop = world(text)
    lines = re.findall(r"^\| ([A-Z]\w+.*?) \|", DASHBOARD.partition("## Proof")[2], re.MULTILINE)
    assert page(shop).texts("dt") == lines
    status = re.findall(r"^\| `(\w+)` .*\| `(.)` \|$", DASHBOARD, re.MULTILINE)
    assert status == [(name, MARKS[name][0]) for name in ("complete", "closed", "provisional", "restated")]
    assert all(f"`{name}`" in DASHBOARD for name in NOWCASTS)
    assert f"the last {MEASURED_DAYS} days" in DASHBOARD
