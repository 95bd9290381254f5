"""What a day will come to: its interval holds what it says, nothing is made of nothing, and a prior is called one."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.insight.completion import Cell, Curves, Snapshot
from unit_economics.insight.intervals import lognormal, normal_quantile, student_quantile
from unit_economics.insight.nowcast import Part, nowcast
from unit_economics.insight.prior import Prior, Rules
from unit_economics.proof.nowcast import judged
from unit_economics.warehouse.nowcast_reading import Error
from unit_economics_tests.benchmarks.nowcast import HIGHEST, LOWEST, coverage, outcomes
from unit_economics_tests.late_bills import history

HISTORIES = 70
EC2, TAX, OTHER = Cell("AWS", "EC2", "USD"), Cell("AWS", "Tax", "USD"), Cell("GCP", "Run", "USD")
PRIOR = Prior({1: Decimal("0.5"), 2: Decimal("0.8")}, Decimal("0.4"))
RULES = Rules(PRIOR, Decimal("0.9"))
NOTHING_SEEN = Curves({}, 3)


def learnt(days: int = 20) -> Curves:
    """AWS fills 50, 80, 100, a little less or more on every other day; the tax comes last."""
    ages = enumerate((50, 80, 100), start=1)
    seen = {
        (date(2026, 3, 1) + timedelta(days=n), age): Snapshot(
            {EC2: Decimal(there + (n % 2 if age < 3 else 0)), TAX: Decimal(age == 3) * 10}
        )
        for age, there in ages
        for n in range(days)
    }
    return Curves(seen, 3)


def held(histories: int = HISTORIES) -> float:
    return coverage([one for seed in range(histories) for one in outcomes(history(seed))])


def test_the_interval_holds_as_often_as_it_says() -> None:
    assert LOWEST <= held() <= HIGHEST


def test_an_interval_that_leaves_out_what_days_stray_by_themselves_would_be_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_the_factors_alone(amount: float, steps: Sequence[object]) -> list[float]:
        return [0.0004 * amount**2 for _ in steps]

    monkeypatch.setattr("unit_economics.insight.nowcast.variances", of_the_factors_alone)
    assert held() < LOWEST


def test_an_interval_of_services_that_each_stray_by_themselves_would_be_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Curves, "together", lambda *_: 1.0)
    assert held(200) < LOWEST


def test_a_nowcast_that_expects_nothing_of_what_is_not_there_yet_would_be_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unit_economics.insight.nowcast.arrivals", lambda *_: ())
    first = [one for seed in range(HISTORIES) for one in outcomes(history(seed)) if one.age == 1]
    assert coverage(first) < LOWEST


def test_a_nowcast_is_nearer_than_the_figure_as_it_stands() -> None:
    found = [one for seed in range(20) for one in outcomes(history(seed))]
    assert sum(one.error for one in found) < sum(one.raw_error for one in found) / 2


def test_parts_are_multiplied_by_what_their_days_grew_by() -> None:
    found = nowcast([Part(EC2, Decimal(30))], 1, learnt(), RULES)
    assert found.cost == pytest.approx(Decimal(30 * 100) / Decimal("50.5"))
    assert found.low < found.cost < found.high
    assert (found.method, found.snapshots) == ("learnt", 20)


def test_until_eight_days_were_seen_it_is_the_declared_prior_and_says_so() -> None:
    found = nowcast([Part(EC2, Decimal(30))], 1, learnt(7), RULES)
    assert (found.cost, found.method, found.snapshots) == (60, "prior", None)
    assert nowcast([Part(EC2, Decimal(30))], 1, learnt(8), RULES).method == "learnt"
    assert nowcast([Part(EC2, Decimal(30)), Part(OTHER, Decimal(10))], 1, learnt(), RULES).method == "mixed"


def slower(tax_at: int) -> Curves:
    """EC2 is complete on the second morning and taken back a little later; the tax fills until the third."""
    seen = {
        (date(2026, 3, 1) + timedelta(days=n), age): Snapshot(
            {EC2: Decimal(ec2), TAX: Decimal(tax + n % 2 * (age < 3))}
        )
        for age, (ec2, tax) in enumerate(((50, 2), (100, 4), (90, 10)), start=1)
        for n in range(20)
    }
    return Curves(seen, 2, {("AWS", "Tax"): tax_at})


def test_what_is_complete_is_not_carried_open_by_a_slower_service_which_is_not_cut() -> None:
    parts = [Part(EC2, Decimal(100)), Part(TAX, Decimal(4))]
    found = nowcast(parts, 2, slower(3), RULES)
    assert (found.cost, found.method) == (100 + Decimal("8.888888888888"), "learnt")
    assert 100 < found.low < found.cost < found.high < 120
    assert nowcast(parts, 2, slower(2), RULES).cost == 104
    first = nowcast([Part(EC2, Decimal(50)), Part(TAX, Decimal(2))], 1, slower(3), RULES)
    assert first.cost == nowcast([Part(EC2, Decimal(50))], 1, slower(3), RULES).cost + Decimal(8)


def test_a_service_that_is_complete_is_expected_no_more() -> None:
    seen = {key: Snapshot({TAX: Decimal(key[1] == 3)}) for key in learnt().seen}
    assert nowcast([], 2, Curves(seen, 3), RULES, [TAX]).cost == 1
    assert nowcast([], 2, Curves(seen, 2, {("GCP", None): 3}), RULES, [TAX]).cost == 0


def test_priors_are_wrong_together() -> None:
    one = nowcast([Part(EC2, Decimal(60))], 1, NOTHING_SEEN, RULES)
    two = nowcast([Part(EC2, Decimal(30)), Part(TAX, Decimal(30))], 1, NOTHING_SEEN, RULES)
    assert (one.cost, one.low, one.high) == (two.cost, two.low, two.high)
    assert one.high > 120 + 60 * Decimal("0.4")


def test_a_service_without_factors_of_its_own_goes_by_its_provider() -> None:
    found = nowcast([Part(TAX, Decimal(1))], 1, learnt(), RULES)
    assert (found.method, found.cost) == ("learnt", pytest.approx(Decimal(110) / Decimal("50.5")))


def test_what_always_comes_later_is_expected_as_it_came_on_other_days() -> None:
    whole = nowcast([Part(EC2, Decimal(30))], 1, learnt(), RULES)
    expected = nowcast([Part(EC2, Decimal(30))], 1, learnt(), RULES, [TAX, OTHER])
    assert (expected.cost, expected.snapshots) == (whole.cost + 10, 20)
    assert nowcast([Part(EC2, Decimal(30))], 1, learnt(7), RULES, [TAX]).cost == 60
    assert nowcast([Part(EC2, Decimal(30))], 3, learnt(), RULES, [TAX]).cost == 30


def test_a_fee_of_one_day_in_a_month_is_expected_on_none() -> None:
    seen = dict(learnt().seen)
    for key, one in seen.items():
        seen[key] = Snapshot({**one.costs, OTHER: Decimal(300 if key[0].day == 1 and key[1] == 3 else 0)})
    assert nowcast([], 1, Curves(seen, 3), RULES, [OTHER]).cost == 0
    assert nowcast([], 1, Curves(seen, 3), RULES, [TAX]).cost == 10


def test_at_a_complete_age_the_figure_is_its_own_nowcast_to_the_last_digit() -> None:
    exact = Decimal("30.123456789012")
    found = nowcast([Part(EC2, exact)], 3, learnt(), RULES)
    assert (found.cost, found.low, found.high, found.method) == (exact, exact, exact, "observed")


def test_credits_are_taken_as_they_are() -> None:
    whole = nowcast([Part(EC2, Decimal(30))], 1, learnt(), RULES)
    credited = nowcast([Part(EC2, Decimal(30)), Part(OTHER, Decimal(-4))], 1, learnt(), RULES)
    assert (credited.cost, credited.low, credited.high) == (whole.cost - 4, whole.low - 4, whole.high - 4)
    alone = nowcast([Part(EC2, Decimal(-4))], 1, learnt(), RULES)
    assert (alone.cost, alone.low, alone.high, alone.method) == (-4, -4, -4, "observed")


def test_in_another_currency_an_interval_is_the_same_interval_converted() -> None:
    native = nowcast([Part(EC2, Decimal(30)), Part(TAX, Decimal(3))], 1, learnt(), RULES)
    yen = [Part(EC2, Decimal(4500), Decimal(150)), Part(TAX, Decimal(450), Decimal(150))]
    converted = nowcast(yen, 1, learnt(), RULES)
    found = [converted.cost, converted.low, converted.high]
    assert found == pytest.approx([one * 150 for one in (native.cost, native.low, native.high)])


def test_of_few_days_the_interval_is_wider() -> None:
    few, many = (nowcast([Part(EC2, Decimal(30))], 1, learnt(days), RULES) for days in (8, 40))
    assert few.high - few.low > many.high - many.low


LEVEL = Decimal("0.9")


def errors(held: int, days: int, level: Decimal = LEVEL) -> list[Error]:
    return [Error("cost_per_order", "USD", 1, level, days, held, 0.4, 0.1)]


def test_intervals_that_hold_much_less_or_more_often_than_they_say_are_warned_of() -> None:
    (low,) = judged(errors(70, 100), LEVEL)
    assert (low.passed, low.severity, low.about) == (False, "warning", "cost_per_order")
    assert low.text.startswith("cost_per_order: intervals of 90% held 70 of 100 days")
    assert [one.passed for one in (*judged(errors(84, 100), LEVEL), *judged(errors(97, 100), LEVEL))] == [True, True]
    assert [one.passed for one in judged(errors(200, 200), LEVEL)] == [False]
    assert [one.passed for one in judged([*errors(40, 50), *errors(50, 50)], LEVEL)] == [True]


def test_intervals_of_another_level_are_judged_no_more_once_the_catalogue_says_this_one() -> None:
    before = errors(50, 100, Decimal("0.5"))
    assert [one.passed for one in judged([*before, *errors(90, 100)], LEVEL)] == [True]
    assert judged(before, LEVEL) == []


def test_of_few_nowcasts_nothing_is_said() -> None:
    assert judged(errors(0, 29), LEVEL) == []
    assert len(judged(errors(0, 30), LEVEL)) == 1


@pytest.mark.parametrize(("freedom", "known"), [(7, 1.8946), (10, 1.8125), (30, 1.6973), (59, 1.6711)])
def test_quantiles_are_those_of_the_tables(freedom: int, known: float) -> None:
    assert student_quantile(0.9, freedom) == pytest.approx(known, abs=0.0005)
    assert normal_quantile(0.9) == pytest.approx(1.6449, abs=0.0001)


@given(st.decimals(-(10**9), 10**9, places=4), st.decimals(0, 10**9, places=4), st.integers(1, 3))
def test_a_nowcast_lies_in_its_interval_and_grows_with_what_is_there(amount: Decimal, more: Decimal, age: int) -> None:
    found = nowcast([Part(EC2, amount)], age, learnt(), RULES)
    assert found.low <= found.cost <= found.high
    assert nowcast([Part(EC2, amount + more)], age, learnt(), RULES).cost >= found.cost


@given(st.floats(1e-6, 1e12), st.floats(0, 3))
def test_a_lognormal_interval_is_above_nothing(mean: float, relative: float) -> None:
    low, high = lognormal(mean, (relative * mean) ** 2, 0.9)
    assert 0 < low <= mean * 1.0000001
    assert low <= high
