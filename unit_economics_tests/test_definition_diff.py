"""Two catalogues side by side, pure: entries, definitions, and numbers under both."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.catalogue import Catalogue
from unit_economics.cli.catalogue.diff_page import before_and_after
from unit_economics.definition_diff import (
    DefinitionChange,
    EntryChange,
    affected,
    changed_metrics,
    definition_changes,
    entry_changes,
    spread,
    window_changes,
)
from unit_economics.environment import parsed_catalogue
from unit_economics.number_diff import Number, NumberChange, Place, Plain, Value, number_changes, percent, totals

TEXT = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  shop: {where: {tags: {app: shop}}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, timestamp: at}
    cost: all
  cost_per_call:
    unit: Call
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.calls, timestamp: at}
    cost: shop
"""
DAY = date(2026, 3, 1)


def read(old: str = "", new: str = "") -> Catalogue:
    assert not old or TEXT.count(old) == 1
    return parsed_catalogue(TEXT.replace(old, new) if old else TEXT, "c.yaml")


def place(n: int = 0, scope: str = "all") -> Place:
    return Place("cost_per_order", scope, "USD", DAY + timedelta(days=n))


def value(cost: int | None, quantity: int | None) -> Value:
    amount, units = (None if one is None else Decimal(one) for one in (cost, quantity))
    ratio = amount / units if amount is not None and units else None
    return Value(amount, units, ratio, None if ratio is not None else "no units on this day")


def test_a_comment_changes_nothing() -> None:
    new = parsed_catalogue(f"{TEXT}# a comment\n", "c.yaml")
    assert (entry_changes(read(), new), definition_changes(read(), new), changed_metrics(read(), new)) == ([], [], [])


def test_an_entry_is_told_by_its_section_and_the_keys_that_differ_and_never_by_a_value() -> None:
    new = read("relation: public.orders", "relation: secret.orders")
    assert entry_changes(read(), new) == [EntryChange("metrics", "cost_per_order", "changed", ["units"])]
    assert "secret" not in str(entry_changes(read(), new))
    assert [one.asset for one in definition_changes(read(), new)] == ["daily_orders"]


def test_a_metric_that_is_new_or_gone_is_told_with_its_assets() -> None:
    gone = read(TEXT[TEXT.index("  cost_per_call") :], "\n")
    assert [(one.name, one.change) for one in entry_changes(read(), gone)] == [("cost_per_call", "removed")]
    assert [(one.name, one.change) for one in entry_changes(gone, read())] == [("cost_per_call", "added")]
    changes = definition_changes(gone, read())
    assert [one.asset for one in changes] == ["daily_calls", "cost_per_call"]
    assert all(one.before is None and one.after for one in changes)


def test_what_decides_no_number_changes_an_entry_and_no_definition() -> None:
    new = read("    unit: Call\n", "    unit: Call\n    owner: me\n    purpose: x\n    review_by: 2027-01-01\n")
    assert entry_changes(read(), new) == [
        EntryChange("metrics", "cost_per_call", "changed", ["owner", "purpose", "review_by"])
    ]
    assert (definition_changes(read(), new), changed_metrics(read(), new)) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "metrics"),
    [
        ("path: ./focus", "path: ./other", ["cost_per_order", "cost_per_call"]),
        ("app: shop", "app: search", ["cost_per_call"]),
        ("unit: Order", "unit: Basket", ["cost_per_order"]),
        ("cost_sources:", "currency: EUR\ncost_sources:", ["cost_per_order", "cost_per_call"]),
        ("cost_sources:", "business_day: {timezone: Asia/Tokyo}\ncost_sources:", ["cost_per_order", "cost_per_call"]),
        ("cost_sources:", "alerts: {urls: [SLACK]}\ncost_sources:", []),
    ],
)
def test_the_metrics_whose_numbers_may_differ_are_those_that_rest_on_what_changed(
    old: str, new: str, metrics: list[str]
) -> None:
    assert changed_metrics(read(), read(old, new)) == metrics


def test_a_retired_metric_is_one_that_is_gone() -> None:
    new = read("    unit: Call\n", "    unit: Call\n    state: retired\n")
    assert [one.asset for one in definition_changes(read(), new)] == ["daily_calls", "cost_per_call"]
    assert definition_changes(read(), new)[0] == DefinitionChange("daily_calls", definition_of("daily_calls"), None)
    assert changed_metrics(read(), new) == ["cost_per_call"]


def definition_of(asset: str) -> str | None:
    gone = read(TEXT[TEXT.index("  cost_per_call") :], "\n")
    return next(one.after for one in definition_changes(gone, read()) if one.asset == asset)


def test_equal_numbers_are_no_change_and_a_number_that_goes_away_is_one() -> None:
    old, new = {place(): value(10, 5), place(1): value(10, 5)}, {place(): value(10, 5)}
    [gone] = number_changes(old, new)
    assert (gone.place, gone.new, gone.rewrites) == (place(1), None, True)


def test_a_number_that_is_new_is_told_and_rewrites_nothing() -> None:
    [new] = number_changes({}, {place(): value(10, 5)})
    assert (new.old, new.rewrites, new.percent) == (None, False, None)


def test_the_same_ratio_of_other_halves_is_a_change() -> None:
    [doubled] = number_changes({place(): value(10, 5)}, {place(): value(20, 10)})
    assert (doubled.rewrites, doubled.percent) == (True, 0)


def test_the_total_is_the_ratio_of_sums_over_the_days_that_both_have() -> None:
    old = {place(): value(10, 5), place(1): value(100, 10), place(2): value(7, None)}
    new = {place(): value(20, 5), place(1): value(100, 10), place(2): value(7, 1)}
    [total] = totals(old, new)
    assert (total.days, total.old, total.new) == (2, Decimal(110) / 15, Decimal(120) / 15)
    assert total.old != (Decimal(2) + 10) / 2, "the mean of the days' ratios would be another number"


@given(
    st.dictionaries(st.integers(0, 9), st.tuples(st.integers(0, 99), st.integers(1, 99)), min_size=1),
    st.dictionaries(st.integers(0, 9), st.tuples(st.integers(0, 99), st.integers(1, 99)), min_size=1),
)
def test_every_number_that_differs_is_told_and_no_other(
    old: dict[int, tuple[int, int]], new: dict[int, tuple[int, int]]
) -> None:
    before, after = ({place(n): value(*halves) for n, halves in side.items()} for side in (old, new))
    told = {one.place for one in number_changes(before, after)}
    assert told == {place(n) for n in {*old, *new} if old.get(n) != new.get(n)}


@given(st.integers(0, 120), st.integers(1, 30))
def test_a_sample_is_spread_from_the_first_day_to_the_last_and_is_the_same_every_time(days: int, most: int) -> None:
    every = [DAY + timedelta(days=n) for n in range(days)]
    chosen = spread(every, most)
    assert chosen == spread(every, most) == sorted(set(chosen))
    assert len(chosen) == min(days, most)
    assert not every or chosen[-1] == every[-1]


def test_there_is_no_percentage_of_nothing() -> None:
    assert (percent(None, Decimal(1)), percent(Decimal(0), Decimal(1)), percent(Decimal(1), None)) == (None,) * 3
    assert percent(Decimal(4), Decimal(5)) == 25


def test_a_loss_that_becomes_smaller_rises_and_one_that_grows_falls() -> None:
    assert percent(Decimal(-10), Decimal(-5)) == 50
    assert percent(Decimal(-10), Decimal(5)) == 150
    assert percent(Decimal(-10), Decimal(-20)) == -100


def test_before_and_after_are_shown_in_as_many_digits_as_tell_them_apart() -> None:
    def shown(old: Number, new: Number) -> list[str]:
        return before_and_after(NumberChange(place(), old, new))

    assert shown(Plain(Decimal("2000000.01")), Plain(Decimal(3000000))) == ["2000000", "3000000", "+50.00 %"]
    near = shown(Plain(Decimal("2000000.01")), Plain(Decimal("2000000.02")))
    assert near == ["2000000.01", "2000000.02", "+0.00 %"]
    assert shown(value(10000000, 1), value(20000000, 2)) == ["10000000 / 1", "20000000 / 2", "same ratio"]
    assert shown(value(10000001, 1), value(20000002, 2))[:2] == ["10000000 / 1", "20000000 / 2"]


def test_units_whose_days_become_a_week_in_another_way_are_told_though_no_day_changes() -> None:
    new = read("    unit: Call\n", "    unit: Call\n    aggregation: gauge\n")
    assert affected(read(), new) == []
    [one] = window_changes(read(), new)
    assert (one.name, "sum before, mean after" in one.reason) == ("cost_per_call", True)
    assert window_changes(read(), read()) == []


def test_what_rests_on_what_changed_is_affected_and_a_publication_has_no_numbers_of_its_own() -> None:
    more = "formulas:\n  share: {formula: cost(shop) / cost(all), unit: percent}\n"
    extended = parsed_catalogue(TEXT + more, "c.yaml")
    other = parsed_catalogue(TEXT.replace("app: shop", "app: search") + more, "c.yaml")
    assert affected(extended, other) == ["cost_per_call", "share"]
    assert affected(read(), extended) == ["share"]
