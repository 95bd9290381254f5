"""One amount in parts: they add up to it to the last digit, and each is within a step of its exact part."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.allocation.largest_remainder import MICRO, in_steps, split

CENT = Decimal("0.01")
Split = Callable[[Decimal, Mapping[str, Decimal]], dict[str, Decimal] | None]


def weights(**each: str) -> dict[str, Decimal]:
    return {name: Decimal(weight) for name, weight in each.items()}


ALIKE = weights(a="1", b="1", c="1")


def missing(divided: Split, amount: str, among: Mapping[str, Decimal]) -> Fraction:
    """What the parts lack of the amount, without any rounding of ours."""
    return Fraction(Decimal(amount)) - sum(map(Fraction, (divided(Decimal(amount), among) or {}).values()))


def to_cents(amount: Decimal, among: Mapping[str, Decimal]) -> dict[str, Decimal] | None:
    return split(amount, among, CENT)


def each_rounded(amount: Decimal, among: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: round(amount * weight / sum(among.values()), 2) for name, weight in among.items()}


def by_floats(amount: Decimal, among: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: Decimal(float(amount) * float(weight / sum(among.values()))) for name, weight in among.items()}


def test_100_among_three_is_33_34_and_twice_33_33() -> None:
    assert split(Decimal("100.00"), ALIKE, CENT) == weights(a="33.34", b="33.33", c="33.33")
    assert split(Decimal("100.00"), ALIKE) == weights(a="33.333334", b="33.333333", c="33.333333")


def test_the_largest_remainder_gets_the_step_and_not_the_largest_part() -> None:
    assert split(Decimal("0.10"), weights(large="7.2", small="2.8"), CENT) == weights(large="0.07", small="0.03")


@pytest.mark.parametrize("bad", [each_rounded, by_floats])
def test_parts_that_are_rounded_each_for_itself_would_lose_money(bad: Split) -> None:
    assert missing(bad, "100.00", ALIKE) != 0
    assert missing(split, "100.00", ALIKE) == missing(to_cents, "100.00", ALIKE) == 0


def test_36_digits_are_kept_where_decimals_own_context_keeps_28() -> None:
    amount = "-123456789012345678901234.123456789012"
    assert missing(split, amount, ALIKE) == 0
    assert +Decimal(amount) != Decimal(amount)


def test_what_is_beyond_a_micro_unit_is_not_lost() -> None:
    assert split(Decimal("0.000000000003"), ALIKE) == weights(a="0.000000000003", b="0", c="0")


def test_a_negative_weight_counts_as_0_and_0_gets_nothing() -> None:
    assert split(Decimal(5), weights(a="-1", b="0", c="0.1")) == weights(a="0", b="0", c="5")


@pytest.mark.parametrize("nobody", [{}, weights(a="0"), weights(a="-1", b="0")], ids=["none", "0", "negative"])
def test_without_a_weight_above_0_there_is_no_answer(nobody: Mapping[str, Decimal]) -> None:
    assert split(Decimal(5), nobody) is None


def decimals(largest: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(-largest * 10**places, largest * 10**places).map(lambda n: Decimal(f"{n}e-{places}"))


amounts = st.one_of(decimals(1000, 2), decimals(10**24, 12), decimals(1, 12))
heavy = st.one_of(st.integers(0, 5).map(Decimal), decimals(10**6, 6).map(Decimal.copy_abs), decimals(10**24, 12))
some = st.dictionaries(st.sampled_from("abcdefgh"), heavy).filter(lambda each: any(w > 0 for w in each.values()))


@given(amounts, some)
def test_the_parts_add_up_to_the_amount_exactly(amount: Decimal, among: dict[str, Decimal]) -> None:
    assert missing(split, str(amount), among) == missing(to_cents, str(amount), among) == 0


@given(amounts, some, st.sampled_from([MICRO, CENT]))
def test_each_part_is_less_than_a_step_from_the_exact_one(
    amount: Decimal, among: dict[str, Decimal], step: Decimal
) -> None:
    weight_of = {name: Fraction(max(weight, Decimal(0))) for name, weight in among.items()}
    for name, part in (split(amount, among, step) or {}).items():
        exact = Fraction(amount) * weight_of[name] / sum(weight_of.values())
        assert abs(Fraction(part) - exact) < Fraction(step)
        assert weight_of[name] or not part


@given(amounts, some)
def test_a_credit_is_divided_like_the_cost_it_takes_back(amount: Decimal, among: dict[str, Decimal]) -> None:
    forth, back = split(amount, among), split(amount.copy_negate(), among)
    assert forth == {name: part.copy_negate() for name, part in (back or {}).items()}


@given(amounts, some, st.integers(1, 10**6))
def test_only_the_proportion_of_the_weights_counts(amount: Decimal, among: dict[str, Decimal], times: int) -> None:
    larger = {name: Decimal(int(Fraction(weight) * times * 10**12)) for name, weight in among.items()}
    assert split(amount, among) == split(amount, larger)


@given(st.lists(st.decimals(-(10**9), 10**9, places=6), max_size=12))
def test_amounts_in_whole_steps_add_up_to_the_rounded_sum_and_stay_within_a_step(amounts: list[Decimal]) -> None:
    kept = in_steps(dict(enumerate(amounts)), CENT)
    assert sum(kept.values()) == sum(amounts, Decimal(0)).quantize(CENT)
    assert all(abs(kept[place] - amount) < CENT for place, amount in enumerate(amounts))
    assert all(amount == amount.quantize(CENT) for amount in kept.values())
    assert in_steps(kept, CENT) == kept


def test_amounts_that_are_each_rounded_would_be_caught() -> None:
    thirds = dict.fromkeys("abc", Decimal("0.333"))
    assert sum(amount.quantize(CENT) for amount in thirds.values()) == Decimal("0.99")
    assert in_steps(thirds, CENT) == {"a": Decimal("0.34"), "b": Decimal("0.33"), "c": Decimal("0.33")}
