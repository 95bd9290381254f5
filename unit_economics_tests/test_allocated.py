"""Whatever the rules, the shares and the bill: targets and `unallocated` together are the bill, to the last decimal.

Here: the scan and the division together, 300 random rule sets on random bills. Not here: the same on Spark
(machines/), the meaning of a rule (test_rules.py).
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.allocation.allocated import allocated_costs, target_costs
from unit_economics.allocation.double_entry import Quantities
from unit_economics.allocation_checks import allocation_findings
from unit_economics.catalogue import Catalogue
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.entries.adapters import Kept
from unit_economics.entries.allocation import UNALLOCATED
from unit_economics.promises import CONSERVATION
from unit_economics.unit_sources.postgres import PostgresUnits
from unit_economics_tests.focus_bills import DAY, charge, read_bill, write_bill
from unit_economics_tests.test_rules import allocations, charges

UNITS = PostgresUnits(kind="postgres", dsn="ORDERS", relation="t", day="date", quantity="n")
money = st.integers(-(10**15), 10**15).map(lambda n: f"{Decimal(n).scaleb(-12):f}") | st.sampled_from(["0", "0.01"])
bills = st.lists(
    st.builds(
        lambda row, cost, currency: charge(**{**row, "EffectiveCost": cost, "BillingCurrency": currency}),
        charges,
        money,
        st.sampled_from(["USD", "USD", "EUR"]),
    ),
    min_size=1,
    max_size=8,
)
KEYS = [
    "even",
    "direct_cost",
    {"weights": {"one": Decimal(3), "two": Decimal(1)}},
    {"units": {"one": "cost_per_order"}},
]


@st.composite
def shared(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The third target is shared among the others, or nothing is."""
    share = {"cost_of": "three", "among": ["one", "two"], "by": draw(st.sampled_from(KEYS)), "or_by": {"other": "even"}}
    return draw(st.sampled_from([[], [share]]))


def catalogue(allocation: dict[str, Any]) -> Catalogue:
    return Catalogue.model_validate(
        {
            "cost_sources": {"bill": FocusFiles(kind="focus", path="x")},
            "cost_scopes": {"all": {}, "pools": {"allocation": allocation}},
            "metrics": {"cost_per_order": {"unit": "Order", "units": UNITS}},
        }
    )


def with_targets(allocation: dict[str, Any], shares: list[dict[str, Any]]) -> dict[str, Any]:
    """The rules, with one more for every target that a share names."""
    more = [
        {"to": to, "where": {"service_name": f"no {to}"}, "name": f"none of {to}"} for to in ("one", "two", "three")
    ]
    return {**allocation, "rules": [*allocation["rules"], *more], "shared": shares}


@settings(max_examples=300)
@given(written=allocations, shares=shared(), bill=bills, orders=st.sampled_from([{}, {DAY: Decimal(5)}]))
def test_targets_and_unallocated_are_the_bill_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    written: dict[str, Any],
    shares: list[dict[str, Any]],
    bill: list[dict[str, str]],
    orders: dict[date, Decimal],
) -> None:
    of = catalogue(with_targets(written, shares))
    found = read_bill(write_bill(tmp_path_factory.mktemp("bill"), *bill), allocations=of.allocations).charges
    rows, unbased = allocated_costs(of, found, Quantities({"cost_per_order": orders}, {}))
    paid = target_costs("pools", of.allocations["pools"], rows)
    for currency in {row["BillingCurrency"] for row in bill}:
        billed = sum(Fraction(row["EffectiveCost"]) for row in bill if row["BillingCurrency"] == currency)
        lines = rows[(rows["billing_currency"] == currency) & (rows["variant"] == "")]
        assert sum(map(Fraction, lines["amount"])) == billed
        out = sum(map(Fraction, lines["amount"][lines["target"] == "left_out"]))
        assert sum(Fraction(cost or 0) for (_, of_, _), (cost, _) in paid.items() if of_ == currency) == billed - out
        assert (DAY, currency, UNALLOCATED) in paid
    said = [one for one in allocation_findings(of, [DAY], found, rows, unbased) if one.check == CONSERVATION]
    assert [one.passed for one in said] == [True]


@pytest.mark.parametrize(
    ("basis", "cart", "unused"), [("effective", Decimal(60), Decimal(40)), ("billed", Decimal(0), Decimal(0))]
)
def test_a_commitment_is_counted_once_by_any_basis(tmp_path: Any, basis: str, cart: Decimal, unused: Decimal) -> None:
    """The purchase is billed and effective 0; what it covers is effective and not billed, used or not."""
    common = {"CommitmentDiscountStatus": "", "Tags": '{"team":"cart"}'}
    bought = charge(**common, ChargeCategory="Purchase", BilledCost="100", EffectiveCost="0")
    used = charge(**common, BilledCost="0", EffectiveCost="60")
    idle = charge(**{**common, "CommitmentDiscountStatus": "Unused"}, BilledCost="0", EffectiveCost="40")
    rules = [
        {"to": "finance", "where": {"charge_category": "Purchase"}},
        {"to": "cart", "where": {"tags": {"team": "cart"}}},
    ]
    of = catalogue({"rules": rules})
    scope = of.cost_scopes["pools"].model_copy(update={"basis": basis})
    of = of.model_copy(update={"cost_scopes": {"pools": scope}})
    found = read_bill(write_bill(tmp_path, bought, used, idle), allocations=of.allocations).charges
    rows, _ = allocated_costs(of, found, Quantities({}, {}))
    paid = {target: cost for (_, _, target), (cost, _) in target_costs("pools", of.allocations["pools"], rows).items()}
    assert (paid["cart"], paid["unused_commitment"], paid["unallocated"]) == (cart, unused, 0)
    assert sum(cost or 0 for cost in paid.values()) == 100


def test_a_line_that_is_lost_is_found(tmp_path: Any) -> None:
    of = catalogue({"rules": [{"to": "one", "where": {"service_name": "Compute"}}]})
    found = read_bill(
        write_bill(tmp_path, charge(), charge(ServiceName="Mail")), allocations=of.kept.allocations
    ).charges
    rows, _ = allocated_costs(of, found, Quantities({}, {}))
    (said,) = [one for one in allocation_findings(of, [DAY], found, rows[:-1], []) if one.check == CONSERVATION]
    assert said.blocks
    assert said.text == "the lines of pools add up to 1.25 USD, the bill to 2.5"


def test_only_what_the_rules_ask_for_is_kept_of_a_charge() -> None:
    assert catalogue({"rules": [{"to": "one", "where": {"tags": {"team": "x"}}}]}).kept.tag_keys == Kept().tag_keys
