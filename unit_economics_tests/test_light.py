"""What must start small: the catalogue, the deployment and the state of its days load no library that reads or runs."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    *("dagster", "pandas", "pandera", "duckdb", "pyarrow", "httpx", "fsspec", "pyspark", "sqlglot", "lark", "pint"),
    "sqlalchemy",
)
EVERY_KIND = """
currency: EUR
cost_sources:
  files: {kind: focus, path: ./focus}
  many: {kind: focus, path: ./many, engine: {kind: spark, master: "local[2]"}}
  vantage: {kind: vantage, cost_report: rprt_1}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, timestamp: ordered_at}
    publish: {vantage: {business_metric: ORDERS_METRIC_ID}}
  cost_per_call:
    unit: Call
    units: {kind: sql, url: CALLS_URL, relation: calls, timestamp: called_at}
  cost_per_event:
    unit: Event
    units: {kind: files, path: ./events, timestamp: happened_at}
  cost_per_seat:
    unit: Seat
    units: {kind: prometheus, address: "http://prometheus:9090", query: seats, over_day: mean}
  cost_per_visit:
    unit: Visit
    units: {kind: datadog, query: "sum:shop.visits{*}.as_count()", over_day: sum}
  cost_per_case:
    unit: Case
    units: {kind: google_sheets, published: CASES_URL}
  cost_per_parcel:
    unit: Parcel
    units: {kind: http_json, address: "https://api.example.com/parcels?from={from}&to={to}", rows: $.data}
"""
DEPLOYMENT = """
from pathlib import Path
from unit_economics import cost_sources, day_states, environment, sinks, unit_sources
of = environment.deployment({}, Path("unit_economics.yaml"))
metrics = of.catalogue.metrics.values()
assert {source.kind for source in of.catalogue.cost_sources.values()} == set(cost_sources.KINDS)
assert {metric.units.kind for metric in metrics} == set(unit_sources.KINDS)
assert {sink for metric in metrics for sink in metric.publish} == set(sinks.KINDS)
assert of.inputs and of.definition("cost_per_order")
"""
QUICK = (
    "status",
    "catalogue",
    "catalogue.check",
    "catalogue.diff",
    "up",
    "demo",
    "dashboard",
    "report",
    "allocation.explain",
    "allocation.check",
    "value",
    "nowcast",
    "kpis",
)


def loaded(code: str, folder: Path) -> set[str]:
    """The heavy libraries that a fresh process has loaded after this code."""
    (folder / "unit_economics.yaml").write_text(EVERY_KIND)
    told = f"{code}\nimport sys\nprint('loaded:', *(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", told], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_a_library_that_is_loaded_would_be_caught(tmp_path: Path) -> None:
    assert loaded("import unit_economics.assets", tmp_path) >= {"dagster", "pandas", "pandera"}
    reading = "import unit_economics.cost_sources.focus.reading, unit_economics.sinks.vantage_values"
    assert loaded(reading, tmp_path) >= {"duckdb", "pyarrow", "fsspec", "httpx"}


def test_a_deployment_with_every_kind_of_source_and_sink_loads_none_of_them(tmp_path: Path) -> None:
    assert loaded(DEPLOYMENT, tmp_path) == set()


def test_formulas_load_their_parser_and_their_units_where_the_first_is_read_and_compared(tmp_path: Path) -> None:
    assert loaded("import unit_economics.formulas", tmp_path) == set()
    reading = "from unit_economics.formulas import Leaf, check, parse\nshare = parse('cost(shop) / revenue')"
    assert loaded(reading, tmp_path) == {"lark"}
    checking = "check(share, lambda name: Leaf('USD', 'additive'))"
    assert loaded(f"{reading}\n{checking}", tmp_path) == {"lark"}
    comparing = "check(parse('a + b'), lambda name: Leaf({'a': 'GB', 'b': '1000 MB'}[name.name], 'gauge'))"
    assert loaded(f"{reading}\n{comparing}", tmp_path) == {"lark", "pint"}


@pytest.mark.parametrize("command", QUICK)
def test_a_quick_command_loads_none_of_them(command: str, tmp_path: Path) -> None:
    assert loaded(f"import unit_economics.cli.{command}", tmp_path) == set()
