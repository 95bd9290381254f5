"""The bill by invoice in the mart: through the ledger as every other day, and exactly what the charges are."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from click.testing import CliRunner

from unit_economics.automation import find_gaps
from unit_economics.cli import main
from unit_economics.graph import graph_of
from unit_economics_tests.focus_bills import write_bill
from unit_economics_tests.invoiced_shop import FIRST, LAST, billed, catalogue, every, opened
from unit_economics_tests.world import World


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    return opened(world(catalogue("{}")))


def differences(shop: World) -> list[tuple[object, ...]]:
    """Days and currencies on which the two cuts of the bill are not the same."""
    sums = """select business_date, billing_currency, sum(billed_cost), sum(charge_rows) from unit_economics.%s
        group by 1, 2"""
    one, other = sums % "cloud_costs", sums % "invoiced_costs"
    return shop.sql(f"(({one}) except ({other})) union all (({other}) except ({one}))")


def test_every_day_adds_up_to_its_charges_exactly(shop: World) -> None:
    write_bill(shop.folder / "focus", billed(cost="0.000000000001"), billed(InvoiceId="", BillingCurrency="EUR"))
    assert shop.run(FIRST, LAST).success
    assert differences(shop) == []
    found = every(shop, "invoiced_costs", "business_date::text, invoice_id, billing_period::text, billed_cost", "4")
    assert found == [
        ("2024-09-10", "INV-9", "2024-09-01", Decimal("0.000000000001")),
        ("2024-09-10", None, "2024-09-01", 50),
    ]


def test_the_same_bill_again_writes_nothing_and_another_one_a_new_version(shop: World) -> None:
    shop.run(FIRST, LAST)
    versions = every(shop, "day_versions", "count(*)")
    shop.run(FIRST, LAST)
    assert every(shop, "day_versions", "count(*)") == versions
    write_bill(shop.folder / "focus", billed(cost="51"), billed("2024-09-11"))
    assert shop.run(FIRST, LAST).success
    assert shop.sql(
        "select version, status from unit_economics.day_versions where asset = 'invoiced_costs'"
        " and business_date = '2024-09-10' and superseded_at is null"
    ) == [(2, "restated")]
    assert differences(shop) == []


def test_a_bill_that_changes_between_the_two_readings_keeps_the_day_out(shop: World) -> None:
    shop.run(FIRST, LAST, "cloud_costs")
    write_bill(shop.folder / "focus", billed(cost="51"), billed("2024-09-11"))
    assert not shop.run("2024-09-10", "2024-09-10", "invoiced_costs").success
    ((failures,),) = shop.sql("select failures from unit_economics.gate where not passed")
    assert failures[0]["check"] == "conservation"
    assert "by invoice USD has 51 billed in 1 charges, cloud_costs holds 50 billed in 1 charges" in failures[0]["what"]
    shop.run(FIRST, LAST)
    assert shop.sql("select count(*) from unit_economics.gate where not passed") == [(0,)]


def test_a_day_whose_charges_became_others_is_read_by_invoice_again(shop: World) -> None:
    shop.run(FIRST, LAST)
    write_bill(shop.folder / "focus", billed(cost="51"), billed("2024-09-11"))
    shop.run("2024-09-10", "2024-09-10", "cloud_costs")
    missing = find_gaps(shop.deployment()).missing["invoiced_costs"]
    assert [str(day) for day in missing if str(day) <= LAST] == ["2024-09-10"]


def test_without_reconciliation_there_is_no_such_asset_and_no_definition_moves(
    shop: World, world: Callable[..., World]
) -> None:
    with_it = graph_of(shop.deployment().catalogue)
    without = graph_of(world(catalogue("{}").rpartition("reconciliation")[0]).deployment().catalogue)
    assert with_it.keys() - without.keys() == {"invoiced_costs"}
    assert {name: with_it[name].definition for name in without} == {
        name: one.definition for name, one in without.items()
    }


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [("reconciliation: {}", "reconciliation: {tolerance: 0.01}", ["tolerance"]), ("{}\n", "null\n", [])],
)
def test_a_changed_rule_is_told_and_moves_no_number(
    shop: World, monkeypatch: pytest.MonkeyPatch, old: str, new: str, fields: list[str]
) -> None:
    shop.run(FIRST, LAST)
    for name in ("ORDERS_DATABASE_URL", "UNIT_ECONOMICS_DATABASE_URL"):
        monkeypatch.setenv(name, shop.url)
    before, after = shop.folder / "before.yaml", shop.folder / "after.yaml"
    before.write_text(shop.catalogue)
    after.write_text(shop.catalogue.replace(old, new))
    words = ["catalogue", "--config", str(after), "diff", "--against", str(before), "--format", "json"]
    found = CliRunner().invoke(main, words)
    assert found.exit_code in (0, 1), found.output
    document = json.loads(found.stdout)
    assert [(one["section"], one["fields"]) for one in document["entries"]] == [("reconciliation", fields)]
    assert (document["ok"], document["numbers"]) == (True, [])
