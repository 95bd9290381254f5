"""What the README says is so: its commands exist, its catalogue loads, its SQL runs, its names are the code's names."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from unit_economics import checks, guards, unit_sources
from unit_economics.cli import main
from unit_economics.dashboard.pages import PAGES
from unit_economics.definitions import code_location
from unit_economics.environment import read_catalogue
from unit_economics.graph import graph_of
from unit_economics.promises import ALLOCATION_CHECKS
from unit_economics_tests.world import World

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()
SHIPPED = (PROJECT / "unit_economics.yaml").read_text()
ENVIRONMENT = (PROJECT / ".env.example").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make (demo|test|check|bench|soak|\w+)[ `]", README)) & {"demo", "test"}
    assert set(re.findall(r"\bmake (\w+)(?:`| {2,})", README)) <= targets


def test_ci_runs_exactly_the_two_commands_of_the_readme() -> None:
    script = (PROJECT / ".ci" / "run").read_text()
    assert re.findall(r"^make .*$", script, re.MULTILINE) == ["make check", "make test"]


def test_every_command_and_option_that_is_named_exists() -> None:
    text = README + (PROJECT / ".env.example").read_text() + SHIPPED
    named = set(re.findall(r"unit-economics (\w[\w-]*)((?: (?:create-metric))?)((?: --[\w-]+)*)", text))
    assert named
    for command, sub, options in named:
        shown = CliRunner().invoke(main, [command, *sub.split(), "--help"])
        assert shown.exit_code == 0, (command, shown.output)
        for option in options.split():
            assert option in shown.output, (command, option)


def test_every_listed_command_is_listed_by_the_command_line_and_no_other() -> None:
    (listed,) = re.findall(r"lists the commands: (.*?)\. Exit codes", README, re.DOTALL)
    assert set(re.findall(r"`([\w-]+)`", listed)) == set(main.list_commands(None))  # type: ignore[arg-type]


def test_the_exit_codes_are_those_of_the_refusals() -> None:
    from unit_economics.refusals import Refusal, Unreachable, UsageRefusal

    assert "0 fine, 1 a finding, 2 usage, 3 something unreachable, 130 interrupted" in README
    assert (Refusal.exit_code, UsageRefusal.exit_code, Unreachable.exit_code) == (1, 2, 3)


def test_the_shipped_catalogue_loads() -> None:
    assert list(read_catalogue(PROJECT / "unit_economics.yaml").metrics) == ["cost_per_order"]


@pytest.mark.parametrize(
    "commented", [line for line in SHIPPED.splitlines() if re.match(r"  # (vantage|shop|app):", line)]
)
def test_a_line_that_is_commented_out_in_the_shipped_catalogue_loads_too(commented: str, tmp_path: Path) -> None:
    path = tmp_path / "unit_economics.yaml"
    path.write_text(SHIPPED.replace(commented, commented.replace("# ", "", 1)).replace("rprt_...", "rprt_1"))
    assert read_catalogue(path)


def test_what_it_says_of_the_dashboard_in_the_catalogue_loads(tmp_path: Path) -> None:
    shown, proxied = [block for block in blocks("yaml") if "dashboard:" in block]
    units = "unit: Order\n    units: {kind: postgres, dsn: A, relation: public.o, day: d, quantity: q}"
    text = "cost_sources: {bill: {kind: focus, path: ./x}}\n" + shown.replace("# ... unit, units, publish", units)
    path = tmp_path / "unit_economics.yaml"
    path.write_text(text)
    catalogue = read_catalogue(path)
    assert list(catalogue.slices_of("cost_per_order", "all")) == ["team"]
    path.write_text(text.split("dashboard:")[0] + proxied)
    identity = read_catalogue(path).dashboard.identity
    assert identity is not None
    assert identity.finance_groups == ["finance"]


def test_what_it_says_of_rules_in_the_catalogue_loads(tmp_path: Path) -> None:
    (scopes,) = [block for block in blocks("yaml") if "allocation:" in block]
    path = tmp_path / "unit_economics.yaml"
    path.write_text(SHIPPED.replace("cost_scopes:\n", scopes))
    assert read_catalogue(path).allocations["product"].shared[0].cost_of == "platform"


def test_what_it_says_of_more_than_orders_loads(tmp_path: Path) -> None:
    (shown,) = [block for block in blocks("yaml") if "formulas:" in block]
    path = tmp_path / "unit_economics.yaml"
    path.write_text(f"cost_sources: {{bill: {{kind: focus, path: ./x}}}}\n{shown}")
    catalogue = read_catalogue(path)
    assert [metric.units.kind for metric in catalogue.metrics.values()] == ["postgres", "prometheus"]
    assert {"cost_per_order_slices", "cost_per_gb", "storage_share", "commitment_utilisation"} <= set(
        graph_of(catalogue)
    )


def test_the_table_of_unit_sources_names_every_kind() -> None:
    table = README.split("| kind | counts |")[1].split("\n\n")[0]
    assert re.findall(r"`(\w+)`(?=[^|\n]* \|.*\|)", table) == list(unit_sources.KINDS)


def test_every_page_of_the_docs_is_linked_to_and_every_link_leads_to_one() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)(?:#[\w-]+)?\)", README))
    assert linked == {page.relative_to(PROJECT).as_posix() for page in (PROJECT / "docs").glob("*.md")}


def test_the_pictures_that_it_shows_are_there_and_a_script_takes_each() -> None:
    pictures = set(re.findall(r"docs/images/([\w-]+)\.png", README))
    assert pictures == {page.name for page in PAGES}
    assert all((PROJECT / "docs" / "images" / f"{name}.png").is_file() for name in pictures)
    script = (PROJECT / "scripts" / "screenshots.py").read_text()
    assert all(f'"{page.name}": "{page.path}"' in script for page in PAGES)


def test_the_recipe_for_a_metric_gives_the_assets_that_it_names(world: Callable[..., World]) -> None:
    (recipe,) = [block for block in blocks("yaml") if "cost_per_api_call" in block]
    text = SHIPPED.replace("\nalerts:", recipe.replace("metrics:\n", "") + "\nalerts:")
    nodes = code_location(world(text).deployment()).resolve_asset_graph()
    names = {key.to_user_string() for key in nodes.get_all_asset_keys()}
    assert {"daily_api_calls", "cost_per_api_call", "vantage_business_metric_api_calls"} <= names


def test_the_recipe_for_a_source_is_a_source() -> None:
    (recipe,) = blocks("python")
    scope: dict[str, object] = {}
    imports = "from typing import Literal\nfrom unit_economics.entries.adapters import CostSource, Delivery\n"
    exec(imports + recipe, scope)
    made = scope["MyBill"](kind="my_bill", account="1")  # type: ignore[operator]
    assert made.account == "1"


def test_the_sql_runs_on_a_new_mart(world: Callable[..., World]) -> None:
    shop = world(SHIPPED)
    assert shop.deployment().warehouse
    (statements,) = blocks("sql")
    for statement in statements.strip().splitlines():
        assert shop.sql(statement) == []


def test_every_view_that_is_named_is_there(world: Callable[..., World]) -> None:
    shop = world(SHIPPED)
    assert shop.deployment().warehouse
    named = set(re.findall(r"`(daily_orders|cloud_costs|cost_per_order|unit_costs)`", README))
    there = {name for (name,) in shop.sql("select viewname from pg_views where schemaname = 'unit_economics'")}
    assert named == {"daily_orders", "cloud_costs", "cost_per_order", "unit_costs"}
    assert named <= there


def test_the_table_of_red_checks_lists_every_check() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", README.split("| red | means |")[1], re.MULTILINE))
    every = {*checks.UNIT_CHECKS, *checks.COST_CHECKS, *checks.UNIT_COST_CHECKS, *checks.PUBLISH_CHECKS}
    assert listed == every | {*ALLOCATION_CHECKS, guards.FRESH}


def test_the_deadline_and_the_tries_are_the_catalogue_s_defaults() -> None:
    rules = read_catalogue(PROJECT / "unit_economics.yaml").automation
    assert (rules.fresh_by, rules.max_tries) == ("07:00", 8)
    assert "by its deadline (07:00)" in README
    assert "up to eight times a day" in README


def test_every_variable_that_the_shipped_catalogue_names_has_its_line_in_the_example() -> None:
    named = set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)\b", "\n".join(SHIPPED.splitlines()[3:])))
    assert named <= set(re.findall(r"([A-Z_]+)=", ENVIRONMENT)) | {"VANTAGE_API_TOKEN"}
    assert {"VANTAGE_API_TOKEN", "ORDERS_METRIC_ID", "ORDERS_DATABASE_URL"} <= named


def test_every_file_that_is_named_is_there() -> None:
    for name in re.findall(r"`((?:unit_economics|docs|unit_economics_tests)/[\w./]+)`", README):
        assert (PROJECT / name).exists(), name
