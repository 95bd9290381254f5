"""Stored lines read backwards say what every target got, of what, and by which weights.

Here: the arithmetic, without any I/O. Not here: making the lines (test_allocation.py).
"""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.allocation.books import amount_of, postings, weights_of
from unit_economics.allocation.double_entry import Direct, Line, allocate
from unit_economics.allocation.keys import Quantities
from unit_economics.entries.allocation import Allocation
from unit_economics_tests.focus_bills import DAY

ALLOCATION = Allocation.model_validate(
    {
        "rules": [
            {"to": target, "where": {"service_name": target}} for target in ("infra", "platform", "checkout", "search")
        ],
        "shared": [
            {"cost_of": "infra", "among": ["platform", "checkout", "search"], "by": "even"},
            {
                "cost_of": "platform",
                "among": ["checkout", "search"],
                "by": {
                    "tiers": [
                        {"up_to": Decimal(10), "by": {"weights": {"checkout": Decimal(2), "search": Decimal(1)}}},
                        {"by": "direct_cost"},
                    ]
                },
            },
        ],
    }
)
NOTHING = Quantities({}, {})
AMOUNTS = st.fixed_dictionaries(
    {target: st.decimals(-100, 100, places=6) for target in ("infra", "platform", "checkout", "search", "unallocated")}
)


def lines_of(amounts: dict[str, Decimal]) -> list[Line]:
    direct = [Direct(DAY, "USD", target, target, amount, 1) for target, amount in amounts.items()]
    return list(allocate(ALLOCATION, direct, NOTHING).lines)


@given(AMOUNTS)
@settings(max_examples=100)
def test_each_entry_is_its_weight_in_what_the_pool_gave_and_all_entries_are_the_bill(
    amounts: dict[str, Decimal],
) -> None:
    lines = lines_of(amounts)
    weights = weights_of(ALLOCATION, DAY, lines, NOTHING)
    found = {target: postings(lines, target, weights) for target in {line.target for line in lines}}
    assert sum(posting.amount or 0 for entries in found.values() for posting in entries) == sum(amounts.values())
    for target, entries in found.items():
        assert sum(posting.amount or 0 for posting in entries) == amount_of(x for x in lines if x.target == target)
        for posting in entries:
            if posting.share is None or posting.rule.endswith("no basis"):
                continue
            assert posting.pool
            assert posting.pool.gave is not None
            assert posting.amount is not None
            positive = {name: max(weight or Decimal(0), Decimal(0)) for name, weight in posting.weights.items()}
            exact = posting.pool.gave * positive[target] / sum(positive.values())
            assert abs(posting.amount - exact) <= Decimal("0.000001")


def test_a_pool_says_what_it_had_at_its_turn_and_gave() -> None:
    lines = lines_of({"infra": Decimal(9), "platform": Decimal(12), "checkout": Decimal(3), "search": Decimal(1)})
    weights = weights_of(ALLOCATION, DAY, lines, NOTHING)
    told = [
        (posting.rule, posting.pool.had, posting.pool.gave, posting.amount)
        for posting in postings(lines, "search", weights)
        if posting.pool
    ]
    assert told == [
        ("infra by even", 9, 9, 3),
        ("platform by weights up to 10", 15, 10, Decimal("3.333333")),
        ("platform by direct_cost above 10", 15, 5, Decimal("1.25")),
    ]
    gives = [posting.amount for posting in postings(lines, "platform", weights) if posting.step == 2]
    assert gives == [-10, -5]
