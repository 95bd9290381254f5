"""The walk from our unit cost to theirs: its steps add up exactly, and each one is the thing it is named after."""

from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.exact import RATIO
from unit_economics.insight.apart import PARTS, Apart, Ours, Theirs, apart

OURS = Ours(Decimal(200), Decimal(100), is_complete=True)
SAME = Theirs(Decimal(2), Decimal(1), Decimal(100), Decimal(200), Decimal(200))
PERCENT = Decimal("0.01")

money = st.decimals(Decimal("-1e20"), Decimal("1e20"), places=12, allow_nan=False)
units = st.decimals(Decimal("0.000001"), Decimal("1e15"), places=6, allow_nan=False)
scales = st.sampled_from([Decimal(10) ** n for n in (0, 2, 3, 6, 9)])
ours = st.builds(Ours, money, units, st.booleans())
theirs = st.builds(Theirs, money, scales, units, money, money)


def parts(found: Apart) -> dict[str, Decimal]:
    return {name: getattr(found, name) for name in PARTS if getattr(found, name)}


@given(ours, theirs)
def test_the_parts_add_up_to_the_difference_exactly_whatever_the_numbers(one: Ours, other: Theirs) -> None:
    found = apart(one, other)
    summed = sum(Fraction(getattr(found, name)) for name in PARTS)
    assert summed == Fraction(found.shown) - Fraction(found.unit_cost) == Fraction(found.difference)


def test_parts_that_are_rounded_to_be_shown_would_not_add_up() -> None:
    third = Ours(Decimal(100), Decimal(3), is_complete=True)
    found = apart(third, Theirs(Decimal(50), Decimal(1), Decimal(7), Decimal(150), Decimal(160)))
    rounded = [Context(prec=6).plus(getattr(found, name)) for name in PARTS]
    assert sum(map(Fraction, rounded)) != Fraction(found.difference)


@given(ours, scales)
def test_the_same_cost_over_the_same_units_is_the_same_at_any_scale(one: Ours, scale: Decimal) -> None:
    shown = Context(prec=60).multiply(one.unit_cost, scale)
    found = apart(one, Theirs(shown, scale, one.quantity, one.cost, one.cost))
    assert parts(found) == {}
    assert found.word(Decimal(0)) == "same"


@given(ours, scales)
def test_an_amount_that_was_divided_by_its_scale_is_understood_as_well(one: Ours, scale: Decimal) -> None:
    scaled = Context(prec=60).divide(one.quantity, scale)
    shown = Context(prec=60).multiply(one.unit_cost, scale)
    found = apart(one, Theirs(shown, scale, scaled, one.cost, one.cost))
    assert found.denominator == found.scope == found.basis == 0


@pytest.mark.parametrize(
    ("there", "named"),
    [
        (Theirs(Decimal(3), Decimal(1), Decimal(100), Decimal(300), Decimal(300)), {"scope": Decimal(1)}),
        (Theirs(Decimal(3), Decimal(1), Decimal(100), Decimal(200), Decimal(300)), {"basis": Decimal(1)}),
        (Theirs(Decimal(4), Decimal(1), Decimal(50), Decimal(200), Decimal(200)), {"denominator": Decimal(2)}),
        (Theirs(Decimal(5), Decimal(1), Decimal(100), Decimal(200), Decimal(200)), {"timing": Decimal(3)}),
    ],
)
def test_one_thing_that_is_different_is_the_only_part(there: Theirs, named: dict[str, Decimal]) -> None:
    assert parts(apart(OURS, there)) == named


def test_other_charges_on_a_day_that_may_still_grow_are_timing() -> None:
    more = replace(SAME, unit_cost=Decimal(3), cost=Decimal(300), cost_as_saved=Decimal(300))
    assert parts(apart(replace(OURS, is_complete=False), more)) == {"timing": Decimal(1)}


def test_charges_and_units_that_differ_on_a_complete_day_are_drift_beyond_the_tolerance_only() -> None:
    def word(cost: str) -> str:
        shown = RATIO.divide(Decimal(cost), Decimal(100))
        return apart(OURS, Theirs(shown, Decimal(1), Decimal(100), Decimal(cost), Decimal(cost))).word(PERCENT)

    assert [word(cost) for cost in ("200", "202", "198", "202.01", "197.99")] == [
        "same", "same", "same", "drift", "drift"
    ]  # fmt: skip


def test_a_difference_of_basis_is_explained_and_no_drift() -> None:
    found = apart(OURS, Theirs(Decimal(3), Decimal(1), Decimal(100), Decimal(200), Decimal(300)))
    assert found.word(PERCENT) == "explained"


def test_parts_that_cancel_each_other_are_drift_all_the_same() -> None:
    found = apart(OURS, Theirs(Decimal(2), Decimal(1), Decimal(100), Decimal(300), Decimal(200)))
    assert found.difference == 0
    assert found.word(PERCENT) == "drift"
