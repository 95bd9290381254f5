"""Formulas where people meet them: over a window, on the page, on the command line; and the library's command."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from unit_economics.cli import main
from unit_economics.formula_book import Compiled, compiled
from unit_economics.formula_windows import StoredDay, over_window
from unit_economics.formulas import Missing
from unit_economics.kpis.page import page as kpi_page
from unit_economics.kpis.shipped import library
from unit_economics_tests.dashboard_client import page_of
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.test_kpis import NAMES, load
from unit_economics_tests.world import World

DAY = date(2026, 3, 1)
READ = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.x, day: day, quantity: q}"


def one_of(formula: str, unit: str, **aggregations: str) -> Compiled:
    quantities = "".join(
        f"  {name}: {{unit: USD, aggregation: {aggregation}, source: {READ}}}\n"
        for name, aggregation in aggregations.items()
    )
    catalogue = load(f"quantities:\n{quantities}formulas:\n  x: {{formula: {formula}, unit: {unit}}}\n")
    return compiled(catalogue)[0]["x"]


def days(*values: dict[str, str], status: str = "complete") -> dict[date, StoredDay]:
    told = [{f"quantity({name})": {"value": value} for name, value in of_day.items()} for of_day in values]
    return {DAY + timedelta(days=n): StoredDay(status, inputs) for n, inputs in enumerate(told)}


def test_a_window_is_a_ratio_of_sums_and_no_mean_of_ratios() -> None:
    ratio = one_of("a / b", '"1"', a="additive", b="additive")
    found = over_window(ratio, days({"a": "10", "b": "1"}, {"a": "10", "b": "9"}))
    assert (found.value, found.days, found.days_without) == (2, 2, 0)
    assert found.leaves == {"quantity(a)": 20, "quantity(b)": 10}


def test_each_name_is_put_together_by_its_own_rule_or_by_the_window_around_it() -> None:
    level = one_of("a / b", '"1"', a="additive", b="gauge")
    assert over_window(level, days({"a": "10", "b": "1"}, {"a": "10", "b": "3"})).value == 10
    last = one_of("last(a / b)", '"1"', a="additive", b="gauge")
    assert over_window(last, days({"a": "10", "b": "1"}, {"a": "12", "b": "3"})).value == 4


@pytest.mark.parametrize(("aggregation", "said"), [("percentile", "is a percentile"), ("distinct", "counts different")])
def test_what_only_the_source_could_tell_of_several_days_is_empty_with_the_reason(aggregation: str, said: str) -> None:
    one = one_of("a", "USD", a=aggregation)
    assert over_window(one, days({"a": "5"})).value == 5
    value = over_window(one, days({"a": "5"}, {"a": "7"})).value
    assert isinstance(value, Missing)
    assert said in value.reason


def test_a_day_that_is_not_complete_or_lacks_a_part_does_not_count_and_is_told() -> None:
    ratio = one_of("a / b", '"1"', a="additive", b="additive")
    stored = days({"a": "10", "b": "5"}) | {
        DAY + timedelta(days=5): days({"a": "9", "b": "9"}, status="provisional")[DAY],
        DAY + timedelta(days=6): StoredDay(
            "complete", {"quantity(a)": {"value": "9"}, "quantity(b)": {"reason": "no b"}}
        ),
    }
    found = over_window(ratio, stored)
    assert (found.value, found.days, found.days_without) == (2, 1, 2)
    lacking = over_window(ratio, {day: of for day, of in stored.items() if of.reasons})
    assert lacking.value == Missing("no b")


CATALOGUE = """
business_day: {closes_after: PT0S}
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: orders}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: earned}
formulas:
  cost_of_earning:
    {formula: cost / revenue, of: cost_per_order, unit: percent, direction: lower, title: Cost of earning}
kpis:
  full_cost: {kpi: cost_per_unit, cost: all, units: order}
  commitment_utilisation: {}
  cost_visibility_delay: {}
  pipeline_jobs_waste: {}
  cost_variance: {variation: order}
dashboard: {everyone: viewer}
"""
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 14)


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Two weeks of 10 orders a day that earn 40; of a commitment 15 are used and 5 not, double from day 8."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 24, 9, tzinfo=UTC)
    shop.sql("create table public.orders (day date, orders numeric, earned numeric)")
    rows = []
    for n in range((LAST - FIRST).days + 1):
        day, times = FIRST + timedelta(days=n), 1 if n < 7 else 2
        shop.sql("insert into public.orders values (%s, 10, 40)", day)
        rows += [
            charge(
                ChargePeriodStart=f"{day}T10:00:00Z",
                ChargePeriodEnd=f"{day}T11:00:00Z",
                EffectiveCost=str(cost * times),
                CommitmentDiscountStatus=status,
                CommitmentDiscountId="cd-1",
            )
            for status, cost in (("Used", 15), ("Unused", 5))
        ]
    write_bill(shop.folder / "focus", *rows)
    assert shop.run(str(FIRST), str(LAST)).success
    return shop


def run(shop: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.chdir(shop.folder)
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE_URL", shop.url)
    monkeypatch.setenv("ORDERS_DATABASE_URL", shop.url)
    shop.deployment()
    done = CliRunner().invoke(main, list(words), standalone_mode=False)
    return done.exit_code, done.output


def test_formulas_and_kpis_are_told_on_the_page_and_by_the_commands(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = shop.deployment()
    rows = {row[0]: row[1:] for row in page_of(of, "/?window=7d").rows("Formulas")}
    assert "Cost of earning" not in rows, "it tells revenue"
    assert rows["Cost per unit"] == ["4", "2", "▲ up 100.0%", "USD / Order", "7 of 7"]
    assert rows["Commitment utilisation"] == ["75.0%", "75.0%", "±0.0 points", "", "7 of 7"]
    assert rows["Cost variance"][0] == "–"
    assert rows["Cost variance"][-1] == "only 14 of the last 28 days have a unit cost, and 21 are needed"
    shop.catalogue = CATALOGUE.replace("viewer", "finance")
    finance = {row[0]: row[1:] for row in page_of(shop.deployment(), "/?window=7d").rows("Formulas")}
    assert finance["Cost of earning"] == ["100.0%", "50.0%", "▲ up 50.0 points", "", "7 of 7"]

    over = ["--from", str(FIRST), "--to", str(LAST)]
    code, text = run(shop, monkeypatch, "value", "cost_of_earning", *over)
    assert (code, text.split("\n")[0]) == (0, "cost_of_earning  75 %")
    assert "cost(all)  420\n" in text
    assert "over 14 days" in text
    code, text = run(shop, monkeypatch, "value", "cost_variance", *over, "--json")
    assert (code, json.loads(text)["value"]) == (1, None)
    assert "are needed" in json.loads(text)["reason"]
    code, text = run(shop, monkeypatch, "value", "full_cost", *over, "--json")
    assert (code, json.loads(text)["value"], json.loads(text)["days"]) == (0, "3", 14)

    code, text = run(shop, monkeypatch, "kpis", "--format", "json")
    told: dict[str, Any] = json.loads(text)
    assert (code, list(told)) == (0, list(library()))
    assert told["commitment_utilisation"]["to_be_seen"] == [], "rules told Used apart already"
    assert told["commitment_coverage"]["to_be_seen"] == ["ServiceCategory", "PricingCategory"]
    assert told["cost_per_unit"]["parameters"] == {"cost": ["all"], "units": ["order"]}
    assert told["data_value_density"]["lacks"][0].startswith("value: what the data was worth")
    assert "lacks value: what the data was worth" in run(shop, monkeypatch, "kpis", "data_value_density")[1]


def test_the_platform_s_own_history_has_a_delay_and_the_seconds_of_its_attempts(shop: World) -> None:
    (delay,) = shop.sql("select value, inputs from unit_economics.cost_visibility_delay where business_date = %s", LAST)
    assert delay[0] > 0
    assert Decimal(delay[1]["history(cost_visibility_delay)"]["value"]) == delay[0]
    assert shop.sql("select distinct reason from unit_economics.pipeline_jobs_waste") == [
        ("history(run_seconds) is 0",)
    ], "no attempt began on these days of the past"


@pytest.mark.parametrize("name", NAMES)
def test_what_the_command_shows_to_paste_is_a_catalogue(name: str) -> None:
    assert load(library()[name].example.catalogue).formulas


def test_the_page_of_the_kpis_is_the_library() -> None:
    written = Path(__file__).parents[1] / "docs" / "kpis.md"
    assert written.read_text() == kpi_page(library()), "run: unit-economics kpis --format markdown > docs/kpis.md"
