"""Why did it change: terms that add up to the change exactly, in whatever order the causes are taken."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from math import factorial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.insight.bridge import (
    Bridge,
    Kind,
    Slice,
    Term,
    Window,
    cost_bridge,
    folded,
    main_cause,
    rounded,
    unit_cost_bridge,
)

Windows = tuple[Window, Window]
Decompose = Callable[[Window, Window], Bridge[Fraction]]
CAUSES: tuple[Kind, ...] = ("volume", "mix", "price")
BOTH = pytest.mark.parametrize("decompose", [unit_cost_bridge, cost_bridge], ids=["unit cost", "cost"])


def window(quantity: str, **slices: tuple[str, str | None]) -> Window:
    parts = {name: Slice(Decimal(cost), own if own is None else Decimal(own)) for name, (cost, own) in slices.items()}
    return Window(Decimal(quantity), parts)


# EU and US orders, where nearly all of a rise by 12.8 % is mix: more orders come from where an order costs more.
BEFORE = window("10000", EU=("1800", "6000"), US=("2400", "4000"))
AFTER = window("11000", EU=("1440", "4500"), US=("3770", "6500"))

money = st.integers(-(10**8), 10**8).map(lambda cents: Decimal(cents) / 100)
own_units = st.one_of(st.none(), st.just(Decimal(0)), st.integers(1, 10**5).map(Decimal))
parts = st.dictionaries(st.sampled_from("abcd"), st.builds(Slice, money, own_units))


@st.composite
def windows(draw: st.DrawFn, slices: Any = parts) -> Window:
    """Any window: slices with own units, without and with 0; credits; units that no slice has."""
    drawn = draw(slices)
    own = sum((part.quantity or Decimal(0) for part in drawn.values()), Decimal(0))
    return Window(own + draw(st.integers(0 if own else 1, 10**5)), drawn)


def amounts(bridge: Bridge[Any]) -> dict[tuple[str, str | None], Any]:
    return {(term.kind, term.slice): term.amount for term in bridge.terms}


def of_kind(bridge: Bridge[Any], kind: str) -> float:
    return float(sum(term.amount for term in bridge.terms if term.kind == kind))


def close(number: Any, decimals: int = 6) -> Any:
    return pytest.approx(number, abs=0.51 * 10**-decimals)


# The promises, as functions that a bad method can be put through too.


def residual(bridge: Bridge[Any]) -> Any:
    return bridge.change - sum(term.amount for term in bridge.terms)


def is_the_same_backwards(decompose: Decompose, before: Window, after: Window) -> bool:
    there, back = amounts(decompose(before, after)), amounts(decompose(after, before))
    return there == {cause: -amount for cause, amount in back.items()}


def mix_ignores_what_all_units_cost(decompose: Decompose, before: Window, after: Window) -> bool:
    """One more dollar for every unit makes no slice dearer than another."""
    dearer = [
        Window(
            each.quantity,
            {name: Slice(part.cost + (part.quantity or 0), part.quantity) for name, part in each.slices.items()},
        )
        for each in (before, after)
    ]
    plain, moved = amounts(decompose(before, after)), amounts(decompose(*dearer))
    return all(moved.get(cause, 0) == plain.get(cause, 0) for cause in plain | moved if cause[0] == "mix")


# Methods that break them, on windows that are all segments.


def shares_and_rates(of: Window) -> dict[str, tuple[Fraction, Fraction]]:
    slices = of.slices.items()
    return {
        name: (Fraction(part.quantity or 0) / Fraction(of.quantity), Fraction(part.cost) / Fraction(part.quantity or 1))
        for name, part in slices
    }


def total(size: Fraction, shares: Mapping[str, Fraction], rates: Mapping[str, Fraction]) -> Fraction:
    return size * sum((shares[name] * rates[name] for name in shares), Fraction(0))


def factors(of: Window) -> dict[str, Any]:
    found = shares_and_rates(of)
    shares, rates = ({name: pair[n] for name, pair in found.items()} for n in (0, 1))
    return {"volume": Fraction(of.quantity), "mix": shares, "price": rates}


def cost_of(changed: set[str], before: Window, after: Window) -> Fraction:
    """The cost if only these of volume, mix and price had changed."""
    old, new = factors(before), factors(after)
    return total(*((new if cause in changed else old)[cause] for cause in CAUSES))


def waterfall(order: tuple[Kind, ...]) -> Decompose:
    """One cause after the other: adds up, and depends on who comes first."""

    def decompose(before: Window, after: Window) -> Bridge[Fraction]:
        found = [
            Term(cause, None, cost_of({*order[: n + 1]}, before, after) - cost_of({*order[:n]}, before, after))
            for n, cause in enumerate(order)
        ]
        return Bridge(cost_of(set(), before, after), cost_of({*order}, before, after), tuple(found))

    return decompose


def laspeyres(before: Window, after: Window) -> Bridge[Fraction]:
    """Each cause alone, all others as they were."""
    start = cost_of(set(), before, after)
    found = [Term(cause, None, cost_of({cause}, before, after) - start) for cause in CAUSES]
    return Bridge(start, cost_of({*CAUSES}, before, after), tuple(found))


def uncentred(before: Window, after: Window) -> Bridge[Fraction]:
    """Mix as mean rate x change of share: the same sum, and a number a slice that means nothing."""
    old, new = shares_and_rates(before), shares_and_rates(after)
    found = [
        term
        for name in old
        for term in (
            Term("price", name, (old[name][0] + new[name][0]) / 2 * (new[name][1] - old[name][1])),
            Term("mix", name, (old[name][1] + new[name][1]) / 2 * (new[name][0] - old[name][0])),
        )
    ]
    exact = unit_cost_bridge(before, after)
    return Bridge(exact.before, exact.after, tuple(found))


def shapley(players: list[str], value: Callable[[set[str]], Fraction]) -> dict[str, Fraction]:
    """By definition: the mean over all orders of what a player adds."""
    found = dict.fromkeys(players, Fraction(0))
    for order in permutations(players):
        for n, player in enumerate(order):
            found[player] += value({*order[: n + 1]}) - value({*order[:n]})
    return {player: amount / factorial(len(players)) for player, amount in found.items() if amount}


# The numbers.


def test_a_rise_that_is_nearly_all_mix_is_told_slice_by_slice() -> None:
    bridge = unit_cost_bridge(BEFORE, AFTER)
    assert (float(bridge.before), float(bridge.after)) == (0.42, close(0.473636))
    assert float(bridge.change) == close(0.053636)
    assert (of_kind(bridge, "price"), of_kind(bridge, "mix")) == (close(0.000182), close(0.053455))
    assert float(amounts(bridge)["mix", "EU"]) == close(0.026120)
    assert float(amounts(bridge)["mix", "US"]) == close(0.027335)
    assert {term.kind for term in bridge.terms} == {"price", "mix"}


def test_the_total_cost_is_told_as_volume_mix_and_price() -> None:
    bridge = cost_bridge(BEFORE, AFTER)
    assert bridge.change == 1010
    told = [of_kind(bridge, kind) for kind in CAUSES]
    assert told == [close(448.0909, 4), close(560.6364, 4), close(1.2727, 4)]


def test_fewer_orders_raise_the_unit_cost_with_nothing_broken() -> None:
    before = window("10000", fixed=("2000", None), variable=("2000", None))
    after = window("8000", fixed=("2000", None), variable=("1600", None))
    bridge = unit_cost_bridge(before, after)
    assert bridge.change == Fraction("0.05")
    assert amounts(bridge) == {("volume", None): Fraction("0.095"), ("price", "variable"): Fraction("-0.045")}
    assert main_cause(bridge) == Term("volume", None, Fraction("0.095"))


def test_a_total_cost_without_segments_is_volume_at_the_mean_unit_cost_and_price_at_the_mean_volume() -> None:
    bridge = cost_bridge(window("100", shop=("200", None)), window("200", shop=("600", None)))
    assert amounts(bridge) == {("volume", None): 250, ("price", "shop"): 150}


def test_a_slice_that_enters_or_leaves_is_mix_alone() -> None:
    bridge = unit_cost_bridge(BEFORE, window("6000", EU=("1800", "6000")))
    assert {kind for kind, _ in amounts(bridge)} == {"mix"}
    assert residual(bridge) == 0


def test_a_slice_at_the_average_has_no_mix_however_its_share_moves() -> None:
    before = window("300", low=("100", "100"), mid=("200", "100"), high=("300", "100"))
    after = window("600", low=("100", "100"), mid=("800", "400"), high=("300", "100"))
    assert ("mix", "mid") not in amounts(unit_cost_bridge(before, after))


def test_what_a_slice_costs_without_units_of_its_own_is_a_bill_for_all() -> None:
    before = window("100", EU=("100", "100"), US=("0", "0"))
    after = window("100", EU=("100", "100"), US=("7", "0"))
    assert amounts(unit_cost_bridge(before, after)) == {("price", "US"): Fraction("0.07")}


def test_a_slice_whose_units_are_known_in_one_window_only_is_a_bill_for_all() -> None:
    before, after = window("100", EU=("100", "100")), window("100", EU=("150", None))
    assert amounts(unit_cost_bridge(before, after)) == {("price", "EU"): Fraction("0.5")}


def test_the_cost_of_1000_units_has_1000_times_the_terms() -> None:
    one, thousand = unit_cost_bridge(BEFORE, AFTER), unit_cost_bridge(BEFORE, AFTER, per=1000)
    assert (thousand.before, thousand.after) == (one.before * 1000, one.after * 1000)
    assert amounts(thousand) == {cause: amount * 1000 for cause, amount in amounts(one).items()}


@pytest.mark.parametrize(
    "bad",
    [
        window("0", EU=("1", None)),
        window("-1", EU=("1", None)),
        window("5", EU=("1", "6")),
        window("5", EU=("1", "-1")),
    ],
    ids=["no units", "fewer than none", "more in a slice than in all", "fewer than none in a slice"],
)
@BOTH
def test_a_window_whose_units_can_not_be_is_refused(decompose: Decompose, bad: Window) -> None:
    for pair in ((bad, bad), (bad, window("5")), (window("5"), bad)):
        with pytest.raises(ValueError, match="no unit cost"):
            decompose(*pair)


# The promises hold for any two windows.


@BOTH
@given(before=windows(), after=windows())
def test_the_terms_add_up_to_the_change_exactly(decompose: Decompose, before: Window, after: Window) -> None:
    bridge = decompose(before, after)
    assert residual(bridge) == 0
    for end, of in ((bridge.before, before), (bridge.after, after)):
        cost = sum(Fraction(part.cost) for part in of.slices.values())
        assert end == (cost if decompose is cost_bridge else cost / Fraction(of.quantity))
    sizes = [abs(term.amount) for term in bridge.terms]
    assert sizes == sorted(sizes, reverse=True)
    assert 0 not in sizes


@BOTH
@given(before=windows(), after=windows())
def test_backwards_every_term_is_the_opposite(decompose: Decompose, before: Window, after: Window) -> None:
    assert is_the_same_backwards(decompose, before, after)


@BOTH
@given(before=windows(), after=windows())
def test_the_order_of_the_slices_does_not_matter(decompose: Decompose, before: Window, after: Window) -> None:
    turned = [Window(each.quantity, dict(reversed(list(each.slices.items())))) for each in (before, after)]
    assert decompose(*turned) == decompose(before, after)


@BOTH
@given(before=windows(), after=windows())
def test_twice_the_cost_has_twice_the_terms(decompose: Decompose, before: Window, after: Window) -> None:
    twice = [
        Window(each.quantity, {name: Slice(part.cost * 2, part.quantity) for name, part in each.slices.items()})
        for each in (before, after)
    ]
    assert amounts(decompose(*twice)) == {c: a * 2 for c, a in amounts(decompose(before, after)).items()}


@BOTH
@given(of=windows())
def test_nothing_changed_has_no_terms_and_no_cause(decompose: Decompose, of: Window) -> None:
    bridge = decompose(of, of)
    assert (bridge.terms, main_cause(bridge)) == ((), None)


segments = st.fixed_dictionaries({name: st.builds(Slice, money, st.integers(1, 10**5).map(Decimal)) for name in "abc"})
all_segments = segments.map(
    lambda of: Window(sum((part.quantity or Decimal(0) for part in of.values()), Decimal(0)), of)
)


@given(before=all_segments, after=all_segments)
def test_mix_is_about_differences_between_slices_only(before: Window, after: Window) -> None:
    assert mix_ignores_what_all_units_cost(unit_cost_bridge, before, after)
    assert mix_ignores_what_all_units_cost(cost_bridge, before, after)


@given(before=all_segments, after=all_segments)
def test_volume_mix_and_price_are_the_mean_over_all_orders(before: Window, after: Window) -> None:
    by_definition = shapley([*CAUSES], lambda changed: cost_of(changed, before, after))
    told: dict[str, Fraction] = {}
    for term in cost_bridge(before, after).terms:
        told[term.kind] = told.get(term.kind, Fraction(0)) + term.amount
    assert {kind: amount for kind, amount in told.items() if amount} == by_definition


shared = windows(slices=st.dictionaries(st.sampled_from("abc"), st.builds(Slice, money)))


@given(before=shared, after=shared)
def test_bills_and_units_are_the_mean_over_all_orders(before: Window, after: Window) -> None:
    def unit_cost(changed: set[str]) -> Fraction:
        bills = [(after if name in changed else before).slices.get(name, Slice(Decimal(0))).cost for name in "abc"]
        return Fraction(sum(bills)) / Fraction((after if "units" in changed else before).quantity)

    told = {term.slice or "units": term.amount for term in unit_cost_bridge(before, after).terms}
    assert told == shapley([*"abc", "units"], unit_cost)


# What a reader sees.


@BOTH
@given(before=windows(), after=windows(), step=st.sampled_from(["0.01", "0.0001", "1", "0.05"]).map(Decimal))
def test_rounded_terms_add_up_to_the_rounded_ends(
    decompose: Decompose, before: Window, after: Window, step: Decimal
) -> None:
    exact = decompose(before, after)
    shown = rounded(exact, step)
    assert residual(shown) == 0
    for end, seen in ((exact.before, shown.before), (exact.after, shown.after)):
        assert abs(end - Fraction(seen)) <= Fraction(step) / 2
    for cause, amount in amounts(shown).items():
        assert amount % step == 0
        assert abs(Fraction(amount) - amounts(exact)[cause]) <= Fraction(step)


def test_terms_rounded_one_by_one_would_lose_a_cent() -> None:
    third = Fraction(1, 3)
    bridge = Bridge(Fraction(0), Fraction(1), tuple(Term("price", name, third) for name in "abc"))
    one_by_one = Bridge(Decimal(0), Decimal(1), tuple(Term("price", name, round(Decimal(1) / 3, 2)) for name in "abc"))
    assert residual(one_by_one) == Decimal("0.01")
    assert [str(term.amount) for term in rounded(bridge, Decimal("0.01")).terms] == ["0.34", "0.33", "0.33"]


@BOTH
@given(before=windows(), after=windows(), most=st.integers(0, 6))
def test_a_folded_bridge_keeps_the_largest_terms_and_the_sum(
    decompose: Decompose, before: Window, after: Window, most: int
) -> None:
    bridge = decompose(before, after)
    short = folded(bridge, most)
    assert (short.terms[:most], short.change, residual(short)) == (bridge.terms[:most], bridge.change, 0)
    assert [(term.kind, term.slice) for term in short.terms[most:]] == [("other", None)] * (len(bridge.terms) > most)
    assert residual(rounded(short, Decimal("0.01"))) == 0


@BOTH
@given(before=windows(), after=windows())
def test_the_main_cause_goes_the_way_of_the_change(decompose: Decompose, before: Window, after: Window) -> None:
    bridge = decompose(before, after)
    cause = main_cause(bridge)
    if bridge.change == 0:
        assert cause is None
        return
    assert cause is not None
    assert all(abs(t.amount) <= abs(cause.amount) for t in bridge.terms if t.amount * bridge.change > 0)
    assert cause.amount * bridge.change > 0


# The same promises catch the methods that people use instead.


def test_a_base_weighted_index_is_caught_by_its_residual() -> None:
    bridge = laspeyres(BEFORE, AFTER)
    assert {kind: close(number, 2) for kind, number in (("volume", 420), ("mix", 572.73), ("price", 40))} == {
        term.kind: float(term.amount) for term in bridge.terms
    }
    assert float(residual(bridge)) == close(-22.73, 2)


def test_a_waterfall_is_caught_by_going_backwards() -> None:
    orders = list(permutations(CAUSES))
    told = [waterfall(order)(BEFORE, AFTER) for order in orders]
    assert [residual(bridge) for bridge in told] == [0] * 6
    rates = sorted(float(amounts(bridge)["price", None]) for bridge in told)
    assert (rates[0], rates[-1]) == (-40, 44)  # the engineers got worse, or better, by the order chosen
    assert not any(is_the_same_backwards(waterfall(order), BEFORE, AFTER) for order in orders)


def test_a_mix_that_is_not_centred_is_caught_by_what_all_units_cost() -> None:
    bridge = uncentred(BEFORE, AFTER)
    assert residual(bridge) == 0
    assert float(amounts(bridge)["mix", "EU"]) == close(-0.059, 3)
    assert float(amounts(bridge)["mix", "US"]) == close(0.113, 3)
    assert not mix_ignores_what_all_units_cost(uncentred, BEFORE, AFTER)
