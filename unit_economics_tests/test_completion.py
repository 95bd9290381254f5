"""Chain ladder by hand and by Mack's own published example, and what a snapshot must not teach."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.insight.completion import LEAST_SNAPSHOTS, Cell, Curves, Snapshot, Step, step_of
from unit_economics.insight.curve_points import curve_points
from unit_economics.insight.growing import factor_to_end, variances
from unit_economics.insight.prior import Prior

TAYLOR_ASHE = [
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
]
RESERVES = 18_680_856
ERRORS = [75_535, 121_699, 133_549, 261_406, 411_010, 558_317, 875_328, 971_258, 1_363_155]
"""Mack 1993, table 1 and the text beside it: the standard error of each year's reserve, from the second year on."""

FIRST = date(2026, 3, 1)
PRIOR = Prior({}, Decimal("0.5"))
EC2, TAX = Cell("AWS", "EC2", "USD"), Cell("AWS", "Tax", "USD")


def mack_steps() -> list[Step]:
    """The steps of the example; the last one's variance is extrapolated as Mack does it, since one pair has none."""
    pairs = [[(row[n], row[n + 1]) for row in TAYLOR_ASHE if len(row) > n + 1] for n in range(9)]
    steps = [step for one in pairs[:-1] if (step := step_of(one))]
    (before, after), (third, second) = pairs[-1][0], (steps[-2].sigma2, steps[-1].sigma2)
    return [*steps, Step(after / before, min(second**2 / third, second, third), before, 1)]


def test_the_reserves_and_standard_errors_of_macks_example_are_the_published_ones() -> None:
    steps, rows = mack_steps(), TAYLOR_ASHE[1:]
    missing = [float(factor_to_end(steps[len(row) - 1 :])) * row[-1] - row[-1] for row in rows]
    assert sum(missing) == pytest.approx(RESERVES, abs=0.5)
    found = [sqrt(sum(variances(row[-1], steps[len(row) - 1 :]))) for row in rows]
    assert found == pytest.approx(ERRORS, abs=0.5)


def test_without_the_process_variance_the_published_errors_are_missed() -> None:
    steps = [replace(step, sigma2=0.0) for step in mack_steps()]
    found = [sum(variances(row[-1], steps[len(row) - 1 :])) for row in TAYLOR_ASHE[1:]]
    assert found == [0.0] * 9


def test_a_step_by_hand() -> None:
    assert step_of([(100, 150), (300, 330)]) == Step(1.2, pytest.approx(100 * 0.3**2 + 300 * 0.1**2), 400, 2)
    assert step_of([(100, 150), (0, 10)]) is None


def seen(
    days: int, *ages: tuple[str, str], definition: str = "d", since: date = FIRST
) -> dict[tuple[date, int], Snapshot]:
    """Days that each fill alike: by age, what EC2 and the tax cost."""
    return {
        (since + timedelta(days=n), age): Snapshot({EC2: Decimal(ec2), TAX: Decimal(tax)}, definition)
        for n in range(days)
        for age, (ec2, tax) in enumerate(ages, start=1)
    }


FILLING = (("60", "0"), ("90", "4"), ("100", "10"))


def test_a_cell_is_learnt_from_eight_days_on_and_not_from_seven() -> None:
    assert Curves(seen(LEAST_SNAPSHOTS - 1, *FILLING), 3).steps(EC2, 1) is None
    steps = Curves(seen(LEAST_SNAPSHOTS, *FILLING), 3).steps(EC2, 1)
    assert steps is not None
    assert factor_to_end(steps) == pytest.approx(Decimal(100) / 60)
    assert [step.pairs for step in steps] == [LEAST_SNAPSHOTS] * 2


def test_what_was_not_there_yet_has_no_factor_but_its_provider_has_one() -> None:
    curves = Curves(seen(9, *FILLING), 3)
    assert curves.steps(TAX, 1) is None
    assert curves.steps(TAX, 2) is not None
    steps = curves.steps(TAX.whole, 1)
    assert steps is not None
    assert factor_to_end(steps) == pytest.approx(Decimal(110) / 60)
    assert curves.cells == [TAX.whole, EC2, TAX]


def test_each_service_ends_at_its_own_age_and_its_provider_with_the_last_of_them() -> None:
    curves = Curves(seen(9, *FILLING), 2, {("AWS", "Tax"): 3, ("AWS", None): 1})
    assert [curves.end(cell) for cell in (EC2, TAX, TAX.whole)] == [2, 3, 3]
    assert curves.latest == 3
    source, steps = curves.known(EC2, 1)
    assert (source, factor_to_end(steps)) == ("learnt", pytest.approx(Decimal("1.5")))
    assert {cell: [one.age for one in curve_points(curves, PRIOR) if one.cell == cell] for cell in curves.cells} == {
        EC2: [1],
        TAX: [1, 2],
        TAX.whole: [1, 2],
    }


def test_a_provider_named_as_slower_is_so_with_all_its_services() -> None:
    curves = Curves(seen(9, *FILLING), 2, {("AWS", None): 3})
    assert [curves.end(cell) for cell in (EC2, TAX, TAX.whole, Cell("GCP", "Run", "USD"))] == [3, 3, 3, 2]


def test_a_fast_service_goes_by_its_providers_steps_to_its_own_end_alone() -> None:
    new = Cell("AWS", "New", "USD")
    curves = Curves(seen(9, *FILLING), 2, {("AWS", "Tax"): 3})
    source, steps = curves.known(new, 1)
    assert (source, len(steps)) == ("provider", 1)


def test_a_day_that_was_first_seen_late_teaches_nothing_of_its_first_days() -> None:
    """As a backfill leaves it: there at age 3 only. That it was all there at age 1 would be a wrong lesson."""
    late = {key: one for key, one in seen(30, *FILLING).items() if key[1] == 3}
    assert Curves(late, 3).steps(EC2, 1) is None
    assert Curves({**seen(9, *FILLING), **late}, 3).steps(EC2, 1) == Curves(seen(9, *FILLING), 3).steps(EC2, 1)


def test_a_bill_that_means_something_else_the_next_day_teaches_nothing() -> None:
    before, after = seen(9, *FILLING), seen(9, *FILLING, definition="other")
    mixed = {key: (after if key[1] > 1 else before)[key] for key in before}
    assert Curves(mixed, 3).steps(EC2, 1) is None
    assert Curves(mixed, 3).steps(EC2, 2) is not None


def test_credits_and_costs_that_were_not_stated_teach_nothing() -> None:
    assert Curves(seen(9, ("-5", "1"), ("10", "1")), 2).steps(EC2, 1) is None
    assert Curves(seen(9, ("5", "1"), ("-10", "1")), 2).steps(EC2, 1) is None
    unstated = {key: Snapshot({EC2: None}, "d") for key in seen(9, *FILLING)}
    assert Curves(unstated, 3).steps(EC2, 1) is None
    assert Curves(unstated, 3).steps(EC2.whole, 1) is None


def test_what_strays_together_strays_further_than_what_strays_by_itself() -> None:
    cells = [Cell("AWS", f"S{n}", "USD") for n in range(4)]

    def curves(share: list[list[int]]) -> Curves:
        days = [FIRST + timedelta(days=n) for n in range(40)]
        first = {(day, 1): {c: share[n % 4][m] for m, c in enumerate(cells)} for n, day in enumerate(days)}
        after = {(day, 2): dict.fromkeys(cells, 100) for day in days}
        made = {k: Snapshot({c: Decimal(v) for c, v in costs.items()}) for k, costs in {**first, **after}.items()}
        return Curves(made, 2)

    at_once = curves([[50] * 4, [80] * 4, [50] * 4, [80] * 4])
    in_turn = curves([[50, 80, 50, 80], [80, 50, 80, 50], [50, 80, 50, 80], [80, 50, 80, 50]])
    assert at_once.together(cells, 1) == pytest.approx(4, rel=0.1)
    assert in_turn.together(cells, 1) == 1
    assert at_once.together(cells[:1], 1) == 1


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), min_size=2, max_size=40))
def test_a_factor_carries_the_sum_of_the_days_before_to_the_sum_after(days: list[tuple[int, int]]) -> None:
    step = step_of(days)
    assert step is not None
    assert step.factor * step.weight == pytest.approx(sum(after for _, after in days))
    assert step.sigma2 >= 0
