"""A suggested rule catches exactly what it says: after it is pasted, the rules take that much, and nothing twice.

Here: the arithmetic and the pasted line, without any I/O. Not here: the command (test_cli_allocation.py).
"""

import string
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.allocation.rule_words import match_in_words, rule_in_words
from unit_economics.allocation.rules import taken_by
from unit_economics.allocation.suggestions import Feature, Kind, amounts, features_of, suggestions, target_of
from unit_economics.cli.allocation.pasted import pasted
from unit_economics.entries.allocation import UNALLOCATED, Allocation, Rule
from unit_economics.entries.conditions import Charge, Match
from unit_economics.environment import parsed_catalogue
from unit_economics_tests.focus_bills import DAY

RULES = Allocation(rules=[Rule(to="platform", where=Match(service_name="EKS"))])
MONEY = st.decimals(-1000, 1000, places=6)
CHARGES = st.lists(
    st.tuples(
        st.sampled_from([None, "EKS", "S3", "S 3", "EC2"]),
        st.sampled_from(["AWS", "GCP"]),
        st.sampled_from([None, "checkout", "unallocated", "42", "支付"]),
        st.sampled_from(["USD", "EUR"]),
        MONEY,
    ),
    max_size=30,
)
Bill = Sequence[tuple[Charge, str, Decimal]]


def bill_of(drawn: Sequence[tuple[str | None, str, str | None, str, Decimal]]) -> Bill:
    return [
        (Charge({"service_name": service, "provider_name": provider}, {"team": team}), currency, amount)
        for service, provider, team, currency, amount in drawn
    ]


def kinds_of(allocation: Allocation, bill: Bill) -> list[Kind]:
    return [
        Kind(
            list(features_of(charge.columns, charge.tags)),
            currency,
            amount,
            1,
            taken_by(allocation, DAY, charge) == UNALLOCATED,
        )
        for charge, currency, amount in bill
    ]


@given(CHARGES)
@settings(max_examples=100)
def test_pasted_in_their_order_the_rules_take_exactly_what_was_promised(
    drawn: Sequence[tuple[str | None, str, str | None, str, Decimal]],
) -> None:
    bill = bill_of(drawn)
    found = suggestions(kinds_of(RULES, bill), most=5)
    named = [one.rule.model_copy(update={"name": f"new {n}"}) for n, one in enumerate(found)]
    pasted_in = RULES.model_copy(update={"rules": [*RULES.rules, *named]})
    taken = [(taken_by(pasted_in, DAY, charge), currency, amount) for charge, currency, amount in bill]
    for n, one in enumerate(found):
        mine = [(currency, amount) for rule, currency, amount in taken if rule == f"new {n}"]
        assert len(mine) == one.charge_rows
        for currency, promised in one.caught.items():
            assert promised == sum(amount for of, amount in mine if of == currency)
    assert sum(rule == "platform" for rule, *_ in taken) == sum(
        charge.columns["service_name"] == "EKS" for charge, *_ in bill
    )


@given(CHARGES)
@settings(max_examples=100)
def test_what_is_promised_and_what_is_left_is_all_that_no_rule_takes(
    drawn: Sequence[tuple[str | None, str, str | None, str, Decimal]],
) -> None:
    kinds = kinds_of(RULES, bill_of(drawn))
    found = suggestions(kinds, most=100)
    still_open = [kind for kind in kinds if kind.is_open]
    assert sum(one.charge_rows for one in found) <= len(still_open)
    for currency, left in amounts(still_open).items():
        assert sum((one.caught.get(currency) or Decimal(0) for one in found), Decimal(0)) == left


def test_charges_that_two_rules_would_catch_are_promised_once() -> None:
    both = Kind(
        [Feature("team", "web", is_tag=True), Feature("service_name", "S3")], "USD", Decimal(6), 1, is_open=True
    )
    only = Kind([Feature("service_name", "S3")], "USD", Decimal(4), 1, is_open=True)
    found = suggestions([both, only, Kind([], "USD", Decimal(90), 1, is_open=False)], most=5)
    assert [one.caught for one in found] == [{"USD": 10}]
    each_alone = [
        sum(kind.amount or 0 for kind in (both, only) if feature in kind.features) for feature in both.features
    ]
    assert sum(each_alone) == 16, "counted one by one, they would promise more than there is"


def test_what_nearly_every_charge_has_is_not_suggested_before_what_tells_them_apart() -> None:
    usage = Feature("charge_category", "Usage")
    kinds = [
        Kind([Feature("service_name", "S3"), usage], "USD", Decimal(6), 1, is_open=True),
        Kind([Feature("service_name", "EC2"), usage], "USD", Decimal(4), 1, is_open=True),
        Kind([Feature("service_name", "EKS"), usage], "USD", Decimal(90), 1, is_open=False),
    ]
    assert [one.rule.to for one in suggestions(kinds, most=5)] == ["s3", "ec2"]


def test_of_rules_that_are_worth_the_same_the_most_telling_one_is_suggested() -> None:
    region, account = Feature("region_id", "eu-west-1"), Feature("sub_account_id", "123")
    tag = Feature("team", "web", is_tag=True)
    taken = Kind([], "USD", Decimal(90), 1, is_open=False)
    assert (
        suggestions([Kind([region, account], "USD", Decimal(6), 1, is_open=True), taken], 1)[0].rule.to
        == "sub-account-123"
    )
    assert suggestions([Kind([region, account, tag], "USD", Decimal(6), 1, is_open=True), taken], 1)[0].rule.to == "web"


def test_what_costs_nothing_or_does_not_say_what_it_costs_is_not_worth_a_rule() -> None:
    free = Kind([Feature("service_name", "S3")], "USD", Decimal(0), 1, is_open=True)
    unknown = Kind([Feature("service_name", "EC2")], "USD", None, 1, is_open=True)
    assert suggestions([free, unknown], most=5) == []


CATALOGUE = """
cost_sources: {{bill: {{kind: focus, path: ./focus}}}}
cost_scopes:
  teams:
    allocation:
      rules:
        {}
metrics:
  cost_per_order:
    unit: Order
    units: {{kind: postgres, dsn: A, relation: b, day: c, quantity: d}}
"""
TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from(string.printable + "\x85\u2028\ufeff"), min_size=1, max_size=20
)


@given(TEXTS | st.sampled_from(["yes", "0777", "null", "1e3", "~", "- a", "a: b", "#", "{}"]), st.booleans())
@settings(max_examples=100)
def test_a_pasted_line_is_read_as_the_rule_it_was(value: str, is_tag: bool) -> None:
    feature = Feature(value if is_tag else "service_name", value, is_tag)
    where = Match.model_validate({"tags": {value: value}} if is_tag else {"service_name": value})
    rule = Rule(to=target_of(feature), where=where)
    text = CATALOGUE.format(pasted(rule))
    read = parsed_catalogue(text, "pasted")
    assert read.allocations["teams"].rules == [rule]


def test_a_tag_that_is_called_like_a_column_stays_a_tag() -> None:
    found = list(features_of({"service_name": "S3", "region_id": ""}, {"service_name": "web", "team": None}))
    assert found == [Feature("service_name", "web", is_tag=True), Feature("service_name", "S3")]


def test_every_condition_has_words() -> None:
    match = Match.model_validate(
        {
            "service_name": {"prefix": "Amazon ", "not": {"glob": "*S3"}},
            "tags": {"team": ["a", "b", "c"], "env": {"present": False}},
            "any": [{"region_id": "eu"}, {"not": {"region_id": {"present": True}}}],
        }
    )
    assert match_in_words(match) == (
        'service_name begins with "Amazon " and not (service_name looks like "*S3") and tag team is "a", "b" or "c"'
        ' and tag env is absent and (region_id is "eu" or not (region_id is present))'
    )
    dated = Rule.model_validate({"to": "a", "where": {"region_id": "eu"}, "since": DAY})
    assert rule_in_words(dated) == 'region_id is "eu", since 2024-09-10'
