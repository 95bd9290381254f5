"""What a catalogue says of money: each form of revenue, rates, fees, margins, and every mistake with its line."""

from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from unit_economics.catalogue import Catalogue
from unit_economics.catalogue_file import catalogue_schema
from unit_economics.entries.revenue import Revenue
from unit_economics.environment import KINDS, deployment, parsed_catalogue
from unit_economics.graph import graph_of
from unit_economics.refusals import UsageRefusal

FIRST = """\
currency: EUR
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  product: {allocation: {rules: [{to: cart, where: {service_name: Compute}}]}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
    publish: {vantage: {business_metric: ORDERS_METRIC_ID}}
"""
PLAIN = """\
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.daily_revenue, day: date, quantity: revenue}
"""
SOURCE = "{kind: postgres, dsn: SHOP, relation: public.money, day: date, quantity: %s}"
PARTS = f"""\
    revenue:
      gross: {SOURCE % "gross"}
      refunds: {SOURCE % "refunds"}
      currency: USD
      refunds_basis: order_date
"""
RATES = "exchange_rates: {kind: file, path: ./rates.csv, source: ECB reference rates, carry: P4D}\n"
FEES = """\
fees:
  card:
    source: Stripe's price list
    prices:
      - {since: 2026-01-01, until: 2026-03-01, amount: 0.25, percent_of_revenue: 1.4}
      - {since: 2026-03-01, amount: 0.3}
"""
CHARGED = "    fees: [card]\n"
RELEASED = {
    "cloud_costs": "8c43967656cb",
    "daily_orders": "067a1ccdf6cc",
    "allocated_costs": "ad276ab76ec6",
    "cost_per_order": "deef61637d64",
    "vantage_business_metric": "",
    "daily_order_revenue": "fa2903181519",
}
"""What every asset of `FIRST + PLAIN` meant before there was any of this."""


def read(text: str) -> Catalogue:
    return parsed_catalogue(text, "c.yaml")


def refused(text: str) -> str:
    with pytest.raises(UsageRefusal) as caught:
        read(text)
    return str(caught.value)


def definitions(text: str) -> dict[str, str]:
    return {name: node.definition for name, node in graph_of(read(text)).items()}


def test_an_upgrade_changes_no_definition_and_brings_no_asset() -> None:
    assert definitions(FIRST + PLAIN) == RELEASED


def test_a_changed_definition_would_be_caught() -> None:
    assert definitions(FIRST + PLAIN + RATES)["cost_per_order"] != RELEASED["cost_per_order"]


def test_components_are_read_with_the_registered_classes_and_bring_a_margin() -> None:
    catalogue = read(FIRST + PARTS + CHARGED + RATES + FEES)
    revenue = catalogue.metrics["cost_per_order"].revenue
    assert type(revenue) is Revenue
    assert list(revenue.components) == ["gross", "refunds"]
    graph = graph_of(catalogue)
    assert (graph["daily_order_revenue"].unit, graph["exchange_rates"].inputs) == ("USD", ())
    made_of = ["daily_orders", "daily_order_revenue", "cost_per_order", "exchange_rates"]
    assert list(graph["margin_per_order"].inputs) == made_of
    assert "exchange_rates" in graph["cost_per_order"].inputs


def test_the_basis_and_every_price_are_part_of_what_a_margin_means() -> None:
    one = definitions(FIRST + PARTS + CHARGED + RATES + FEES)
    for old, new in (
        ("order_date", "event_date"),
        ("amount: 0.3", "amount: 0.4"),
        ("until: 2026-03-01", "until: 2026-02-01"),
    ):
        other = definitions((FIRST + PARTS + CHARGED + RATES + FEES).replace(old, new))
        assert other["margin_per_order"] != one["margin_per_order"], old
        assert other["cost_per_order"] == one["cost_per_order"]


def test_a_catalogue_with_all_of_it_compares_and_is_valid_by_the_schema_for_editors() -> None:
    text = FIRST + PARTS + CHARGED + "    margin: {variable: 'product:cart'}\n" + RATES + FEES
    assert read(text) == read(text)
    schema = catalogue_schema(KINDS)
    validator = Draft202012Validator(schema)
    for good in (text.replace("2026-0", "'2026-0").replace("-01,", "-01',"), FIRST + PLAIN):
        assert validator.is_valid(YAML(typ="safe", pure=True).load(good))
    for old, new in (("gross:", "grossed:"), ("kind: file", "kind: fil"), ("carry:", "carries:")):
        assert not validator.is_valid(YAML(typ="safe", pure=True).load(text.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "quantity: gross}",
            "quantitty: gross}",
            ":13:77 metrics.cost_per_order.revenue.gross.quantitty: unknown key; did",
        ),
        (
            "{kind: postgres, dsn: SHOP, relation: public.money, day: date, quantity: gross",
            "{kind: postgre",
            ":13:7 metrics.cost_per_order.revenue.gross: unknown kind",
        ),
        ("      gross:", "      gros:", ":13:7 metrics.cost_per_order.revenue.gros: unknown key; did you mean `gross`"),
        ("currency: USD", "currency: USX", ":15:17 metrics.cost_per_order.revenue.currency: 'USX' is no currency"),
        ("      refunds_basis: order_date\n", "", ":14:7 metrics.cost_per_order.revenue.refunds: `refunds_basis` is"),
        (
            "basis: order_date",
            "basis: some_date",
            ":16:22 metrics.cost_per_order.revenue.refunds_basis: must be 'order",
        ),
        (
            RATES,
            "",
            ":15:17 metrics.cost_per_order.revenue.currency: USD is not the catalogue's currency; declare `exch",
        ),
        ("kind: file", "kind: fil", "exchange_rates: unknown kind; did you mean `file`"),
        ("path: ./rates.csv, ", "", "exchange_rates.path: is missing"),
        ("carry: P4D", "carry: PT4H", "exchange_rates.carry: must be whole days"),
        (
            "fees: [card]",
            "fees: [cart]",
            "fees.0: no fee is called 'cart'; did you mean `card`? there is card",
        ),
        ("fees: [card]", "fees: [card, card]", "metrics.cost_per_order.fees.1: 'card' is named twice"),
        (
            "2026-03-01, amount: 0.3",
            "2026-02-28, amount: 0.3",
            ":24:9 fees.card.prices.1: it begins on 2026-02-28 while",
        ),
        ("amount: 0.3", "amount: -0.3", ":24:37 fees.card.prices.1.amount: must be greater than or equal to 0"),
        ("- {since: 2026-03-01, ", "- {", ":24:9 fees.card.prices.1.since: is missing"),
        ("    prices:", "    by: region\n    prices:", "fees.card.prices: with `by`, `prices` holds a list for every"),
    ],
)
def test_a_mistake_in_money_is_named_with_its_line(old: str, new: str, said: str) -> None:
    text = FIRST + PARTS + CHARGED + RATES + FEES
    assert old in text
    assert said in refused(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (CHARGED, "metrics.cost_per_order.fees: a margin needs `revenue` beside `units`"),
        (
            PLAIN + "    margin: {variable: product}\n",
            "margin.variable: 'product' is no cost scope of this metric that is",
        ),
        (PLAIN + "    margin: {run: all}\n    cost: product\n", "margin.run: 'all' is no cost scope of this metric"),
        (PLAIN + "    margin: {}\n    cost: product\n", "margin: every cost scope is split, so say which one is"),
        (
            PARTS.replace("      currency: USD\n", "").replace("quantity: gross}", "quantity: gross, segment: shop}"),
            "gross: a",
        ),
    ],
)
def test_a_margin_that_can_not_be_meant_is_refused(entry: str, said: str) -> None:
    assert said in refused(FIRST + entry + FEES)


def test_a_fee_by_a_dimension_needs_that_dimension_and_no_part_of_revenue() -> None:
    lists = "    prices:\n      visa: [{since: 2026-01-01, amount: 0.1}]\n"
    by = f"fees:\n  card:\n    source: list\n    by: method\n{lists}"
    assert "'card' is by method, which is no dimension of `units`" in refused(FIRST + PLAIN + CHARGED + by)
    told = FIRST.replace("quantity: total_orders}", "quantity: total_orders, dimensions: {method: paid_by}}")
    assert read(told + PLAIN + CHARGED + by).fees["card"].by == "method"
    share = by.replace("amount: 0.1", "percent_of_revenue: 1")
    assert "take `percent_of_revenue` out" in refused(told + PLAIN + CHARGED + share)
    twice = by.replace("amount: 0.1}", "amount: 0.1}, {since: 2026-02-01}")
    assert "c.yaml:19:48 fees.card.prices.visa.1: it begins on 2026-02-01" in refused(told + PLAIN + CHARGED + twice)


def test_a_deployment_with_all_of_it_tells_its_variables_and_days(tmp_path: Path) -> None:
    path = tmp_path / "unit_economics.yaml"
    path.write_text(FIRST + PARTS.replace("quantity: refunds", "quantity: refunds, covers_from: 2026-02-01") + RATES)
    of = deployment({}, path)
    assert of.definition("margin_per_order")
    assert [of.expects("daily_order_revenue", date(2026, month, 1)) for month in (1, 2)] == [False, True]
