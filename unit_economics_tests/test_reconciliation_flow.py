"""Invoices against the mart: what matches, what is explained, what is left, what a later correction leaves alone."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from unit_economics.business_days import DayRange
from unit_economics.definitions import code_location
from unit_economics.insight.differences import Item
from unit_economics.proof import proofs_of
from unit_economics.proof.proof import Judgement, Proved
from unit_economics.proof.reconciliation import NAME
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.warehouse import invoices, ledger
from unit_economics_tests.focus_bills import write_bill
from unit_economics_tests.invoiced_shop import FIRST, HEADER, LAST, billed, catalogue, every, invoice, opened, state
from unit_economics_tests.world import World

STANDS = "invoice_id, billed, amount, difference, unexplained, state"
ITEMS = "kind, amount, origin"


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Two charges of 50 on INV-9, and an invoice of 100."""
    shop = opened(world(catalogue()))
    state(shop, invoice("100"))
    return shop


def prove(shop: World) -> Proved:
    of = shop.deployment()
    (proof,) = [one for one in proofs_of(of) if one.name == NAME]
    return proof.prove(of.run("a run"))


def computed(shop: World) -> Proved:
    """September and October computed, and every invoice held against it."""
    assert shop.run(FIRST, "2024-10-14").success
    return prove(shop)


def stands(shop: World, columns: str = STANDS) -> list[tuple[object, ...]]:
    return list(every(shop, "reconciliations", columns))


def items(shop: World) -> list[tuple[object, ...]]:
    return shop.sql(f"select {ITEMS} from unit_economics.reconciliation_items where superseded_at is null order by 1")


def failed(proved: Proved) -> list[Judgement]:
    return [one for one in proved.judgements if not one.passed]


def explain(shop: World, amount: str, kind: str = "support", by: str = "Ada") -> None:
    with shop.deployment().warehouse.transaction() as connection:
        item: Any = Item(kind, Decimal(amount), "our contract", "hand")  # pyright: ignore[reportArgumentType]
        invoices.explain(connection, ("INV-9", "USD"), item, by)


def rows(shop: World) -> list[tuple[object, ...]]:
    """How many rows there are in every table that a proof writes."""
    tables = ("invoice", "reconciliation", "reconciliation_item", "invoice_explanation", "unreadable_source", "outbox")
    return [shop.sql(f"select count(*) from unit_economics.{table}")[0] for table in tables]


def test_an_invoice_of_what_was_billed_is_reconciled(shop: World) -> None:
    assert failed(computed(shop)) == []
    assert stands(shop) == [("INV-9", 100, 100, 0, 0, "reconciled")]
    assert stands(shop, "score, status, charge_rows, source, recorded_by") == [
        (1, "issued", 2, "csv", "./invoices.csv")
    ]


def test_an_invoice_that_is_higher_by_support_fails_until_somebody_says_so(shop: World) -> None:
    state(shop, invoice("100.40"))
    (wrong,) = failed(computed(shop))
    assert (wrong.check, wrong.severity, wrong.about) == ("invoice_reconciled", "error", "INV-9")
    assert "100.4 USD where 100 were billed; 0.4 are unexplained and 0.1004 may be" in wrong.text
    assert stands(shop) == [("INV-9", 100, Decimal("100.40"), Decimal("0.40"), Decimal("0.40"), "unexplained")]
    explain(shop, "0.40")
    assert failed(prove(shop)) == []
    assert stands(shop, "state, explained, unexplained") == [("explained", Decimal("0.40"), 0)]
    assert items(shop) == [("support", Decimal("0.40"), "hand")]
    assert every(shop, "reconciliation_versions", "state", "recorded_at") == [("unexplained",), ("explained",)]


def test_proving_twice_writes_nothing(shop: World) -> None:
    state(shop, invoice("100.40"))
    computed(shop)
    explain(shop, "0.40")
    prove(shop)
    before = rows(shop)
    prove(shop)
    explain(shop, "0.40")
    prove(shop)
    assert rows(shop) == before


def test_an_open_period_is_not_judged(shop: World) -> None:
    shop.run(FIRST, "2024-09-20")
    assert failed(prove(shop)) == []
    assert stands(shop, "state, reason") == [("open", "not stored or not complete yet: 2024-09-21 to 2024-09-30")]
    shop.now = datetime(2024, 9, 21, 9, tzinfo=UTC)
    prove(shop)
    assert stands(shop, "state, reason") == [("open", "its period is not over")]


def test_a_provisional_day_keeps_an_invoice_open(shop: World) -> None:
    shop.now = datetime(2024, 10, 2, 9, tzinfo=UTC)
    shop.run(FIRST, LAST)
    prove(shop)
    ((found, reason),) = stands(shop, "state, reason")
    assert found == "open"
    assert str(reason).startswith("not stored or not complete yet: 2024-09-2")


BEGINS_LATE = catalogue().replace("first_day: 2024-09-01", "first_day: 2024-09-11")


def test_a_mart_that_begins_inside_a_period_can_not_hold_the_invoice_and_lists_the_days(shop: World) -> None:
    shop.catalogue = BEGINS_LATE
    assert shop.run("2024-09-11", "2024-10-14").success
    assert failed(prove(shop)) == []
    absent = "days not in the mart: 2024-09-01 to 2024-09-10"
    assert stands(shop, "billed, difference, unexplained, state, reason") == [
        (50, None, None, "not_held", f"cannot be held: the mart has no days before 2024-09-11; {absent}")
    ]
    assert every(shop, "closed_invoices", "invoice_id") == []
    before = rows(shop)
    prove(shop)
    assert rows(shop) == before
    explain(shop, "50", "timing")
    prove(shop)
    assert stands(shop, "state, unexplained") == [("explained", 0)]


def test_a_mart_that_begins_after_a_period_holds_nothing_of_it_against_the_invoice(shop: World) -> None:
    shop.catalogue = BEGINS_LATE.replace("2024-09-11", "2024-10-01")
    assert shop.run("2024-10-01", "2024-10-14").success
    assert failed(prove(shop)) == []
    assert stands(shop, "billed, state, reason") == [
        (None, "not_held", "cannot be held: days not in the mart: 2024-09-01 to 2024-09-30")
    ]


def test_a_mart_that_begins_inside_a_period_and_holds_more_than_the_invoice_still_fails(shop: World) -> None:
    shop.catalogue = BEGINS_LATE
    state(shop, invoice("20"))
    assert shop.run("2024-09-11", "2024-10-14").success
    assert [one.check for one in failed(prove(shop))] == ["invoice_reconciled"]
    assert stands(shop, "difference, state") == [(-30, "unexplained")]


def test_a_provisional_invoice_only_warns(shop: World) -> None:
    state(shop, invoice("120", status="provisional"))
    (wrong,) = failed(computed(shop))
    assert (wrong.severity, stands(shop, "state")) == ("warning", [("provisional",)])


def test_an_invoice_that_only_the_bill_names_has_no_amount_and_is_never_its_own_proof(shop: World) -> None:
    state(shop)
    assert failed(computed(shop)) == []
    assert stands(shop) == [("INV-9", 100, None, None, None, "no_amount")]
    assert every(shop, "invoices", "source, issuer, billing_account_id, status") == [
        ("focus", "AWS", "42", "provisional")
    ]


def test_an_invoice_whose_number_no_charge_carries_goes_by_account_and_period(shop: World) -> None:
    other = billed(cost="7", BillingAccountId="43")
    bare = [{**row, "InvoiceId": ""} for row in (billed(), billed("2024-09-11"), other)]
    write_bill(shop.folder / "focus", *bare)
    state(shop, invoice("100", name="2024-77"), invoice("7", name="2024-78", account="43"))
    assert failed(computed(shop)) == []
    assert stands(shop) == [("2024-77", 100, 100, 0, 0, "reconciled"), ("2024-78", 7, 7, 0, 0, "reconciled")]


def test_two_invoices_that_ask_for_the_same_charges_get_none_of_them(shop: World) -> None:
    write_bill(shop.folder / "focus", billed(InvoiceId=""))
    state(shop, invoice("25", name="A"), invoice("25", name="B"))
    assert len(failed(computed(shop))) == 2
    assert stands(shop, "billed, state, reason")[0] == (
        None,
        "unexplained",
        "its charges carry no invoice, and B asks for the same ones",
    )


def test_charges_that_are_on_no_invoice_yet_explain_by_timing(shop: World) -> None:
    write_bill(shop.folder / "focus", billed(), billed("2024-09-11"), billed("2024-09-12", "9", InvoiceId=""))
    state(shop, invoice("109"))
    assert failed(computed(shop)) == []
    assert items(shop) == [("timing", 9, "charges")]


def test_charges_of_another_issuer_explain_a_marketplace(shop: World) -> None:
    bought = billed("2024-09-12", "9", InvoiceId="", InvoiceIssuerName="Red Hat")
    write_bill(shop.folder / "focus", billed(), billed("2024-09-11"), bought)
    state(shop, invoice("109"))
    computed(shop)
    assert items(shop) == [("marketplace", 9, "charges")]


def test_the_parts_that_an_invoice_states_are_held_against_the_charges(shop: World) -> None:
    tax = billed("2024-09-11", "5", ChargeCategory="Tax")
    write_bill(shop.folder / "focus", billed(), billed("2024-09-11"), tax)
    header = HEADER.replace("\n", ",tax,credits,support\n")
    (shop.folder / "invoices.csv").write_text(f"{header}{invoice('117')},19,-3,1\n")
    assert failed(computed(shop)) == []
    assert items(shop) == [("credits", -3, "invoice"), ("support", 1, "invoice"), ("tax", 14, "invoice")]


def test_a_correction_restates_its_day_and_never_a_closed_invoice(shop: World) -> None:
    computed(shop)
    before = every(shop, "reconciliation_versions", "*")
    assert len(every(shop, "reconciled_days", "business_date")) == 2
    late = billed(cost="-20", ChargeClass="Correction", InvoiceId="INV-10", BillingPeriodStart="2024-10-01T00:00:00Z")
    write_bill(shop.folder / "focus", billed(), billed("2024-09-11"), late)
    assert failed(computed(shop)) == []
    assert [row for row in every(shop, "reconciliation_versions", "*") if row[1] == "INV-9"] == list(before)
    assert shop.sql("select sum(billed_cost) from unit_economics.cloud_costs where business_date = '2024-09-10'") == [
        (30,)
    ]
    columns = "closed_invoice, business_date::text, billing_period::text, invoice_id, billed_cost"
    assert every(shop, "after_close", columns) == [("INV-9", "2024-09-10", "2024-10-01", "INV-10", -20)]
    assert every(shop, "reconciled_days", "business_date::text, provider_name, billed_cost") == [
        ("2024-09-11", "AWS", 50)
    ]


def test_a_correction_that_carries_the_closed_invoices_number_is_not_on_it(shop: World) -> None:
    late = billed(cost="-20", ChargeClass="Correction", BillingPeriodStart="2024-10-01T00:00:00Z")
    write_bill(shop.folder / "focus", billed(), billed("2024-09-11"), late)
    computed(shop)
    assert stands(shop, "billed, state") == [(100, "reconciled")]


def test_a_day_is_reconciled_only_where_every_charge_is_on_a_closed_invoice(shop: World) -> None:
    write_bill(shop.folder / "focus", billed(), billed("2024-09-11"), billed("2024-09-11", "1", InvoiceId="INV-8"))
    state(shop, invoice("100"), invoice("1", name="INV-8", status="provisional"))
    computed(shop)
    assert every(shop, "reconciled_days", "business_date::text") == [("2024-09-10",)]
    state(shop, invoice("100"), invoice("1", name="INV-8", status="paid"))
    prove(shop)
    assert every(shop, "reconciled_days", "business_date::text") == [("2024-09-10",), ("2024-09-11",)]


def closed_days(shop: World) -> list[str]:
    query = "select business_date::text from unit_economics.day_versions where asset = 'cloud_costs'"
    return [day for (day,) in shop.sql(f"{query} and status = 'closed' and superseded_at is null order by 1")]


def test_a_day_with_charges_that_can_not_be_read_by_invoice_is_never_closed(shop: World) -> None:
    shop.run(FIRST, "2024-10-14")
    shop.sql(
        "insert into unit_economics.charge_day (asset, business_date, version, provider_name, charge_category, tags,"
        " billing_currency, billed_cost, charge_rows) values"
        " ('cloud_costs', '2024-09-10', 1, 'Desk', 'Usage', '{}', 'USD', 7, 1)"
    )
    prove(shop)
    assert closed_days(shop) == ["2024-09-11"]


def test_a_day_that_is_being_read_right_now_is_closed_another_morning_and_the_reading_stands(shop: World) -> None:
    shop.run(FIRST, "2024-10-14")
    of, day = shop.deployment(), date(2024, 9, 10)
    reading = ledger.begin(of.warehouse, "cloud_costs", DayRange(day, day), of.run("slow"))
    prove(shop)
    assert closed_days(shop) == ["2024-09-11"]
    with of.warehouse.transaction() as connection:
        assert ledger.fence(connection, reading) == {}
        ledger.commit(connection, reading, ledger.NOT_TOLD)
    prove(shop)
    assert closed_days(shop) == ["2024-09-10", "2024-09-11"]


def test_an_invoice_that_is_void_or_withdrawn_closes_nothing(shop: World) -> None:
    computed(shop)
    state(shop, invoice("100", status="void"))
    prove(shop)
    assert stands(shop, "state") == [("void",)]
    assert every(shop, "reconciled_days", "business_date") == []
    state(shop)
    prove(shop)
    assert stands(shop, "state, source") == [("no_amount", "focus")]


def test_a_source_that_states_no_invoices_is_listed_and_its_share_is_empty_not_0(shop: World) -> None:
    text = catalogue().replace("cost_sources:\n", "cost_sources:\n  desk: {kind: vantage, cost_report: rprt_1}\n")
    shop.run(FIRST, "2024-10-14")
    shop.catalogue = text
    state(shop, invoice("70", name="V-1", account="99"))
    (wrong, silent) = failed(prove(shop))
    assert "V-1" in wrong.text
    assert stands(shop, "invoice_id, billed, state, reason")[1] == (
        "V-1",
        None,
        "unexplained",
        "no charge is on it, and desk could not be read by invoice",
    )
    assert (silent.check, silent.severity) == ("sources_readable", "warning")
    assert every(shop, "unreadable_sources", "source, reason") == [
        ("desk", "a source of kind vantage does not state by which invoice a charge is billed")
    ]
    shop.catalogue = catalogue()
    prove(shop)
    assert every(shop, "unreadable_sources", "source") == []
    assert stands(shop, "invoice_id, billed, unexplained")[1] == ("V-1", 0, 70)


def test_a_day_that_is_red_is_listed_as_unreadable(shop: World) -> None:
    shop.run(FIRST, "2024-10-14")
    write_bill(shop.folder / "focus", billed(), billed("2024-09-11", BillingPeriodStart="soon"))
    shop.run("2024-09-11", "2024-09-11")
    prove(shop)
    ((source, reason),) = every(shop, "unreadable_sources", "source, reason")
    assert source == "invoiced_costs"
    assert str(reason).startswith("2024-09-11: ")
    assert "field BillingPeriodStart: 'soon' is no date and time" in str(reason)


def test_a_wrong_row_of_the_file_is_refused_and_nothing_is_changed(shop: World) -> None:
    computed(shop)
    before = rows(shop)
    state(shop, invoice("200", name="INV-8"), invoice("many"))
    with pytest.raises(Refusal, match=r"invoices\.csv, line 3, field amount: 'many' is not an amount"):
        prove(shop)
    assert rows(shop) == before


def test_a_file_that_is_not_there_is_refused_and_is_never_no_invoices(shop: World) -> None:
    (shop.folder / "invoices.csv").unlink()
    with pytest.raises(UsageRefusal, match="can't be read"):
        prove(shop)


def test_the_proof_is_an_asset_whose_red_check_is_told_to_people_once(shop: World) -> None:
    state(shop, invoice("130"))
    shop.run(FIRST, "2024-10-14")
    found = [one for one in code_location(shop.deployment()).assets or () if isinstance(one, dg.AssetsDefinition)]
    (asset,) = [one for one in found if one.key.to_user_string() == NAME]
    for _ in range(2):
        result = dg.materialize([asset], instance=shop.instance)
        by_name = {one.check_name: one for one in result.get_asset_check_evaluations()}
        assert {name: one.passed for name, one in by_name.items()} == {
            "invoice_reconciled": False,
            "sources_readable": True,
        }
    told = shop.sql("select title, body from unit_economics.outbox where cause like 'proof/%'")
    assert len(told) == 1
    assert "invoice explain INV-9" in told[0][1]
    (shown,) = result.asset_materializations_for_node(NAME)
    assert "| INV-9 | 2024-09 | 100 | 130 | USD |" in str(shown.metadata["reconciliations"].value)


def test_a_month_in_another_zone_needs_the_days_that_its_charges_can_be_on(shop: World) -> None:
    shop.catalogue = shop.catalogue.replace(
        "{first_day: 2024-09-01}", "{first_day: 2024-08-01, timezone: America/Lima}"
    )
    early = billed(cost="1", ChargePeriodStart="2024-09-01T01:00:00Z", ChargePeriodEnd="2024-09-01T02:00:00Z")
    write_bill(shop.folder / "focus", billed(cost="99"), early)
    shop.run(FIRST, "2024-10-14")
    prove(shop)
    assert stands(shop, "state, reason") == [("open", "not stored or not complete yet: 2024-08-31")]
    shop.run("2024-08-31", "2024-08-31")
    prove(shop)
    assert stands(shop, "state, billed") == [("reconciled", 100)]
    assert date(2024, 8, 31) in [row[0] for row in every(shop, "reconciled_days", "business_date")]
