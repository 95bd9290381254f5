"""`catalogue diff` of what is made of units and charges: rates, margins, formulas, slices, what targets pay."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner, Result

from unit_economics.cli import main
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.test_cli_catalogue_diff import everything, told
from unit_economics_tests.world import World

DAYS = ["2026-03-01", "2026-03-02"]
SOURCE = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: %s}"
CATALOGUE = f"""
currency: EUR
cost_sources:
  bill: {{kind: focus, path: ./focus}}
exchange_rates: {{kind: file, path: ./rates.csv, source: ECB}}
dimensions:
  service: {{column: service_name}}
cost_scopes:
  all: {{}}
  storage: {{where: {{service_name: S3}}}}
  team:
    allocation:
      rules: [{{to: pool, where: {{service_name: S3}}}}, {{to: web, where: {{service_name: EC2}}}}]
      shared: [{{cost_of: pool, among: [web], by: even}}]
metrics:
  cost_per_order:
    unit: Order
    units:
      kind: postgres
      dsn: ORDERS_DATABASE_URL
      relation: public.orders
      day: day
      quantity: orders
      dimensions: {{method: method}}
    cost: [all, storage]
    revenue: {{gross: {SOURCE % "gross"}, currency: USD}}
    fees: [card]
    slices:
      service: {{by: [service], units_by: whole}}
fees:
  card: {{source: A price list, by: method, prices: {{visa: [{{since: 2026-01-01, amount: 0.10}}]}}}}
quantities:
  worth: {{unit: EUR, source: {SOURCE % "worth"}}}
formulas:
  density: {{formula: worth / cost(all), unit: "1"}}
  twice: {{formula: 2 * density, unit: "1"}}
  share: {{formula: cost(team:web) / cost(team), unit: percent}}
  earning: {{formula: revenue(order) / units(order), unit: EUR / Order}}
  delay: {{formula: history(cost_visibility_delay), unit: hour}}
  restless: {{formula: variation(order), unit: "1"}}
"""


@pytest.fixture
def shop(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """Two days of 100 orders that earned USD 1000, worth 40; a bill of USD 12 and 8; USD 2 are EUR 1."""
    shop = world(CATALOGUE)
    shop.sql("create table public.orders (day date, method text, orders int, gross int, worth int)")
    for day in DAYS:
        shop.sql("insert into public.orders values (%s, 'visa', 100, 1000, 40)", day)
    rates(shop, "0.5")
    times = [{"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"} for day in DAYS]
    costs = [("EC2", "12"), ("S3", "8")]
    write_bill(
        shop.folder / "focus",
        *(
            charge(**when, ServiceName=service, EffectiveCost=cost, BilledCost="9")
            for when in times
            for service, cost in costs
        ),
    )
    assert shop.run(DAYS[0], DAYS[-1]).success
    monkeypatch.chdir(shop.folder)
    for name in ("ORDERS_DATABASE_URL", "UNIT_ECONOMICS_DATABASE_URL"):
        monkeypatch.setenv(name, shop.url)
    monkeypatch.delenv("UNIT_ECONOMICS_CATALOGUE", raising=False)
    return shop


def rates(shop: World, rate: str, name: str = "rates.csv") -> None:
    rows = [f"{day},USD,{rate}" for day in DAYS]
    (shop.folder / name).write_text("\n".join(["date,currency,rate", *rows, ""]))


def diff(shop: World, old: str, new: str, *words: str) -> Result:
    """The diff from the shop's catalogue to one with `new` in place of `old`."""
    assert CATALOGUE.count(old) == 1
    (shop.folder / "before.yaml").write_text(CATALOGUE)
    (shop.folder / "unit_economics.yaml").write_text(CATALOGUE.replace(old, new))
    return CliRunner().invoke(main, ["catalogue", "diff", "--against", "before.yaml", *words])


def document(shop: World, old: str, new: str) -> dict[str, Any]:
    return told(diff(shop, old, new, "--format", "json"))


def values(found: dict[str, Any], asset: str) -> dict[str, set[tuple[Any, Any]]]:
    """What changes of an asset: before and after, the same on both days."""
    changes: dict[str, set[tuple[Any, Any]]] = {}
    for one in found["values"]:
        if one["asset"] == asset:
            changes.setdefault(one["what"], set()).add((number(one["old"]), number(one["new"])))
    return changes


def number(value: dict[str, Any] | None) -> Decimal | None:
    return Decimal(value["number"]) if value and value["number"] is not None else None


def test_what_is_told_as_before_is_what_is_stored(shop: World) -> None:
    rates(shop, "1", "other.csv")
    found = document(shop, "path: ./rates.csv", "path: ./other.csv")
    stored = {
        "density": "select value from unit_economics.density",
        "finance_earning": "select value from unit_economics.finance_earning",
    }
    for asset, query in stored.items():
        assert {before for before, _ in values(found, asset)["value"]} == {row[0] for row in shop.sql(query)}
    parts = "net_revenue, fees, fully_loaded_cost, contribution_margin, contribution_margin_percent"
    margin = dict(zip(parts.split(", "), shop.sql(f"select {parts} from unit_economics.unit_margins")[0], strict=True))
    told_before = {what: before for what, ((before, _),) in values(found, "margin_per_order").items()}
    assert {what: value for what, value in margin.items() if what in told_before} == {
        what: value for what, value in told_before.items() if what in margin
    }
    assert told_before["contribution_margin"] == 480  # 500 - 10 - 10
    cells = {(one["cell"], one["old"]["cost"], one["old"]["quantity"]) for one in found["slices"]}
    query = "select 'service ' || dimensions::text, cost::text, quantity::text from unit_economics.unit_cost_slices"
    assert {(name, Decimal(cost), Decimal(quantity)) for name, cost, quantity in cells} == {
        (name, Decimal(cost), Decimal(quantity)) for name, cost, quantity in shop.sql(query)
    }


def test_another_source_of_rates_recomputes_all_that_is_converted(shop: World) -> None:
    rates(shop, "1", "other.csv")
    found = document(shop, "path: ./rates.csv", "path: ./other.csv")
    costs = {(one["scope"], Decimal(one["old"]["cost"]), Decimal(one["new"]["cost"])) for one in found["numbers"]}
    assert costs == {("all", 10, 20), ("storage", 4, 8)}
    assert values(found, "exchange_rates") == {"USD": {(Decimal("0.5"), 1)}}
    assert values(found, "density") == {"value": {(4, 2)}}
    assert values(found, "finance_earning") == {"value": {(5, 10)}}
    assert values(found, "margin_per_order")["net_revenue"] == {(500, 1000)}


def test_a_day_without_a_rate_is_left_out_with_the_reason(shop: World) -> None:
    (shop.folder / "other.csv").write_text(f"date,currency,rate\n{DAYS[0]},USD,0.5\n")
    found = document(shop, "path: ./rates.csv", "path: ./other.csv")
    lost = {one["metric"]: one["reason"] for one in found["not_recomputed"]}
    assert {one["day"] for one in found["not_recomputed"]} == {DAYS[1]}
    assert lost["cost_per_order"].startswith("no rate of USD to EUR on 2026-03-02")
    assert set(lost) == {
        "cost_per_order",
        "cost_per_order_slices",
        "margin_per_order",
        "density",
        "twice",
        "share",
        "finance_earning",
    }
    assert found["numbers"] == []
    assert diff(shop, "path: ./rates.csv", "path: ./other.csv").exit_code == 1


def test_a_formula_and_what_stands_on_it_are_recomputed_and_nothing_else(shop: World) -> None:
    before = everything(shop)
    done = diff(shop, "worth / cost(all)", "worth / cost(storage)", "--format", "json")
    found = told(done)
    assert (done.exit_code, found["numbers"], found["slices"], found["not_compared"]) == (1, [], [], [])
    assert {one["asset"] for one in found["values"]} == {"density", "twice"}
    assert values(found, "density") == {"value": {(4, 10)}}
    assert values(found, "twice") == {"value": {(8, 20)}}
    assert {Decimal(one["percent"]) for one in found["values"]} == {150}
    assert everything(shop) == before


def test_a_formula_written_in_another_way_is_0_where_its_values_stay(shop: World) -> None:
    done = diff(shop, "2 * density", "density * 4 / 2")
    assert (done.exit_code, "no number that could be recomputed did" in done.stdout) == (0, True)


def test_a_formula_is_shown_in_text_and_in_markdown(shop: World) -> None:
    text = diff(shop, "2 * density", "3 * density").stdout
    assert "Other numbers of each day" in text
    assert "value (1)" in text
    assert "+50.00 %" in text
    markdown = diff(shop, "2 * density", "3 * density", "--format", "markdown").stdout
    assert "| day | asset | number | before | after | change |" in markdown


def test_a_new_formula_is_shown_on_stored_days_and_rewrites_nothing(shop: World) -> None:
    done = diff(shop, "formulas:\n", "formulas:\n  third: {formula: cost(all) / 3, unit: EUR}\n", "--format", "json")
    assert (done.exit_code, values(told(done), "third").keys()) == (0, {"value"})


def test_a_formula_that_goes_away_is_a_change(shop: World) -> None:
    done = diff(shop, '  twice: {formula: 2 * density, unit: "1"}\n', "", "--format", "json")
    assert (done.exit_code, values(told(done), "twice")) == (1, {"value": {(8, None)}})


def test_a_quantity_is_recomputed_with_the_formulas_that_name_it(shop: World) -> None:
    found = document(shop, SOURCE % "worth", SOURCE % "orders")
    assert values(found, "quantity_worth") == {"all": {(40, 100)}}
    assert values(found, "density") == {"value": {(4, 10)}}


def test_another_price_recomputes_the_margin_and_no_unit_cost(shop: World) -> None:
    found = document(shop, "amount: 0.10", "amount: 0.30")
    assert (found["numbers"], {one["asset"] for one in found["values"]}) == ([], {"margin_per_order"})
    changes = values(found, "margin_per_order")
    assert changes["fees"] == {(10, 30)}
    assert changes["contribution_margin"] == {(480, 460)}
    assert "net_revenue" not in changes


def test_a_price_that_is_not_known_on_a_day_leaves_the_day_out(shop: World) -> None:
    found = document(shop, "since: 2026-01-01", "since: 2026-03-02")
    [lost] = found["not_recomputed"]
    assert (lost["metric"], lost["day"], "has no price" in lost["reason"]) == ("margin_per_order", DAYS[0], True)


def test_revenue_is_recomputed_with_the_margin_and_the_formulas_that_rest_on_it(shop: World) -> None:
    found = document(shop, "currency: USD", "currency: EUR")
    assert values(found, "margin_per_order")["net_revenue"] == {(500, 1000)}
    assert values(found, "finance_earning") == {"value": {(5, 10)}}
    assert {one["unit"] for one in found["values"] if one["asset"] == "daily_order_revenue"} == {"USD", "EUR"}


def test_every_cell_of_a_slice_that_changes_is_told_and_how_many_do(shop: World) -> None:
    text = diff(shop, "service: {column: service_name}", "service: {column: service_name, values: {compute: [EC2]}}")
    assert (text.exit_code, "The cells of slices" in text.stdout) == (1, True)
    found = document(
        shop, "service: {column: service_name}", "service: {column: service_name, values: {compute: [EC2]}}"
    )
    cells = {(one["cell"], one["old"] is None, one["new"] is None) for one in found["slices"]}
    assert cells == {('service {"service": "EC2"}', False, True), ('service {"service": "compute"}', True, False)}
    assert found["cells"] == [{"slices": "cost_per_order_slices", "name": "service", "cells": 6, "changed": 4}]
    assert found["numbers"] == []


def test_what_targets_pay_is_told_where_no_unit_cost_rests_on_it(shop: World) -> None:
    found = document(shop, "      shared: [{cost_of: pool, among: [web], by: even}]\n", "")
    assert found["numbers"] == []
    assert values(found, "allocated_costs") == {"team:web": {(20, 12)}, "team:pool": {(0, 8)}}
    assert values(found, "share") == {"value": {(1, Decimal("0.6"))}}


def test_another_choice_of_a_key_is_told_though_the_declared_one_stays(shop: World) -> None:
    found = document(shop, "among: [web], by: even}", "among: [web], by: even, or_by: {direct: {weights: {web: 2}}}}")
    assert all(what.endswith(" by direct") for what in values(found, "allocated_costs"))
    assert found["values"]


def test_a_formula_over_28_days_that_would_all_change_is_not_compared_and_told(shop: World) -> None:
    done = diff(shop, "  all: {}\n", "  all: {basis: billed}\n", "--format", "json", "--allow-change")
    assert [one["name"] for one in told(done)["not_compared"]] == ["restless"]
    assert "restless" not in {one["asset"] for one in told(done)["values"]}
    text = diff(shop, "  all: {}\n", "  all: {basis: billed}\n").stdout
    assert "Not compared: restless means something else now: it rests on 28 days of cost_per_order" in text


def test_a_formula_over_28_days_of_a_unit_cost_that_stays_is_no_change(shop: World) -> None:
    done = diff(shop, "  all: {}\n", "  all: {where: {service_name: [EC2, S3]}}\n", "--format", "json")
    assert (done.exit_code, told(done)["not_compared"], told(done)["values"]) == (0, [], [])


def test_the_platforms_own_history_is_the_same_under_both(shop: World) -> None:
    done = diff(shop, "formula: history(cost_visibility_delay)", "formula: history(cost_visibility_delay) * 2")
    assert (done.exit_code, "+100.00 %" in done.stdout) == (1, True)


def test_another_name_of_the_same_unit_changes_no_number(shop: World) -> None:
    earning = CATALOGUE[CATALOGUE.index("  earning: ") : CATALOGUE.index("  delay: ")]
    old, new = CATALOGUE.replace(earning, ""), CATALOGUE.replace(earning, "").replace("unit: Order\n", "unit: Basket\n")
    (shop.folder / "before.yaml").write_text(old)
    (shop.folder / "unit_economics.yaml").write_text(new)
    done = CliRunner().invoke(main, ["catalogue", "diff", "--against", "before.yaml", "--format", "json"])
    found = told(done)
    assert [found["numbers"], found["slices"], found["values"]] == [[], [], []]
    assert (done.exit_code, found["not_compared"]) == (0, [])
