"""The code location: exactly these assets, checks and automations, loaded the way Dagster loads them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from unit_economics.definitions import code_location
from unit_economics.environment import environment
from unit_economics_tests.world import World

PROJECT = Path(__file__).parents[1]
CATALOGUE = (PROJECT / "unit_economics.yaml").read_text()

SECOND_METRIC = """
  cost_per_api_call:
    unit: Request
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.calls, timestamp: called_at}
    publish: {vantage: {business_metric: CALLS_METRIC_ID}}
"""


def of_days(definitions: dg.Definitions) -> list[Any]:
    """The assets that are computed day by day: all but the proofs, which are about everything that is stored."""
    nodes = definitions.resolve_asset_graph()
    every = [nodes.get(key) for key in nodes.get_all_asset_keys()]
    return [node for node in every if isinstance(node.partitions_def, dg.DailyPartitionsDefinition)]


def graph(definitions: dg.Definitions) -> dict[str, set[str]]:
    return {
        node.key.to_user_string(): {parent.to_user_string() for parent in node.parent_keys}
        for node in of_days(definitions)
    }


@pytest.fixture
def shipped(world: Callable[..., World]) -> dg.Definitions:
    """The code location of the catalogue that the project ships."""
    return code_location(world(CATALOGUE).deployment())


def test_the_graph_is_exactly_these_four_assets(shipped: dg.Definitions) -> None:
    assert graph(shipped) == {
        "daily_orders": set(),
        "cloud_costs": set(),
        "cost_per_order": {"daily_orders", "cloud_costs"},
        "vantage_business_metric": {"daily_orders", "cost_per_order"},
    }


def test_a_second_metric_is_one_entry_and_its_assets_are_named_after_it(world: Callable[..., World]) -> None:
    text = CATALOGUE.replace("\nalerts:", f"{SECOND_METRIC}\nalerts:")
    assert graph(code_location(world(text).deployment())) == {
        "daily_orders": set(),
        "cloud_costs": set(),
        "cost_per_order": {"daily_orders", "cloud_costs"},
        "vantage_business_metric": {"daily_orders", "cost_per_order"},
        "daily_api_calls": set(),
        "cost_per_api_call": {"daily_api_calls", "cloud_costs"},
        "vantage_business_metric_api_calls": {"daily_api_calls", "cost_per_api_call"},
    }


REVENUE = """
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.daily_revenue, day: date, quantity: revenue}
"""


def test_revenue_is_one_entry_and_one_more_asset_that_no_other_waits_for(world: Callable[..., World]) -> None:
    text = CATALOGUE.replace("\nalerts:", f"{REVENUE}\nalerts:")
    definitions = code_location(world(text).deployment())
    assert graph(definitions) == {
        "daily_orders": set(),
        "cloud_costs": set(),
        "cost_per_order": {"daily_orders", "cloud_costs"},
        "vantage_business_metric": {"daily_orders", "cost_per_order"},
        "daily_order_revenue": set(),
    }
    checks = {key.to_user_string() for key in definitions.resolve_asset_graph().asset_check_keys}
    of_revenue = {check for check in checks if check.startswith("daily_order_revenue:")}
    assert of_revenue == {f"daily_order_revenue:{check}" for check in ("contract", "delivery", "volume_band", "fresh")}
    dg.Definitions.validate_loadable(definitions)


def test_what_the_shipped_catalogue_shows_in_comments_can_be_used(world: Callable[..., World]) -> None:
    text, dashboard = CATALOGUE.split("# dashboard:")
    for example in ("revenue:", "targets:", "service:"):
        text = text.replace(f"# {example}", example)
    whole = text + "dashboard:" + dashboard.replace("\n# ", "\n")
    assert whole.count("#") < CATALOGUE.count("#") - 6
    catalogue = world(whole).deployment().catalogue
    assert catalogue.dashboard.identity
    assert catalogue.metrics["cost_per_order"].targets
    assert list(catalogue.slices_of("cost_per_order", "all")) == ["service"]


def test_every_asset_has_its_checks_of_which_each_day_has_a_word_and_freshness_beside_them(
    shipped: dg.Definitions,
) -> None:
    nodes = shipped.resolve_asset_graph()
    names = {node.key for node in of_days(shipped)}
    checks = {key.to_user_string() for key in nodes.asset_check_keys if key.asset_key in names}
    assert checks == {
        *("daily_orders:contract", "daily_orders:delivery", "daily_orders:volume_band", "daily_orders:fresh"),
        *("cloud_costs:contract", "cloud_costs:delivery", "cloud_costs:conservation", "cloud_costs:fresh"),
        *("cost_per_order:contract", "cost_per_order:conservation", "cost_per_order:fresh"),
        *(f"vantage_business_metric:{name}" for name in ("converged", "untouched", "fresh")),
    }


def test_every_asset_says_who_owns_it_what_it_is_made_with_and_which_columns_it_has(shipped: dg.Definitions) -> None:
    for node in of_days(shipped):
        assert node.description
        assert node.group_name != "default"
        assert node.kinds
    for node in of_days(shipped):
        assert node.metadata["dagster/column_schema"].columns
        assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_a_backfill_is_cut_into_runs_of_as_many_days_as_the_catalogue_says(world: Callable[..., World]) -> None:
    text = f"{CATALOGUE}\nautomation: {{days_per_run: 10}}\n"
    policies = {node.backfill_policy for node in of_days(code_location(world(text).deployment()))}
    assert policies == {dg.BackfillPolicy.multi_run(10)}


def test_every_column_of_the_unit_cost_that_is_computed_says_what_it_is_made_of(shipped: dg.Definitions) -> None:
    lineage = shipped.resolve_asset_graph().get(dg.AssetKey("cost_per_order")).metadata["dagster/column_lineage"]
    assert set(lineage.deps_by_column) == {"cost", "charge_rows", "quantity", "unit_cost"}


def test_the_morning_and_the_guards_run_without_being_switched_on(shipped: dg.Definitions) -> None:
    repository = shipped.get_repository_def()
    schedules = {(one.name, one.cron_schedule, one.execution_timezone) for one in repository.schedule_defs}
    assert schedules == {("every_morning", "0 6 * * *", "UTC"), ("prove_when_due", "0 7 * * *", "UTC")}
    assert {one.default_status for one in repository.schedule_defs} == {dg.DefaultScheduleStatus.RUNNING}
    running = {sensor.name for sensor in repository.sensor_defs if sensor.default_status.value == "RUNNING"}
    assert running == {"missing_days", "freshness", "failed_runs", "announce"}


def test_the_definitions_are_loadable(shipped: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(shipped)


def python(code: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, env=clean, capture_output=True, text=True
    )


def test_the_package_imports_with_an_empty_environment_in_an_empty_folder(tmp_path: Path) -> None:
    result = python("import unit_economics.definitions, unit_economics.cli", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_variable_of_the_process_wins_over_the_same_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("ORDERS_METRIC_ID=file\nVANTAGE_API_TOKEN=file\nEMPTY=\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERS_METRIC_ID", "process")
    known = environment()
    assert (known["ORDERS_METRIC_ID"], known["VANTAGE_API_TOKEN"]) == ("process", "file")
    assert "EMPTY" not in known


@pytest.mark.parametrize("command", [["dg", "check", "defs"], ["dg", "list", "defs", "--json"]])
def test_dagster_s_own_tools_work_from_the_project_root(command: list[str], database: str, tmp_path: Path) -> None:
    with psycopg.connect(database) as connection:
        host, name = connection.info.host, connection.info.dbname
    variables = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "DAGSTER_PG_URL": f"postgresql+psycopg2://postgres:@/{name}?host={host}",
    }
    result = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
