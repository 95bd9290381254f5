"""What a formula's answer measures: units combined and refused, the declared unit, and the algebra of natures."""

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.currencies import CURRENCIES
from unit_economics.formulas import (
    Checked,
    FormulaProblem,
    Leaf,
    Nature,
    Reference,
    check,
    disagreement,
    parse,
    unknown,
)
from unit_economics.formulas.scales import measure
from unit_economics.formulas.units import times, unit_of

NATURES: tuple[Nature, ...] = ("additive", "gauge", "semi_additive", "distinct", "ratio", "percentile")
SHOP = {
    "cost(shop)": Leaf("USD", "additive"),
    "cost(storage)": Leaf("USD", "additive"),
    "revenue": Leaf("USD", "additive"),
    "revenue_eur": Leaf("EUR", "additive"),
    "units(order)": Leaf("Order", "additive"),
    "units(orders)": Leaf("Orders", "additive"),
    "shouted": Leaf("ORDER", "additive"),
    "units(gb_month)": Leaf("GB-month", "additive"),
    "hours": Leaf("vCPU-hour", "additive"),
    "tokens": Leaf("tokens", "additive"),
    "millions": Leaf("1M tokens", "additive"),
    "gb": Leaf("GB", "gauge"),
    "tb": Leaf("TB", "gauge"),
    "gib": Leaf("GiB", "gauge"),
    "mb": Leaf("1000 MB", "gauge"),
    "share": Leaf("%", "ratio"),
    "unit_cost": Leaf("USD / Order", "ratio"),
    "price": Leaf("USD / GB-month", "ratio"),
}


def checked(text: str, leaves: Mapping[str, Leaf] = SHOP) -> Checked:
    def resolve(reference: Reference) -> Leaf:
        if str(reference) not in leaves:
            raise unknown(reference, list(leaves))
        return leaves[str(reference)]

    return check(parse(text), resolve)


def problem(text: str, leaves: Mapping[str, Leaf] = SHOP) -> FormulaProblem:
    with pytest.raises(FormulaProblem) as caught:
        checked(text, leaves)
    assert caught.value.text == text
    return caught.value


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("cost(shop) / units(order)", "USD / Order"),
        ("cost(storage) / units(gb_month)", "USD / GB-month"),
        ("cost(shop) / hours", "USD / vCPU-hour"),
        ("cost(shop) / millions", "USD / 1M tokens"),
        ("(revenue - cost(shop)) / revenue", "1"),
        ("1 - share", "1"),
        ("1 / units(order)", "1 / Order"),
        ("units(order) / tokens / shouted", "1 / tokens"),
        ("unit_cost * units(order)", "USD"),
        ("price * units(gb_month) - cost(storage)", "USD"),
        ("hours / gb", "vCPU-hour / GB"),
        ("gb * gb / hours / units(order)", "GB * GB / vCPU-hour / Order"),
        ("gb / tb", "GB / TB"),
        ("gb + mb", "GB"),
        ("-units(order) + shouted", "Order"),
        ("2.5 * gb - gb / 3", "GB"),
    ],
)
def test_units_are_combined(text: str, unit: str) -> None:
    assert checked(text).unit == unit


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("cost(shop) + units(order)", 12, "`USD` and `Order` can't be added: they measure different things"),
        ("revenue - revenue_eur", 9, "`USD` and `EUR` can't be subtracted"),
        ("units(order) - units(orders)", 14, "`Order` and `Orders` can't be subtracted"),
        ("1 + revenue", 3, "a share or number without unit and `USD` can't be added"),
        ("revenue / (revenue - units(order))", 20, "`USD` and `Order`"),
        ("gb + tb", 4, "`GB` and `TB` can't be added: they measure the same at different scales; convert one of"),
        ("gib - gb", 5, "`GiB` and `GB` can't be subtracted: they measure the same at different scales"),
        ("tokens + millions", 8, "`tokens` and `1M tokens` can't be added: they measure the same at different"),
        ("1 - gb / tb", 3, "a share or number without unit and `GB / TB` can't be subtracted: they measure the same"),
        ("revenu / units(order)", 1, "`revenu` is not known; did you mean `revenue`?"),
        ("2 * 3", 1, "it names nothing that is measured"),
    ],
)
def test_units_that_do_not_go_together_are_refused_at_the_operator(text: str, column: int, said: str) -> None:
    refused = problem(text)
    assert refused.column == column
    assert said in refused.what


@pytest.mark.parametrize("unit", ["Order", "Request", "seat", "count", "case", "point", "bit", "dozen", "mole", "pint"])
def test_a_business_noun_is_never_a_physical_unit(unit: str) -> None:
    leaves = {"a": Leaf(unit, "additive"), "b": Leaf("1", "additive"), "c": Leaf("GB", "additive")}
    assert checked("a / c", leaves).unit == f"{unit} / GB"
    assert "measure different things" in problem("a + b", leaves).what
    assert "measure different things" in problem("a + c", leaves).what


@pytest.mark.parametrize("unit", ["add-on", "SHA-256", "e-mail", "day-pass", "gb", "usd", "Active customer"])
def test_a_name_with_a_hyphen_or_in_other_letters_is_one_kind_too(unit: str) -> None:
    assert len(unit_of(unit).powers) == 1
    assert str(unit_of(f"USD / {unit}-month")) == f"USD / {unit}-month"


@pytest.mark.parametrize("other", [code for code in CURRENCIES if code != "USD"])
def test_every_currency_is_a_dimension_of_its_own(other: str) -> None:
    assert measure(unit_of("USD")) != measure(unit_of(other))


@pytest.mark.parametrize(
    ("one", "many", "other"),
    [
        ("hour", 3600, "s"),
        ("day", 86_400_000, "ms"),
        ("weeks", 7, "day"),
        ("year", 12, "months"),
        ("TB", 10**12, "bytes"),
        ("PiB", 2**50, "B"),
        ("MWh", 10**6, "Wh"),
        ("tCO2e", 10**6, "g CO2e"),
        ("GB-month / hour", Fraction(365_250 * 24, 12), "MB"),
        ("1k requests / 1M orders", 1000, "requests / 1M orders"),
        ("TB * TB / GB", 10**15, "B"),
    ],
)
def test_scales_are_exact(one: str, many: int | Fraction, other: str) -> None:
    (scale, dimension), (base, same) = measure(unit_of(one)), measure(unit_of(other))
    assert dimension == same
    assert scale == many * base


FACTORS = ["USD", "EUR", "Order", "order", "hour", "ms", "GB", "kWh", "1M tokens", "tokens", "seat", "month", "1"]


@given(st.lists(st.sampled_from(FACTORS), min_size=1), st.lists(st.sampled_from(FACTORS)))
def test_a_unit_that_is_written_and_read_again_is_the_same(above: list[str], below: list[str]) -> None:
    unit = unit_of(" / ".join([" * ".join(above), *below]))
    again = unit_of(str(unit))
    assert again == unit
    assert str(again) == str(unit)
    assert measure(times(unit, unit_of("1"))) == measure(again)


@pytest.mark.parametrize("text", ["", "-", "5", "USD /", "* Order", "0 orders", "a\x00", "\udcff", "x" * 1001])
def test_a_text_that_is_no_unit_is_refused_where_its_name_stands(text: str) -> None:
    refused = problem("2 * a", {"a": Leaf(text, "additive")})
    assert (refused.column, refused.what.startswith("the unit of a can't be read: ")) == (5, True)


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ("USD / Order", "cost(shop) / units(order)"),
        ("USD/order", "cost(shop) / units(order)"),
        ("USD / GB-months", "cost(storage) / units(gb_month)"),
        ("USD / GB / month", "cost(storage) / units(gb_month)"),
        ("percent", "1 - cost(shop) / revenue"),
        ("%", "1 - cost(shop) / revenue"),
        ("Percent", "1 - cost(shop) / revenue"),
        ("1", "share"),
        ("USD / 1M tokens", "cost(shop) / millions"),
        ("USD / 1000000 tokens", "cost(shop) / millions"),
    ],
)
def test_a_declared_unit_of_the_same_dimension_and_scale_agrees(declared: str, text: str) -> None:
    assert disagreement(declared, checked(text)) is None


@pytest.mark.parametrize(
    ("declared", "text", "said"),
    [
        (
            "USD",
            "cost(shop) / units(order)",
            "declared as `USD`, but the formula gives `USD / Order`: they measure dif",
        ),
        ("usd / Order", "cost(shop) / units(order)", "but the formula gives `USD / Order`"),
        ("USD / 1k Order", "cost(shop) / units(order)", "the same at different scales"),
        ("USD / TB-month", "cost(storage) / units(gb_month)", "the same at different scales"),
        ("percent", "gb / tb", "`percent`, but the formula gives `GB / TB`: they measure the same at different scales"),
        ("percent", "revenue", "they measure different things"),
        ("", "revenue", "is no unit"),
    ],
)
def test_any_other_declared_unit_is_told_with_both_names(declared: str, text: str, said: str) -> None:
    assert said in (disagreement(declared, checked(text)) or "")


def nature(text: str, a: Nature, b: Nature = "additive") -> Nature | str:
    """The nature of a formula of `a` and `b`, or what is wrong with it."""
    leaves = {"a": Leaf("GB", a), "b": Leaf("GB", b), "share": Leaf("1", a)}
    try:
        return checked(text, leaves).nature
    except FormulaProblem as refused:
        return refused.what


@pytest.mark.parametrize("one", NATURES)
def test_a_plain_number_times_anything_and_a_minus_keep_the_nature(one: Nature) -> None:
    assert {nature(text, one) for text in ("a", "-a", "2 * a", "a * 2", "a / 2", "(3 - 1) * a")} == {one}


@pytest.mark.parametrize("one", NATURES)
@pytest.mark.parametrize("other", NATURES)
def test_whatever_is_divided_is_a_ratio(one: Nature, other: Nature) -> None:
    assert {nature("a / b", one, other), nature("2 / a", one)} == {"ratio"}


@pytest.mark.parametrize("one", NATURES[:-1])
def test_the_sum_and_difference_of_two_of_one_nature_is_of_that_nature(one: Nature) -> None:
    assert {nature("a + b", one, one), nature("a - b", one, one)} == {one}


@pytest.mark.parametrize(
    ("one", "sum_with_number"),
    [("additive", "ratio"), ("gauge", "gauge"), ("semi_additive", "ratio"), ("distinct", "ratio"), ("ratio", "ratio")],
)
def test_a_number_is_added_once_and_not_on_every_day(one: Nature, sum_with_number: str) -> None:
    assert {nature("share + 1", one), nature("1 - share", one)} == {sum_with_number}


@pytest.mark.parametrize("level", ["gauge", "semi_additive"])
def test_a_total_and_a_level_do_not_add_up_but_the_total_of_a_mean_day_does(level: Nature) -> None:
    assert "a total and a level can't be added" in nature("a + b", "additive", level)
    assert "a total and a level can't be added" in nature("b - a", "additive", level)
    assert nature("mean(a) + b", "additive", "gauge") == "gauge"


@pytest.mark.parametrize("other", NATURES)
def test_a_percentile_is_never_added_nor_multiplied_with_a_quantity(other: Nature) -> None:
    assert "a percentile can't be added to anything" in nature("a + b", "percentile", other)
    assert "a percentile can't be added to anything" in nature("b - a", "percentile", other)
    assert "a percentile can't be added to anything" in nature("share + 1", "percentile")
    assert "a percentile can be multiplied only by a number" in nature("b * a", "percentile", other)


@pytest.mark.parametrize("one", NATURES[:-1])
def test_a_product_of_quantities_is_computed_anew_for_each_window(one: Nature) -> None:
    assert nature("a * b", one, "ratio") == "ratio"


@pytest.mark.parametrize(
    ("one", "summed", "averaged", "of_the_last_day"),
    [
        ("additive", "additive", "gauge", "semi_additive"),
        ("gauge", "a gauge can't be summed over days; use mean(...)", "gauge", "gauge"),
        ("semi_additive", "a level can't be summed", "semi_additive", "semi_additive"),
        ("distinct", "distinct counts can't be summed", "distinct counts can't be averaged", "distinct"),
        ("ratio", "ratios can't be summed; divide the sums", "ratios can't be averaged; divide the sums", "ratio"),
        ("percentile", "percentiles can't be summed", "percentiles and ratios can't be averaged", "percentile"),
    ],
)
def test_a_window_takes_only_what_can_be_put_together_so(
    one: Nature, summed: str, averaged: str, of_the_last_day: str
) -> None:
    assert summed in nature("sum(a)", one)
    assert averaged in nature("mean(a)", one)
    assert nature("last(a)", one) == of_the_last_day


def test_a_window_points_at_its_own_word_and_needs_something_measured() -> None:
    assert problem("revenue + mean(unit_cost)").column == 11
    assert "not only numbers" in problem("revenue * mean(2)").what
