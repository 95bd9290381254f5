"""Slices as arithmetic: whatever the halves know, the parts add up to the whole, and nothing is invented."""

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.slice_cells import Cell, Halves, Part, Values, dearest, rolled_up

ONES = st.sampled_from("ab")
MONEY = st.decimals(-(10**6), 10**6, places=8)
KEY = Literal["units", "even"]


@st.composite
def halves(draw: st.DrawFn) -> Halves:
    """Three dimensions, each known to the charges, the units or both."""
    by = ("x", "y", "z")
    who = draw(st.tuples(*[st.sampled_from(["charges", "units", "both"])] * 3))
    of_charges = [name for name, half in zip(by, who, strict=True) if half != "units"]
    of_units = [name for name, half in zip(by, who, strict=True) if half != "charges"]
    costs = draw(st.dictionaries(st.tuples(*[ONES] * len(of_charges)), MONEY, max_size=4))
    units = draw(st.dictionaries(st.tuples(*[ONES] * len(of_units)), st.integers(0, 9).map(Decimal), max_size=4))
    return Halves(by, of_charges, of_units, {at: Part(cost, 1) for at, cost in costs.items()}, units)


def cost_of(cells: dict[Values, Cell]) -> Decimal:
    return sum((cell.part.cost or Decimal(0) for cell in cells.values()), Decimal(0))


@given(halves(), st.sampled_from(["units", "even"]))
def test_the_parts_cost_exactly_what_the_whole_costs(day: Halves, key: KEY) -> None:
    whole = sum((part.cost or Decimal(0) for part in day.charges.values()), Decimal(0))
    assert cost_of(day.cells(key)) == whole


@given(halves(), st.sampled_from(["units", "even"]))
def test_units_that_know_every_dimension_add_up_to_the_whole(day: Halves, key: KEY) -> None:
    if len(day.of_units) == len(day.by):
        cells = day.cells(key)
        assert sum(cell.quantity for cell in cells.values()) == sum(day.units.values())


@given(halves(), st.sampled_from(["units", "even"]))
def test_no_unit_is_lost_whatever_the_charges_know(day: Halves, key: KEY) -> None:
    cells = day.cells(key)
    for values, quantity in day.units.items():
        known = dict(zip(day.of_units, values, strict=True))
        at = [
            cell
            for at, cell in cells.items()
            if all(dict(zip(day.by, at, strict=True))[n] == v for n, v in known.items())
        ]
        assert at
        assert all(cell.quantity >= quantity for cell in at)


def test_a_cost_that_is_not_stated_is_in_no_part_a_zero() -> None:
    day = Halves(["plan"], [], ["plan"], {(): Part(None, 3)}, {("pro",): Decimal(2)})
    assert day.cells("units") == {("(none)",): Cell(Part(None, 3), Decimal(0)), ("pro",): Cell(Part(), Decimal(2))}


def test_a_key_without_any_unit_leaves_the_cost_whole() -> None:
    day = Halves(["plan"], [], ["plan"], {(): Part(Decimal(5), 3)}, {("pro",): Decimal(0)})
    assert day.cells("units")["(none)",].part == Part(Decimal(5), 3)


@pytest.mark.parametrize(("key", "pro"), [("units", "7.500000"), ("even", "5.000000")])
def test_the_key_says_how_cost_is_divided(key: KEY, pro: str) -> None:
    units = {("pro",): Decimal(3), ("free",): Decimal(1)}
    day = Halves(["plan"], [], ["plan"], {(): Part(Decimal(10), 1)}, units)
    assert day.cells(key)["pro",].part.cost == Decimal(pro)


@given(st.dictionaries(st.tuples(st.sampled_from("abcdef")), MONEY.map(Part), max_size=6), st.integers(1, 3))
def test_small_charges_as_other_keep_the_sum(parts: dict[Values, Part], most: int) -> None:
    kept = dearest(parts, 0, most)
    rolled = rolled_up(parts, [kept.__contains__])
    assert len(rolled) <= most + 1
    assert sum(part.cost or 0 for part in rolled.values()) == sum(part.cost or 0 for part in parts.values())
