"""Which nowcasts a mart has: of each scope by what is in it, in its own currency, and of nothing that has moved."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.catalogue import Catalogue
from unit_economics.environment import parsed_catalogue
from unit_economics.exchange import Exchange
from unit_economics.insight.completion import Cell, Curves, Snapshot
from unit_economics.insight.nowcast import Nowcast, Part
from unit_economics.nowcasting import (
    Estimate,
    Observed,
    absent_cells,
    complete_age,
    estimates,
    in_proportion,
    latest_age,
    parts_of,
    rules_of,
    slower_ages,
)
from unit_economics.refusals import UsageRefusal
from unit_economics.schemas import CHARGES

DAY = date(2026, 3, 2)
EC2, TAX, RUN = Cell("AWS", "EC2", "USD"), Cell("AWS", "Tax", "USD"), Cell("GCP", "Run", "EUR")
CATALOGUE = """
cost_sources: {bill: {kind: focus, path: ./focus, complete_after: P2D}}
cost_scopes:
  all: {}
  aws: {where: {provider_name: AWS}}
  compute: {where: {service_name: [EC2, Run]}}
  tagged: {where: {tags: {app: web}}}
  service: {by: {column: service_name}}
  team: {allocation: {rules: [{to: web, where: {tags: {app: web}}}]}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: DB, relation: orders, timestamp: at}
nowcast: {prior: [0.5]}
"""


def read(text: str = CATALOGUE) -> Catalogue:
    return parsed_catalogue(text, "c.yaml")


def curves() -> Curves:
    """AWS doubles from the first morning to the third; the tax comes last; Google's bill is there at once."""
    seen = {
        (date(2026, 1, 1) + timedelta(days=n), age): Snapshot(
            {EC2: Decimal(50 * min(age, 2)), TAX: Decimal(age == 3) * 10, RUN: Decimal(7)}
        )
        for age in (1, 2, 3)
        for n in range(10)
    }
    return Curves(seen, 3)


def charges(*rows: tuple[Cell, str, str]) -> pd.DataFrame:
    """Charges of DAY: what they are of, the tags, the cost."""
    blank = {**dict.fromkeys(CHARGES.columns), "business_date": DAY, "charge_category": "Usage", "charge_rows": 1}
    frame = pd.DataFrame([blank for _ in rows], dtype=object)
    frame["provider_name"], frame["service_name"] = [row[0].provider for row in rows], [row[0].service for row in rows]
    frame["tags"], frame["effective_cost"] = [row[1] for row in rows], [Decimal(row[2]) for row in rows]
    frame["billing_currency"] = [row[0].currency for row in rows]
    return frame


BILL = charges((EC2, '{"app":"web"}', "20"), (EC2, "{}", "10"), (RUN, "{}", "7"))
DOLLARS = Exchange("USD", {(DAY, "EUR"): Decimal("1.1")})


def observed(scope: str, cost: str, quantity: str | None = "10") -> Observed:
    units = None if quantity is None else Decimal(quantity)
    return Observed(
        *("cost_per_order", DAY, scope, "USD", Decimal(cost), units, "Order", 1, "d", "b"), units_complete=True
    )


def made(*asked: Observed, bill: pd.DataFrame = BILL) -> Mapping[str, Estimate]:
    catalogue = read()
    rules = rules_of(catalogue)
    assert rules is not None
    found = estimates(catalogue, asked, bill, {DAY: 1}, {"effective": curves()}, rules, DOLLARS)
    return {one.of.scope: one for one in found}


def test_each_scope_is_grown_by_the_services_in_it_each_at_its_own_pace_in_the_currency_of_the_unit_cost() -> None:
    found = made(
        observed("all", "37.7"),
        observed("aws", "30"),
        observed("compute", "37.7"),
        observed("tagged", "20"),
        observed("service:EC2", "30"),
        observed("service:Run", "7.7"),
    )
    assert {scope: one.cost.cost for scope, one in found.items()} == {
        "all": Decimal("77.7"),
        "aws": Decimal(70),
        "compute": Decimal("67.7"),
        "tagged": Decimal(40),
        "service:EC2": Decimal(60),
        "service:Run": Decimal("7.7"),
    }


def test_without_rates_every_currency_is_for_itself_and_a_missing_rate_leaves_none() -> None:
    scope = read().cost_scopes["all"]
    assert parts_of("all", scope, BILL) == {
        (DAY, "all", "USD"): [Part(EC2, Decimal(30))],
        (DAY, "all", "EUR"): [Part(RUN, Decimal(7))],
    }
    assert parts_of("all", scope, BILL, Exchange("USD")) == {(DAY, "all", "USD"): None}


def test_a_target_of_rules_goes_by_the_whole_bill_in_proportion() -> None:
    found = made(observed("team:web", "20"), observed("team:unallocated", "17.7"))
    assert sum(one.cost.cost for one in found.values()) == pytest.approx(Decimal("77.7"))


def test_a_figure_that_its_charges_no_longer_add_up_to_is_left_for_later() -> None:
    assert made(observed("all", "37"), observed("aws", "30")).keys() == {"aws"}
    assert made(observed("all", "37.7"), bill=BILL.assign(effective_cost=None)) == {}
    assert made(observed("all", "37.7"), bill=BILL[BILL["business_date"] != DAY]) == {}


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (observed("aws", "30", None), "no units of this day are there"),
        (observed("aws", "30", "0"), "0 units"),
        (replace(observed("aws", "30"), units_complete=False), "the units of this day are provisional themselves"),
        (observed("aws", "30"), None),
    ],
)
def test_without_units_there_is_a_cost_and_no_unit_cost_but_the_reason(one: Observed, reason: str | None) -> None:
    found = made(one)["aws"]
    assert found.cost.cost == 70
    assert (found.reason, found.per_unit(found.cost.cost)) == (reason, None if reason else Decimal(7))


def test_what_is_not_there_yet_is_expected_only_where_provider_and_service_decide_whose_it_is() -> None:
    scopes = read().cost_scopes
    expected = {name: absent_cells(scope, "USD", curves(), {EC2}) for name, scope in scopes.items()}
    assert expected == {"all": [TAX], "aws": [TAX], "compute": [], "tagged": (), "service": (), "team": [TAX]}
    assert absent_cells(scopes["all"], "EUR", curves(), {EC2}) == [RUN]


@pytest.mark.parametrize(("after", "age"), [("PT0S", 1), ("PT12H", 2), ("P1D", 2), ("P2D", 3), ("PT50H", 4)])
def test_a_day_is_complete_at_the_age_at_which_its_slowest_source_is(after: str, age: int) -> None:
    fast = "other: {kind: focus, path: ./other, complete_after: PT0S}"
    text = CATALOGUE.replace("complete_after: P2D}", f"complete_after: {after}}}, {fast}")
    assert complete_age(read(text)) == age


def test_what_is_slower_is_complete_later_and_holds_no_other_open() -> None:
    slower = "slower: [{provider: AWS, service: Tax, complete_after: P5D}, {provider: GCP, complete_after: PT60H}]"
    catalogue = read(CATALOGUE.replace("complete_after: P2D}", f"complete_after: P2D, {slower}}}"))
    assert (complete_age(catalogue), latest_age(catalogue)) == (3, 6)
    assert slower_ages(catalogue) == {("AWS", "Tax"): 6, ("GCP", None): 4}
    assert (latest_age(read()), slower_ages(read())) == (3, {})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{prior: [0.9, 0.6]}", "a day fills, so 0.6 can't come after 0.9"),
        ("{prior: [0]}", "greater than 0"),
        ("{prior: [1.2]}", "less than or equal to 1"),
        ("{prior: []}", "must not be empty"),
        ("{level: 1}", "less than or equal to 0.99"),
    ],
)
def test_a_prior_that_can_not_be_is_refused(written: str, said: str) -> None:
    with pytest.raises(UsageRefusal, match=said):
        read(CATALOGUE.replace("{prior: [0.5]}", written))


def test_the_defaults_are_a_prior_of_three_mornings_and_nine_times_in_ten() -> None:
    rules = rules_of(read(CATALOGUE.replace("{prior: [0.5]}", "{}")))
    assert rules is not None
    assert [str(rules.prior.shares[age]) for age in (1, 2, 3)] == ["0.6", "0.9", "0.98"]
    assert (rules.level, rules.prior.factor(4)) == (Decimal("0.9"), 1)
    assert rules_of(read(CATALOGUE[: CATALOGUE.index("nowcast:")])) is None


@given(st.lists(st.decimals("0.01", 10**6, places=2), min_size=1, max_size=8))
def test_what_the_parts_come_to_in_proportion_is_what_the_whole_comes_to(parts: list[Decimal]) -> None:
    there = sum(parts, Decimal(0))
    whole = Nowcast(there * 2, there, there * 3, "learnt", 9)
    grown = [in_proportion(whole, there, part) for part in parts]
    assert sum(one.cost for one in grown) == pytest.approx(whole.cost)
    assert all(one.low <= one.cost <= one.high for one in grown)


def test_a_credit_among_the_parts_stays_as_it_is() -> None:
    whole = Nowcast(Decimal(20), Decimal(10), Decimal(30), "learnt", 9)
    assert in_proportion(whole, Decimal(10), Decimal(-2)) == Nowcast(*[Decimal(-2)] * 3, "observed")
