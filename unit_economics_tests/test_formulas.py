"""Which texts are formulas, what they are written out, where the caret stands, and the order they are computed in.

Here: the language. Not here: units (test_formulas_units.py), answers (test_formulas_values.py), texts of every kind
(test_formulas_fuzz.py).
"""

import pickle
import re

import pytest

from unit_economics.formulas import FormulaProblem, Reference, in_order, parse, unknown


def problem(text: str) -> FormulaProblem:
    with pytest.raises(FormulaProblem) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("cost(shop)/units(order)", "cost(shop) / units(order)"),
        ("(revenue - cost) / revenue", "(revenue - cost) / revenue"),
        ("1 - cost(all) / cost(list)", "1 - cost(all) / cost(list)"),
        ("((cost(product:checkout)))", "cost(product:checkout)"),
        ("cost( team:team=payments )", "cost(team:team=payments)"),
        ('cost("shop")', "cost(shop)"),
        ('cost("team:team=a ""b""")', 'cost("team:team=a ""b""")'),
        ("a - (b - c) - (d * e) / (f / g)", "a - (b - c) - (d * e) / (f / g)"),
        ("- a*-(b*c)--1.50", "-a * -(b * c) - -1.50"),
        ("mean(a - b) / sum(summary)", "mean(a - b) / sum(summary)"),
        ("last(cost(a-b)) -\n\tlast(last_day)", "last(cost(a-b)) - last(last_day)"),
    ],
)
def test_a_formula_is_written_out_with_the_brackets_it_needs_and_read_again_the_same(text: str, written: str) -> None:
    formula = parse(text)
    assert str(formula) == written
    assert parse(written) == formula


def test_references_are_in_order_and_each_once_with_the_column_of_the_first() -> None:
    first, second, third = parse("cost(shop) / units(order) + revenue * cost( shop )").references
    assert (first, first.column) == (Reference("cost", "shop"), 1)
    assert (second, second.column) == (Reference("units", "order"), 14)
    assert (third, third.column) == (Reference("", "revenue"), 29)


def test_a_name_in_another_window_is_another_reference() -> None:
    asked = parse("last(seats) / mean(seats - 2) + seats").references
    assert [(one.name, one.window) for one in asked] == [("seats", "last"), ("seats", "mean"), ("seats", None)]


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "it is empty"),
        ("cost(shop) /", 13, "it ends too soon; a number, a name, `-` or `(` is missing"),
        ("cost(shop", 10, "it ends too soon; `)` is missing"),
        ("a b", 3, "`b` can't stand here; an operator"),
        ("a + * b", 5, "`*` can't stand here"),
        ("a)", 2, "`)` can't stand here; the end is expected"),
        ("cost()", 6, "`)` can't stand here; a name like shop"),
        ("cost(a) + cost(a b)", 18, "`b` can't stand here; `)` is expected"),
        ("a ** 2", 4, "there is no power operator"),
        ("a ^ 2", 3, "there is no power operator"),
        ("2e5", 2, "`e5` can't stand here"),
        ("2 + .5", 5, "a number is written like 0.5"),
        ("nan + inf(1)(2)", 13, "`(` can't stand here"),
        ("a \N{MULTIPLICATION SIGN} b", 3, "write `*`"),
        ("a // b", 4, "`/` can't stand here"),
        ("a if b else c", 3, "`if` can't stand here"),
        ("a, b", 2, "`,` can't be read here"),
        ("__import__('os')", 1, "`__import__` can't stand here"),
        ("cost('a')", 6, 'write `"`'),
        ('cost("a', 6, 'a name in quotes ends with `"`'),
        ('cost("")', 6, "is not empty"),
        ('cost("a\u202eb")', 6, "can't be shown"),
        ("\N{CYRILLIC SMALL LETTER ES}ost(a)", 1, "can't be read here"),
        ("\N{FULLWIDTH DIGIT ONE} + 1", 1, "can't be read here"),
        ("a\x00", 2, "U+0000 can't be read here"),
        ("a + \udcff", 5, "U+DCFF can't be read here"),
        ("a / (b - 1) / 0.00", 13, "nothing can be divided by 0"),
        ("a + 1000000000000000000000000", 5, "below 10^24"),
        ("a + 0." + "1" * 40, 5, "at most 40 digits"),
        ("sum", 4, "`(` is missing"),
        ("sum(a, b)", 6, "`,` can't be read here"),
        ("a + sum(b - mean(c))", 13, "mean(...) can't stand inside sum(...)"),
        ("a +\n%", 5, "`%` can't be read here"),
    ],
)
def test_what_is_no_formula_is_refused_at_its_character(text: str, column: int, said: str) -> None:
    refused = problem(text)
    assert (refused.column, refused.text) == (column, text)
    assert said in refused.what
    assert str(refused) == f"column {column}: {refused.what}"


def test_the_caret_stands_under_the_character() -> None:
    assert problem("cost(shop) / units(order").pointed == "cost(shop) / units(order\n                        ^"
    assert problem("a +\n%").pointed == "a + %\n    ^"


def test_of_a_long_formula_the_part_around_the_character_is_shown() -> None:
    line, caret = problem(f"{'a + ' * 100}%{' + a' * 20}").pointed.splitlines()
    assert line[caret.index("^")] == "%"
    assert len(line) <= 120


def test_a_formula_has_at_most_500_characters() -> None:
    longest = f"{'a + ' * 124}cost"
    assert len(longest) == 500
    assert str(parse(longest)) == longest
    refused = problem(f"{longest}s")
    assert (refused.column, refused.what) == (501, "it has 501 characters; 500 at most")


def test_a_formula_has_at_most_20_levels_and_brackets_that_hold_nothing_are_none() -> None:
    assert str(parse(f"{'-' * 20}a")) == f"{'-' * 20}a"
    assert problem(f"{'-' * 21}a").what == "it is nested too deep here; 20 levels at most"
    assert "nested too deep" in problem(f"{'(1+' * 60}1{')' * 60}").what
    assert str(parse(f"{'(' * 249}a{')' * 249}")) == "a"


def test_a_problem_goes_from_one_process_to_another() -> None:
    refused = problem("a + %")
    again = pickle.loads(pickle.dumps(refused))
    assert (str(again), again.pointed) == (str(refused), refused.pointed)


def test_an_unknown_name_is_told_with_the_nearest_right_one() -> None:
    (reference,) = parse("cost(shpo)").references
    said = str(unknown(reference, ["cost(shop)", "units(order)"]))
    assert said == "column 1: `cost(shpo)` is not known; did you mean `cost(shop)`? allowed: cost(shop), units(order)"
    assert unknown(reference, []).what == "`cost(shpo)` is not known; allowed: none"
    assert unknown(reference, [f"revenue_{number}" for number in range(25)]).what.endswith("revenue_19 and 5 more")


def named(reference: Reference) -> str | None:
    return reference.name if reference.function == "metric" else None


def test_formulas_are_ordered_with_what_they_stand_on_first() -> None:
    formulas = {"a": parse("metric(b) + metric(c)"), "b": parse("metric(c) - cost"), "c": parse("cost(a)")}
    assert in_order(formulas, named) == ["c", "b", "a"]
    assert in_order({}, named) == []


def test_a_name_that_no_formula_has_is_no_part_of_the_order() -> None:
    assert in_order({"a": parse("metric(elsewhere)")}, named) == ["a"]


def test_a_circle_is_refused_with_its_chain_and_points_at_the_name_that_leads_into_it() -> None:
    formulas = {"a": parse("1 + metric(b)"), "b": parse("metric(a) / 2"), "c": parse("metric(a)")}
    with pytest.raises(FormulaProblem) as caught:
        in_order(formulas, named)
    links = re.findall(r"(\w) needs (\w)", caught.value.what)
    assert sorted(links) == [("a", "b"), ("b", "a")]
    start = links[0][0]
    assert (caught.value.text, caught.value.column) == (formulas[start].text, {"a": 5, "b": 1}[start])


def test_a_formula_that_names_itself_is_refused() -> None:
    with pytest.raises(FormulaProblem, match=r"it stands on itself: a needs a$"):
        in_order({"a": parse("metric(a)")}, named)


def test_a_chain_of_any_length_is_ordered_and_a_circle_of_any_length_is_refused() -> None:
    chain = {f"m{number}": parse(f"metric(m{number + 1})") for number in range(3_000)}
    assert in_order(chain, named) == list(reversed(chain))
    chain["m3000"] = parse("metric(m0)")
    with pytest.raises(FormulaProblem, match=r"and 2951 more$"):
        in_order(chain, named)
