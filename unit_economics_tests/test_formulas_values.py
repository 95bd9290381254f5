"""What a formula amounts to: exact, and where there is no answer a reason.

Here: answers. Not here: which formulas mean anything (test_formulas_units.py).
"""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.exact import RATIO
from unit_economics.formulas import Missing, Reference, evaluate, parse
from unit_economics_tests.formula_worlds import by_python, is_right, values_of


def amounts(text: str, **given: str | Missing) -> Decimal | Missing:
    formula = parse(text)
    values = {name: value if isinstance(value, Missing) else Decimal(value) for name, value in given.items()}
    return evaluate(formula, {one: values[one.name] for one in formula.references if one.name in values})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("cost(shop) / units(order)", "2.5"),
        ("(shop - order) / shop", "0.6"),
        ("1 - order / shop", "0.6"),
        ("shop - order - 1", "5"),
        ("shop - (order - 1)", "7"),
        ("shop / order / 2", "1.25"),
        ("shop / (order / 2)", "5"),
        ("shop / order * 2", "5"),
        ("1 + shop * 2", "21"),
        ("-shop * -order - -1", "41"),
        ("sum(shop) / mean(order)", "2.5"),
        ("shop / 3 * 3", "10"),
    ],
)
def test_a_formula_is_computed_as_arithmetic_is_read(text: str, answer: str) -> None:
    assert amounts(text, shop="10", order="4") == Decimal(answer)


def test_sums_and_products_keep_every_digit_that_60_hold() -> None:
    assert amounts("a + b", a="123456789012345678901234.000000000001", b="1E-36") == Decimal(
        "123456789012345678901234.000000000001000000000000000000000001"
    )
    assert amounts("a * a", a="0.000000000000000000000000000001") == Decimal("1E-60")


def test_a_division_is_rounded_once_like_every_ratio_of_the_platform() -> None:
    assert amounts("a / b", a="2", b="3") == RATIO.divide(Decimal(2), Decimal(3))
    assert amounts("a / b - c / b", a="1000000000000000000001", b="3", c="1000000000000000000000") == RATIO.divide(
        Decimal(1), Decimal(3)
    )


@pytest.mark.parametrize("text", ["a + b", "a - b", "a * b", "a / b", "b / a", "0 * (b + a)"])
def test_a_missing_half_is_a_missing_answer_with_its_reason(text: str) -> None:
    assert amounts(text, a="0", b=Missing("the day is open")) in (
        Missing("the day is open"),
        Missing("the day is open; a is 0"),
    )


def test_the_reasons_of_both_halves_are_told_each_once() -> None:
    one, both = Missing("no charges"), Missing("no units; no charges")
    assert amounts("-(a + b) / c", a=one, b=both, c=one) == Missing("no charges; no units")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a / units(zero)", "units(zero) is 0"),
        ("a / (a - a) + 1", "a - a is 0"),
        ("a / mean(zero)", "mean(zero) is 0"),
        ("zero / zero", "zero is 0"),
        ("a / -zero", "-zero is 0"),
        ("a + elsewhere", "elsewhere has no value"),
        ("a + nan", "nan is not a finite number"),
        ("a + snan", "snan is not a finite number"),
        ("a + infinity", "infinity is not a finite number"),
        ("a + huge", "huge is too large to be right"),
        ("a + endless", "endless has more than 60 digits after the point"),
        ("a * most * most", "a * most * most is too large to be right"),
        ("a / most / most / most", "a / most / most / most is too small to be told from 0"),
    ],
)
def test_what_can_not_be_computed_has_a_reason_and_never_a_wrong_number(text: str, reason: str) -> None:
    numbers = {"a": "1", "zero": "0.00", "huge": "1E+999999", "endless": "1E-999999", "most": "9" * 24}
    values = {**numbers, "nan": "NaN", "snan": "sNaN", "infinity": "-Infinity"}
    assert amounts(text, **values) == Missing(reason)


def test_a_name_in_two_windows_has_two_values() -> None:
    values = {Reference("", "seats", "last"): Decimal(12), Reference("", "seats", "mean"): Decimal(10)}
    assert evaluate(parse("last(seats) / mean(seats)"), values) == Decimal("1.2")


NAMES = ("cost(shop)", "units(order)", "revenue", 'cost("a ""b"" c")', "cost(team:team=x-1)")
NUMBERS = st.decimals(-(10**6), 10**6, places=3) | st.sampled_from([Decimal(0), Decimal(1)])
WRITTEN = st.decimals("0.01", 999, places=2).map(str)
SPACE = st.sampled_from(["", " ", "  ", "\n"])


def larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts that have such texts in them, with the brackets that a person sets, or forgets."""
    two = st.tuples(smaller, SPACE, st.sampled_from("+-*/"), SPACE, smaller).map("".join)
    return two | two.map("({})".format) | smaller.map("-({})".format)


FORMULAS = st.recursive(st.sampled_from(NAMES) | WRITTEN, larger, max_leaves=14)
WORLDS = st.fixed_dictionaries(dict.fromkeys(NAMES, NUMBERS))


@given(FORMULAS, WORLDS)
def test_any_formula_amounts_to_what_fractions_make_of_it(text: str, world: Mapping[str, Decimal]) -> None:
    formula = parse(text)
    answer = evaluate(formula, values_of(formula, world))
    assert is_right(answer, by_python(text, world.__getitem__), divides=formula.divides)


@given(FORMULAS, WORLDS)
def test_any_formula_that_is_written_out_and_read_again_is_the_same(text: str, world: Mapping[str, Decimal]) -> None:
    formula = parse(text)
    again = parse(str(formula))
    assert (again, str(again)) == (formula, str(formula))
    assert evaluate(again, values_of(again, world)) == evaluate(formula, values_of(formula, world))
