"""`unit-economics explain`: from a number to its halves, versions, run, catalogue, files and charges."""

import json
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner, Result

from unit_economics.cli import main
from unit_economics_tests.test_restatements import DAYS, deliver, now, row
from unit_economics_tests.test_restatements import shop as shop
from unit_economics_tests.world import World


@pytest.fixture
def explain(shop: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE_URL", shop.url)
    monkeypatch.setenv("ORDERS_DATABASE_URL", shop.url)
    config = str(shop.folder / "unit_economics.yaml")

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["explain", *words, "--config", config])

    return run


def test_a_number_is_traced_to_its_halves_its_files_and_its_charges(shop: World, explain: Any) -> None:
    told = explain("cost_per_order", DAYS[0])
    assert told.exit_code == 0, told.output
    assert "all: 0.1 USD  = 10 USD (effective) ÷ 100 Order, of 1 charge" in told.output
    assert "cloud_costs v1 complete" in told.output
    assert "bill: bill.csv, " in told.output
    assert "sha256:" in told.output
    assert "EC2" in told.output
    [(catalogue, run)] = shop.sql(
        "select catalogue_version, run_id from unit_economics.day_versions"
        " where asset = 'cost_per_order' and business_date = %s",
        DAYS[0],
    )
    assert f"run {run}" in told.output
    assert f"catalogue {catalogue}" in told.output
    kept = shop.sql("select body from unit_economics.catalogues where catalogue_version = %s", catalogue)
    assert kept == [(shop.catalogue,)]


def test_what_was_believed_then_is_traced_to_what_it_was_made_of_then(shop: World, explain: Any) -> None:
    then = now(shop).isoformat()
    deliver(shop, [row(day, "12") for day in DAYS])
    before = json.loads(explain("cost_per_order", DAYS[0], "--as-of", then, "--json").output)
    after = json.loads(explain("cost_per_order", DAYS[0], "--json").output)
    for document, cost, version in ((before, "10", 1), (after, "12", 2)):
        assert float(document["numbers"][0]["cost"]) == float(cost)
        links = {link["asset"]: link for link in document["made_of"]}
        assert links["cloud_costs"]["version"] == version
        assert float(document["cloud_costs"][0]["effective_cost"]) == float(cost)
    files = [
        link["read"][0]["files"][0]["content"]
        for document in (before, after)
        for link in document["made_of"]
        if link["asset"] == "cloud_costs"
    ]
    assert len(set(files)) == 2


def test_a_day_of_which_nothing_is_stored_ends_with_1_and_says_what_to_type(explain: Any) -> None:
    told = explain("cost_per_order", str(date(2026, 2, 1)))
    assert (told.exit_code, "unit-economics status" in told.output) == (1, True)


def test_a_metric_that_is_not_there_is_refused_with_the_nearest_name(explain: Any) -> None:
    told = explain("cost_per_ordr", DAYS[0])
    assert told.exit_code == 2
    assert "cost_per_order" in told.output
