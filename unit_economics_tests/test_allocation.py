"""Shared cost in double entry: whatever the shares and the bill, the lines add up to the bill, and say who paid why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.allocation.double_entry import Allocated, Direct, Line, Quantities, allocate
from unit_economics.entries.allocation import OWN_LINES, UNALLOCATED, UNUSED_COMMITMENT, Allocation

DAY = date(2026, 3, 1)
NEXT = DAY + timedelta(days=1)
POOLS = ["facilities", "it", "platform"]
TEAMS = ["checkout", "search", "ads"]
Allocate = Callable[[Allocation, Sequence[Direct], Quantities], Allocated]


def numbers(**each: str) -> dict[str, Decimal]:
    return {name: Decimal(number) for name, number in each.items()}


def sharing(*shared: Mapping[str, Any]) -> Allocation:
    rules = [{"to": name, "where": {"service_name": name}} for name in POOLS + TEAMS]
    return Allocation.model_validate({"rules": rules, "shared": list(shared)})


def share(
    by: Any, pool: str = "platform", among: Sequence[str] = ("checkout", "search"), **more: Any
) -> dict[str, Any]:
    return {"cost_of": pool, "among": list(among), "by": by, **more}


def bill(day: date = DAY, currency: str = "USD", **amounts: str | None) -> list[Direct]:
    return [
        Direct(day, currency, name, name, None if amount is None else Decimal(amount), 1)
        for name, amount in amounts.items()
    ]


def counted(
    units: Mapping[str, str] | None = None, drivers: Mapping[str, Mapping[str, str]] | None = None
) -> Quantities:
    measured = {name: {DAY: numbers(**each)} for name, each in (drivers or {}).items()}
    return Quantities({name: {DAY: Decimal(number)} for name, number in (units or {}).items()}, measured)


NOTHING = counted()


def paid(lines: Iterable[Line], day: date = DAY, currency: str = "USD") -> dict[str, Fraction | None]:
    """What each target pays in the end; None where one of its lines has no amount."""
    amounts: dict[str, list[Decimal | None]] = {}
    for line in lines:
        if (line.day, line.currency) == (day, currency):
            amounts.setdefault(line.target, []).append(line.amount)
    return {target: None if None in each else sum(map(Fraction, each), Fraction(0)) for target, each in amounts.items()}


def moved(lines: Iterable[Line]) -> list[tuple[int, str, str | None, str, str]]:
    return [(line.step, line.rule, line.source, line.target, f"{line.amount}") for line in lines if line.step]


# The promises, as functions that a bad method can be put through too.


def lost(direct: Iterable[Direct], lines: Iterable[Line]) -> dict[tuple[date, str], Fraction]:
    """What the lines of a day and currency lack of its bill, where they do."""
    lacks: dict[tuple[date, str], Fraction] = {}
    for sign, entries in ((1, direct), (-1, lines)):
        for entry in entries:
            place = (entry.day, entry.currency)
            lacks[place] = lacks.get(place, Fraction(0)) + sign * Fraction(entry.amount or 0)
    return {place: lack for place, lack in lacks.items() if lack}


def left_over(allocation: Allocation, lines: Sequence[Line]) -> dict[tuple[date, str, str], Fraction]:
    """What is left in the pools that give everything away."""
    return {
        (day, currency, given.cost_of): left
        for day, currency in {(line.day, line.currency) for line in lines}
        for given in allocation.shared
        if given.holds_on(day) and "percent" not in repr(given.by)
        if (left := paid(lines, day, currency).get(given.cost_of))
    }


def spread_by_default(lines: Iterable[Line]) -> list[Line]:
    """What nobody was declared to pay for, and yet somebody pays."""
    ours = set(OWN_LINES) - {UNUSED_COMMITMENT}
    return [
        line
        for line in lines
        if line.step and (line.source in ours or (line.target in ours and not line.rule.endswith("no basis")))
    ]


# Methods that break them.


def with_lines(change: Callable[[list[Line]], list[Line]]) -> Allocate:
    def bad(allocation: Allocation, direct: Sequence[Direct], quantities: Quantities) -> Allocated:
        right = allocate(allocation, direct, quantities)
        return replace(right, lines=change(list(right.lines)))

    return bad


def rounded_each(lines: list[Line]) -> list[Line]:
    return [replace(line, amount=line.amount and round(line.amount, 2)) for line in lines]


def as_floats(lines: list[Line]) -> list[Line]:
    return [replace(line, amount=line.amount and Decimal(float(line.amount))) for line in lines]


def without_the_negative_line(lines: list[Line]) -> list[Line]:
    return [line for line in lines if not line.step or line.source]


def each_pool_twice(lines: list[Line]) -> list[Line]:
    return lines + [line for line in lines if line.step]


def unallocated_to_all(lines: list[Line]) -> list[Line]:
    rest = [line for line in lines if line.target == UNALLOCATED]
    takes = [replace(line, step=1, amount=line.amount and line.amount.copy_negate()) for line in rest]
    return [*lines, *takes, *(replace(line, step=1, source=UNALLOCATED, target="search") for line in rest)]


EVEN = sharing(share("even", among=TEAMS))
BILL = bill(platform="100.00", unallocated="7")


@pytest.mark.parametrize("bad", [rounded_each, as_floats, without_the_negative_line])
def test_lines_that_do_not_add_up_to_the_bill_would_be_caught(bad: Callable[[list[Line]], list[Line]]) -> None:
    assert lost(BILL, with_lines(bad)(EVEN, BILL, NOTHING).lines)
    assert not lost(BILL, allocate(EVEN, BILL, NOTHING).lines)


def test_a_pool_that_is_shared_twice_would_be_caught() -> None:
    assert left_over(EVEN, with_lines(each_pool_twice)(EVEN, BILL, NOTHING).lines)
    assert not left_over(EVEN, allocate(EVEN, BILL, NOTHING).lines)


def test_unallocated_cost_that_somebody_is_made_to_pay_would_be_caught() -> None:
    assert spread_by_default(with_lines(unallocated_to_all)(EVEN, BILL, NOTHING).lines)
    assert not spread_by_default(allocate(EVEN, BILL, NOTHING).lines)


# One key at a time.


def test_every_move_is_written_twice_and_says_by_which_rule() -> None:
    done = allocate(EVEN, BILL, NOTHING)
    assert moved(done.lines) == [
        (1, "platform by even", None, "platform", "-100.000000"),
        (1, "platform by even", "platform", "checkout", "33.333334"),
        (1, "platform by even", "platform", "search", "33.333333"),
        (1, "platform by even", "platform", "ads", "33.333333"),
    ]
    assert [(line.rule, line.amount, line.charge_rows) for line in done.lines if not line.step] == [
        ("platform", 100, 1),
        ("unallocated", 7, 1),
    ]
    assert done.unbased == {}


def test_charges_are_counted_once_however_often_their_cost_moves() -> None:
    assert sum(line.charge_rows for line in allocate(EVEN, BILL, NOTHING).lines) == 2


@pytest.mark.parametrize(
    ("by", "checkout", "search"),
    [
        ("even", "45", "45"),
        ("direct_cost", "30", "60"),
        ({"weights": numbers(checkout="4", search="5")}, "40", "50"),
        ({"units": {"checkout": "cost_per_order", "search": "cost_per_query"}}, "9", "81"),
        ({"driver": "cpu_hours"}, "90", "0"),
        ({"percent": numbers(checkout="30", search="70")}, "27", "63"),
    ],
    ids=["even", "direct cost", "weights", "units", "driver", "percent"],
)
def test_a_key_decides_who_pays_how_much(by: Any, checkout: str, search: str) -> None:
    quantities = counted({"cost_per_order": "100", "cost_per_query": "900"}, {"cpu_hours": {"checkout": "0.5"}})
    done = allocate(sharing(share(by)), bill(platform="90", checkout="5", search="10"), quantities)
    assert paid(done.lines) == numbers(platform="0", checkout=checkout, search=search) | {
        "checkout": Decimal(checkout) + 5,
        "search": Decimal(search) + 10,
    }
    assert done.unbased == {}


def test_what_percentages_leave_stays_where_it_is() -> None:
    half = sharing(share({"percent": numbers(checkout="12.5", search="37.5")}))
    done = allocate(half, bill(platform="-0.08"), NOTHING)
    assert moved(done.lines) == [
        (1, "platform by percent", None, "platform", "0.04"),
        (1, "platform by percent", "platform", "checkout", "-0.01"),
        (1, "platform by percent", "platform", "search", "-0.03"),
    ]


def test_direct_cost_below_0_has_no_weight_and_received_cost_is_not_direct() -> None:
    first = share("even", pool="it", among=["search"])
    shares = sharing(first, share("direct_cost", among=TEAMS))
    done = allocate(shares, bill(it="50", platform="10", checkout="3", search="1", ads="-8"), NOTHING)
    assert [(line.target, line.amount) for line in done.lines if line.step == 2] == [
        ("platform", -10),
        ("checkout", Decimal("7.5")),
        ("search", Decimal("2.5")),
    ]


TIERS = {
    "tiers": [
        {"up_to": Decimal(10), "by": "even"},
        {"up_to": Decimal("30"), "by": {"weights": numbers(search="1")}},
        {"by": "direct_cost"},
    ]
}


def test_tiers_follow_one_key_after_the_other() -> None:
    done = allocate(sharing(share(TIERS)), bill(platform="37", checkout="2", search="5"), NOTHING)
    assert [(line.rule, line.target, line.amount) for line in done.lines if line.step] == [
        ("platform by even up to 10", "platform", -10),
        ("platform by even up to 10", "checkout", 5),
        ("platform by even up to 10", "search", 5),
        ("platform by weights up to 30", "platform", -20),
        ("platform by weights up to 30", "search", 20),
        ("platform by direct_cost above 30", "platform", -7),
        ("platform by direct_cost above 30", "checkout", 2),
        ("platform by direct_cost above 30", "search", 5),
    ]


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_tier_that_is_not_reached_moves_nothing_and_a_credit_fills_tiers_like_a_cost(sign: str) -> None:
    done = allocate(sharing(share(TIERS)), bill(platform=f"{sign}12"), NOTHING)
    assert paid(done.lines) == numbers(platform="0", checkout=f"{sign}5", search=f"{sign}7")
    assert done.unbased == {}


# By hand, over three levels.


def test_three_levels_are_stepped_down_as_by_hand() -> None:
    """A department gives what it has at its turn, and gets nothing afterwards.

    |                        | facilities |    it | platform |    checkout |      search |
    | direct                 |        800 |  1160 |      500 |        4000 |        2000 |
    | by area, 2:1:3:2       |       -800 |  +200 |     +100 |        +300 |        +200 |
    | by tickets, 1:2:1      |            | -1360 |     +340 |        +680 |        +340 |
    | by direct cost, 2:1    |            |       |     -940 | +626.666667 | +313.333333 |
    | pays in the end        |          0 |     0 |        0 | 5606.666667 | 2853.333333 |
    """
    shares = sharing(
        share({"driver": "area"}, pool="facilities", among=["it", "platform", "checkout", "search"]),
        share({"driver": "tickets"}, pool="it", among=["platform", "checkout", "search"]),
        share("direct_cost"),
    )
    area = {"it": "200", "platform": "100", "checkout": "300", "search": "200"}
    drivers = {"area": area, "tickets": {"platform": "1", "checkout": "2", "search": "1"}}
    direct = bill(facilities="800", it="1160", platform="500", checkout="4000", search="2000")
    done = allocate(shares, direct, counted(drivers=drivers))
    assert paid(done.lines) == numbers(
        facilities="0", it="0", platform="0", checkout="5606.666667", search="2853.333333"
    )
    assert [(line.step, line.amount) for line in done.lines if line.target == "platform"] == [
        (0, 500),
        (1, 100),
        (2, 340),
        (3, -940),
    ]


def test_a_step_is_the_place_among_the_shares_that_hold_on_the_day() -> None:
    shares = sharing(share("even", pool="it", since=NEXT), share("even", until=NEXT))
    done = allocate(shares, bill(it="1", platform="2") + bill(NEXT, it="4", platform="8"), NOTHING)
    assert paid(done.lines) == numbers(it="1", platform="0", checkout="1", search="1")
    assert paid(done.lines, NEXT) == numbers(it="0", platform="8", checkout="2", search="2")
    assert {line.step for line in done.lines} == {0, 1}


def test_currencies_are_divided_each_by_itself() -> None:
    direct = bill(platform="6", checkout="1", search="2") + bill(currency="EUR", platform="8", checkout="1")
    done = allocate(sharing(share("direct_cost")), direct, NOTHING)
    assert paid(done.lines) == numbers(platform="0", checkout="3", search="6")
    assert paid(done.lines, currency="EUR") == numbers(platform="0", checkout="9")


@pytest.mark.parametrize("amounts", [{}, {"platform": "0"}], ids=["no charge", "a sum of 0"])
def test_a_pool_with_nothing_in_it_needs_no_basis(amounts: dict[str, str]) -> None:
    done = allocate(sharing(share({"driver": "none"})), bill(**amounts, checkout="1"), NOTHING)
    assert (moved(done.lines), done.unbased) == ([], {})


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("direct_cost", "platform by direct_cost: none of those who share it has a direct cost above 0"),
        ({"units": {"checkout": "a", "search": "b"}}, "platform by units: no units of b are there"),
        ({"units": {"checkout": "zero"}}, "platform by units: those who share it have 0 units"),
        ({"driver": "seats"}, "platform by driver seats: nothing of this day was measured"),
        ({"driver": "idle"}, "platform by driver idle: 0 was measured for those who share it"),
    ],
    ids=["direct cost", "units not counted", "0 units", "not measured", "0 measured"],
)
@pytest.mark.parametrize("amount", ["12.5", "-12.5"])
def test_without_a_basis_cost_is_unallocated_and_a_sentence_says_why(by: Any, why: str, amount: str) -> None:
    quantities = counted({"a": "5", "zero": "0"}, {"idle": {"checkout": "0", "ads": "3"}})
    done = allocate(sharing(share(by)), bill(platform=amount, checkout="-1"), quantities)
    assert paid(done.lines) == numbers(platform="0", checkout="-1", unallocated=amount)
    assert {line.rule for line in done.lines if line.step} == {why.partition(":")[0] + ": no basis"}
    assert done.unbased == {DAY: why}


def test_only_the_tier_without_a_basis_is_unallocated() -> None:
    done = allocate(sharing(share(TIERS)), bill(platform="37"), NOTHING)
    assert paid(done.lines) == numbers(platform="0", checkout="5", search="25", unallocated="7")
    assert "platform by direct_cost above 30: " in done.unbased[DAY]


def test_a_day_says_each_reason_once() -> None:
    shares = sharing(share({"driver": "x"}, pool="it"), share({"driver": "x"}))
    both = [Direct(DAY, money, pool, pool, Decimal(1), 1) for money in ("EUR", "USD") for pool in ("it", "platform")]
    nothing = "nothing of this day was measured"
    assert allocate(shares, both, NOTHING).unbased == {
        DAY: f"it by driver x: {nothing}; platform by driver x: {nothing}"
    }


def test_what_follows_from_a_cost_that_is_not_stated_is_not_known_either() -> None:
    shares = sharing(share("even", pool="it", among=["platform", "ads"]), share("direct_cost"))
    done = allocate(shares, bill(it=None, platform="4", checkout="1", search="0", unallocated="3"), NOTHING)
    assert paid(done.lines) == {
        **dict.fromkeys(["it", "platform", "ads", "checkout"]),
        **numbers(search="0", unallocated="3"),
    }
    assert done.unbased[DAY].startswith("it by even: the source does not state a cost that this needs")


def test_a_cost_that_is_not_stated_is_unallocated_where_nobody_could_pay_it() -> None:
    done = allocate(sharing(share({"driver": "seats"})), bill(platform=None, checkout="1"), NOTHING)
    assert paid(done.lines) == {"platform": None, "unallocated": None, "checkout": 1}
    assert done.unbased == {DAY: "platform by driver seats: nothing of this day was measured"}


def test_a_weight_that_is_not_stated_leaves_the_other_currency_and_the_other_day_alone() -> None:
    direct = bill(platform="4", checkout=None, search="1")
    others = bill(currency="EUR", platform="4", checkout="1") + bill(NEXT, platform="4", checkout="1")
    done = allocate(sharing(share("direct_cost")), direct + others, NOTHING)
    assert paid(done.lines) == {"platform": None, "checkout": None, "search": None}
    assert paid(done.lines, currency="EUR") == paid(done.lines, NEXT) == numbers(platform="0", checkout="5")
    assert list(done.unbased) == [DAY]


def test_a_variant_uses_the_keys_of_its_name_and_else_the_declared_ones() -> None:
    shares = sharing(
        share("even", pool="it", or_by={"other": "direct_cost"}),
        share("even", or_by={"another": {"weights": numbers(search="1")}}),
    )
    direct = bill(it="8", platform="2", checkout="3", search="1")
    assert paid(allocate(shares, direct, NOTHING).lines)["checkout"] == 8
    assert paid(allocate(shares, direct, NOTHING, "other").lines)["checkout"] == 10
    assert paid(allocate(shares, direct, NOTHING, "another").lines)["checkout"] == 7


# Any shares and any bill.

number = st.integers(0, 4).map(Decimal) | st.integers(1, 10**9).map(lambda n: Decimal(f"{n}e-6"))
positive = number.filter(bool)
digits = st.integers(-999, 999).map(lambda n: f"{n}e-2") | st.integers(10**35, 10**36).map(lambda n: f"{n}e-12")
money = st.builds(lambda digits, sign: Decimal(digits).copy_sign(Decimal(sign)), digits, st.sampled_from([1, -1]))
metrics, drivers = st.sampled_from(["orders", "queries"]), st.sampled_from(["cpu", "seats"])


def named(among: Sequence[str], each: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(among), each, min_size=1)


def keys(among: Sequence[str], of_direct_cost: bool = True) -> st.SearchStrategy[Any]:
    percent = named(among, st.integers(1, 2000).map(lambda n: Decimal(n) / 100))
    return st.one_of(
        st.just("even"),
        st.just("direct_cost" if of_direct_cost else "even"),
        st.builds(lambda weights: {"weights": weights}, named(among, positive)),
        st.builds(lambda percent: {"percent": percent}, percent),
        st.builds(lambda units: {"units": units}, named(among, metrics)),
        st.builds(lambda driver: {"driver": driver}, drivers),
    )


@st.composite
def tiers(draw: st.DrawFn, key: st.SearchStrategy[Any]) -> Any:
    ends = sorted(draw(st.sets(positive, max_size=2)))
    return {"tiers": [*({"up_to": end, "by": draw(key)} for end in ends), {"by": draw(key)}]}


@st.composite
def allocations(draw: st.DrawFn, of_direct_cost: bool = True) -> Allocation:
    """Up to three pools, each shared among some of the later ones and the teams, on some days or all."""
    shares = []
    for place, pool in enumerate(POOLS):
        among = draw(st.lists(st.sampled_from(POOLS[place + 1 :] + TEAMS), min_size=1, unique=True))
        key = keys(among, of_direct_cost)
        by, other = draw(key | tiers(key)), draw(st.none() | key)
        since, until = draw(st.sampled_from([(None, None), (None, None), (NEXT, None), (None, NEXT)]))
        or_by = {} if other is None else {"other": other}
        shares.append(share(by, pool, among, since=since, until=until, or_by=or_by))
    return sharing(*draw(st.sampled_from([shares, shares[:1], shares[1:], []])))


def bills(amount: st.SearchStrategy[Decimal | None] = money) -> st.SearchStrategy[list[Direct]]:
    """Something in every pool, and any other charges on two days in two currencies; a team has two rules."""
    targets = {name: name for name in [*POOLS, *TEAMS, *OWN_LINES]} | {"checkout-2": "checkout"}
    places = st.tuples(st.sampled_from([DAY, NEXT]), st.sampled_from(["USD", "EUR"]), st.sampled_from(sorted(targets)))
    pools = st.fixed_dictionaries({(DAY, "USD", pool): amount for pool in POOLS})
    return st.builds(
        lambda pools, others: [
            Direct(*place, targets[place[2]], amount, 1) for place, amount in (others | pools).items()
        ],
        pools,
        st.dictionaries(places, amount, max_size=16),
    )


by_day = st.sampled_from([DAY, NEXT])
quantities = st.builds(
    Quantities,
    st.dictionaries(metrics, st.dictionaries(by_day, number)),
    st.dictionaries(drivers, st.dictionaries(by_day, st.dictionaries(st.sampled_from(POOLS + TEAMS), number))),
)


@given(allocations(), bills(), quantities, st.sampled_from([None, "other"]))
def test_the_lines_add_up_to_the_bill_of_each_day_and_currency(
    shares: Allocation, direct: list[Direct], measured: Quantities, variant: str | None
) -> None:
    done = allocate(shares, direct, measured, variant)
    assert not lost(direct, done.lines)
    for move in {(line.step, line.rule) for line in done.lines if line.step}:
        assert not lost([], [line for line in done.lines if (line.step, line.rule) == move])


@given(allocations(), bills(), quantities)
def test_a_pool_gives_all_it_has(shares: Allocation, direct: list[Direct], measured: Quantities) -> None:
    assert not left_over(shares, allocate(shares, direct, measured).lines)


@given(allocations(), bills(), quantities)
def test_nobody_pays_for_what_is_unallocated_or_out(
    shares: Allocation, direct: list[Direct], measured: Quantities
) -> None:
    done = allocate(shares, direct, measured)
    assert not spread_by_default(done.lines)
    without_basis = {line.day for line in done.lines if line.rule.endswith("no basis")}
    assert without_basis == set(done.unbased)


@given(allocations(), bills(), quantities, st.data())
def test_the_order_of_the_charges_does_not_matter(
    shares: Allocation, direct: list[Direct], measured: Quantities, data: st.DataObject
) -> None:
    assert allocate(shares, data.draw(st.permutations(direct)), measured) == allocate(shares, direct, measured)


@given(allocations(of_direct_cost=False), bills(), quantities)
def test_credits_move_as_the_costs_that_they_take_back(
    shares: Allocation, direct: list[Direct], measured: Quantities
) -> None:
    def negated(entries: Iterable[Any]) -> list[Any]:
        return [replace(entry, amount=entry.amount.copy_negate()) for entry in entries]

    assert allocate(shares, negated(direct), measured).lines == negated(allocate(shares, direct, measured).lines)


@given(allocations(), bills(st.none() | money), quantities, money)
def test_what_is_said_beside_a_cost_that_is_not_stated_holds_whatever_it_is(
    shares: Allocation, direct: list[Direct], measured: Quantities, unknown: Decimal
) -> None:
    stated = [replace(entry, amount=unknown) if entry.amount is None else entry for entry in direct]
    known = [line for line in allocate(shares, direct, measured).lines if line.amount is not None]
    assert set(known) <= set(allocate(shares, stated, measured).lines)
