"""A shop with a wide bill on a real PostgreSQL, and its four steps taken without Dagster.

Here: that world and its steps. Not here: the bill (wide_bill.py), what is measured.
"""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from unit_economics.asset_names import sink_asset, units_asset
from unit_economics.business_days import DayRange
from unit_economics.demo import standin
from unit_economics.demo.standin import METRIC, TOKEN
from unit_economics.demo.tour import answers
from unit_economics.deployment import Deployment
from unit_economics.environment import deployment
from unit_economics.graph import CLOUD_COSTS
from unit_economics.local.ports import any_free
from unit_economics.steps import step_of
from unit_economics.warehouse import ledger
from unit_economics_tests.benchmarks.wide_bill import CATALOGUE, write_bill, write_orders

NAME = "cost_per_order"


def write_shop(folder: Path, url: str, days: DayRange) -> None:
    """The bill, the orders and the catalogue of these days."""
    write_bill(folder / "focus", days)
    write_orders(url, days)
    (folder / "unit_economics.yaml").write_text(CATALOGUE.format(first=days.first, path=folder / "focus"))


def wide_deployment(folder: Path, url: str, vantage: str) -> Deployment:
    """The deployment of `write_shop`."""
    variables = {
        "ORDERS_DATABASE_URL": url,
        "UNIT_ECONOMICS_DATABASE_URL": url,
        "VANTAGE_API_URL": vantage,
        "VANTAGE_API_TOKEN": TOKEN,
        "ORDERS_METRIC_ID": METRIC,
    }
    return deployment(variables, folder / "unit_economics.yaml")


@contextmanager
def empty_vantage() -> Generator[str]:
    """A stand-in Vantage in a process of its own, so that its CPU is not ours; it holds nothing yet."""
    port = any_free()
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", standin.__name__, str(port)])
    try:
        address = f"http://127.0.0.1:{port}/v2"
        while not answers(address):
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def take(of: Deployment, asset: str, days: DayRange) -> None:
    """One asset's step as Dagster would take it."""
    step = step_of(of, of.graph[asset])
    step(ledger.begin(of.warehouse, asset, days, of.run("benchmark"), of.definition(asset)))


def take_all(of: Deployment, days: DayRange) -> None:
    """All four steps."""
    for asset in (CLOUD_COSTS, units_asset(NAME), NAME, sink_asset(NAME, "vantage")):
        take(of, asset, days)
