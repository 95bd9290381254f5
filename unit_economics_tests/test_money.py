"""The arithmetic of money: what is left of the gross, exact conversion, dated prices, margins. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics import schemas
from unit_economics.business_days import DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.components import together
from unit_economics.entries.fee import Fee
from unit_economics.entries.platform import Checks
from unit_economics.entries.rates import Quote
from unit_economics.exact import EXACT
from unit_economics.exchange import Exchange, in_one_currency, rates_of_days, stored
from unit_economics.fees import Sold, fees_of
from unit_economics.margin import DayMargin
from unit_economics.outside import Outside
from unit_economics.rate_sources.quoting import Judge, Row
from unit_economics.rate_sources.table import RateTable
from unit_economics.refusals import Refusal
from unit_economics.revenue import net_of
from unit_economics.revenue_checks import revenue_findings
from unit_economics_tests.readers import charges

DAY = date(2026, 3, 10)
DAYS = DayRange(DAY, DAY + timedelta(days=2))
RULES = Checks()
money = st.decimals(0, 10**12, places=12, allow_nan=False)
signed = st.decimals(-(10**12), 10**12, places=12, allow_nan=False)
rates = st.decimals("0.000000001", 10**6, places=9, allow_nan=False).filter(lambda rate: rate > 0)


def exactly(amounts: Sequence[Decimal]) -> Decimal:
    found = Decimal(0)
    for amount in amounts:
        found = EXACT.add(found, amount)
    return found


@given(money, money, money, money)
def test_net_and_what_is_taken_off_are_the_gross_again(g: Decimal, d: Decimal, r: Decimal, c: Decimal) -> None:
    net = net_of({"gross": g, "discounts": d, "refunds": r, "chargebacks": c})
    assert exactly([net, d, r, c]) == g
    assert net_of({"refunds": r, "gross": g}) == exactly([g, -r])


@given(st.dictionaries(st.sampled_from(["all", "web", "refunds"]), money, min_size=1))
def test_without_a_gross_all_of_it_was_earned_whatever_its_segments_are_called(segments: dict[str, Decimal]) -> None:
    assert net_of(segments) == exactly(list(segments.values()))


def bill(amounts: Sequence[Decimal], currency: str = "USD") -> pd.DataFrame:
    rows = pd.concat([charges(amount) for amount in amounts], ignore_index=True)
    return rows.assign(billing_currency=currency, business_date=DAY)


@given(st.lists(signed, min_size=1, max_size=30), rates, st.randoms(use_true_random=False))
def test_the_sum_of_what_was_converted_is_what_was_converted_of_the_sum_in_any_order(
    amounts: list[Decimal], rate: Decimal, random: Random
) -> None:
    exchange = Exchange("EUR", {(DAY, "USD"): rate})
    converted = in_one_currency(exchange, bill(amounts), None).charges["effective_cost"].tolist()
    random.shuffle(converted)
    assert exactly(converted) == exchange.amount(DAY, "USD", exactly(amounts))


def test_rounding_each_row_would_be_caught() -> None:
    amounts, rate = [Decimal("0.000000000001")] * 3, Decimal("0.4")
    exchange = Exchange("EUR", {(DAY, "USD"): rate})
    right = exchange.amount(DAY, "USD", exactly(amounts))
    assert exactly([stored(EXACT.multiply(amount, rate)) for amount in amounts]) != right


def test_a_bill_in_one_currency_is_native_money_converted_and_what_needs_no_rate_is_as_it_was() -> None:
    both = pd.concat([bill([Decimal(10)]), bill([Decimal(3)], "EUR")], ignore_index=True)
    done = in_one_currency(Exchange("EUR", {(DAY, "USD"): Decimal("0.9")}), both, None)
    assert done.charges["billing_currency"].tolist() == ["EUR", "EUR"]
    assert done.charges["effective_cost"].tolist() == [Decimal(9), Decimal(3)]
    assert done.charges["list_cost"].isna().all(), "a cost that is not stated is not 0"
    assert both["billing_currency"].tolist() == ["USD", "EUR"], "what was read stays as it was"


def test_a_day_without_a_rate_is_left_out_whole_and_says_which_currency_lacks() -> None:
    both = pd.concat([bill([Decimal(10)]), bill([Decimal(3)], "EUR")], ignore_index=True)
    done = in_one_currency(Exchange("EUR"), both, None)
    assert done.charges.empty
    assert "no rate of USD to EUR on 2026-03-10" in done.refused[DAY]


def carried(carry: int, *quotes: Quote) -> list[tuple[date, Decimal, date]]:
    rows = rates_of_days(quotes, DAYS, carry=timedelta(days=carry), into="EUR", source="ECB")
    schemas.EXCHANGE_RATES.validate(rows)
    return list(zip(rows["business_date"], rows["rate"], rows["rate_date"], strict=True))


def test_a_rate_is_carried_only_as_far_as_it_may_and_keeps_its_own_day() -> None:
    old = Quote("USD", DAY - timedelta(days=1), Decimal("0.9"))
    assert carried(0, old) == []
    assert carried(2, old) == [(DAY, Decimal("0.9"), old.day), (DAY + timedelta(days=1), Decimal("0.9"), old.day)]
    new = Quote("USD", DAY + timedelta(days=1), Decimal("0.8"))
    assert [rate for _, rate, _ in carried(5, new, old)] == [Decimal("0.9"), Decimal("0.8"), Decimal("0.8")]


def judged(*rows: Row, inverse: bool = False) -> list[tuple[str, Decimal]]:
    quotes = Judge("rates.csv", "EUR", inverse).quotes(rows, None).quotes
    return [(quote.currency, quote.rate) for quote in quotes]


def test_a_rate_that_the_source_states_the_other_way_round_is_turned_round_once() -> None:
    row = Row("line 2", "2026-03-10", "USD", "1.25")
    assert judged(row) == [("USD", Decimal("1.25"))]
    assert judged(row, inverse=True) == [("USD", Decimal("0.8"))]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("line 2", "2026-03-10", "USX", "1"), "no code of ISO 4217"),
        (Row("line 2", "10.03.2026", "USD", "1"), "the date is no day"),
        *(
            (Row("line 2", "2026-03-10", "USD", rate), "the rate is no number above 0")
            for rate in ("0", "", "-1", "NaN")
        ),
        *((Row("line 2", "2026-03-10", "USD", rate), "the rate is no number above 0") for rate in ("1,1", "1e3", "٣")),
        (Row("line 2", "2026-03-10", "USD", "0.0000000000000000001"), "finer than can be kept"),
        (Row("line 2", "2026-03-10", "EUR", "1.1"), "EUR in EUR is not 1"),
        (Row("line 2", "2026-03-10", "USD", "1.1", base="GBP"), "the base of the rate is not EUR"),
    ],
)
def test_a_row_of_rates_that_can_not_be_right_is_refused_with_its_line(row: Row, said: str) -> None:
    with pytest.raises(Refusal, match=r"rates\.csv, line 2: ") as refusal:
        judged(row)
    assert said in str(refusal.value)


def test_two_rates_of_one_day_and_currency_are_refused() -> None:
    with pytest.raises(Refusal, match="two rates of USD for 2026-03-10"):
        judged(*[Row("line 2", "2026-03-10", "USD", "1.1")] * 2)


def test_a_rate_of_a_table_holds_until_the_next_one_of_its_currency() -> None:
    rates = [
        {"since": day, "currency": code, "rate": rate}
        for day, code, rate in [
            (date(2026, 1, 1), "USD", Decimal("0.9")),
            (DAY + timedelta(days=1), "USD", Decimal("0.8")),
            (date(2025, 1, 1), "GBP", Decimal("1.2")),
        ]
    ]
    table = RateTable.model_validate({"kind": "table", "source": "the group's", "rates": rates})
    read = table.read(DAYS, into="EUR", outside=Outside({}))
    rows = rates_of_days(read.quotes, DAYS, carry=table.holds_for, into="EUR", source="x")
    of_usd = rows[rows["currency"] == "USD"]
    assert of_usd["rate"].tolist() == [Decimal("0.9"), Decimal("0.8"), Decimal("0.8")]
    assert len(rows) == 6


def fee(prices: object, **more: object) -> dict[str, Fee]:
    return {"card": Fee.model_validate({"source": "Stripe's list", "prices": prices, **more})}


def price(since: str, amount: str = "0", until: str | None = None, **more: object) -> dict[str, object]:
    ends = {"until": date.fromisoformat(until)} if until else {}
    return {"since": date.fromisoformat(since), "amount": Decimal(amount), **ends, **more}


EURO = Exchange("EUR", {(DAY, "USD"): Decimal("0.5")})


def test_the_price_of_the_day_is_taken_and_what_is_in_percent_is_of_what_customers_paid() -> None:
    prices = [price("2026-01-01", "9", "2026-03-10"), price("2026-03-10", "0.25", percent_of_revenue=Decimal("1.5"))]
    sold = Sold(DAY, Decimal(100), paid=Decimal(1000))
    assert fees_of(fee(prices), sold, EURO).amount == Decimal("40.00")
    assert fees_of(fee([price("2026-01-01", "0.3", currency="USD")]), sold, EURO).amount == Decimal(15)


def test_a_part_of_what_customers_paid_is_taken_on_a_day_without_units_too_and_never_a_part_of_less_than_nothing() -> (
    None
):
    prices = fee([price("2026-01-01", "0.25", percent_of_revenue=Decimal("1.5"))])
    assert fees_of(prices, Sold(DAY, Decimal(0), paid=Decimal(1000)), EURO).amount == 15
    assert fees_of(prices, Sold(DAY, Decimal(0), paid=Decimal(0)), EURO).amount == 0
    assert fees_of(prices, Sold(DAY, Decimal(10), paid=Decimal(-1000)), EURO).amount == Decimal("2.5")
    (said,) = fees_of(
        fee([price("2026-03-11", percent_of_revenue=Decimal(1))]), Sold(DAY, Decimal(0), paid=Decimal(9)), EURO
    ).faults
    assert said.startswith("fee card has no price on 2026-03-10")


@pytest.mark.parametrize("until", [None, "2026-03-10"])
def test_a_day_without_a_price_is_told_and_never_charged_another_one(until: str | None) -> None:
    prices = [price("2026-03-11" if until is None else "2026-01-01", "1", until)]
    charged = fees_of(fee(prices), Sold(DAY, Decimal(1)), EURO)
    assert charged.amount is None
    assert charged.faults == ["fee card has no price on 2026-03-10; add one to `fees.card.prices`"]


def test_the_values_that_have_no_price_are_named_and_those_without_units_need_none() -> None:
    fees = fee({"card": [price("2026-01-01", "0.1")]}, by="method")
    sold = Sold(DAY, Decimal(9), {"method": {"card": Decimal(4), "wire": Decimal(5), "cash": Decimal(0)}})
    (said,) = fees_of(fees, sold, EURO).faults
    assert "of method 'wire'" in said
    assert "cash" not in said
    known = Sold(DAY, Decimal(4), {"method": {"card": Decimal(4), "cash": Decimal(0)}})
    assert fees_of(fees, known, EURO).amount == Decimal("0.4")


def test_a_price_in_a_currency_without_a_rate_is_told() -> None:
    (said,) = fees_of(fee([price("2026-01-01", "1", currency="GBP")]), Sold(DAY, Decimal(1)), EURO).faults
    assert "no rate of GBP to EUR on 2026-03-10" in said


@given(st.dictionaries(st.sampled_from("abcdef"), money, min_size=1), money)
def test_a_price_for_every_value_takes_the_same_as_one_price_for_all(by: dict[str, Decimal], amount: Decimal) -> None:
    one, all_units = price("2026-01-01", str(amount)), exactly(list(by.values()))
    of_values = fees_of(fee({value: [one] for value in by}, by="x"), Sold(DAY, all_units, {"x": by}), EURO)
    of_all = fees_of(fee([one]), Sold(DAY, all_units), EURO)
    assert of_values.amount is not None
    assert of_all.amount is not None
    assert stored(of_values.amount) == stored(of_all.amount)


@given(signed, money, signed, st.decimals("0.001", 10**6, places=3))
def test_margin_and_what_was_paid_are_the_net_revenue_again(
    net: Decimal, fees: Decimal, cost: Decimal, quantity: Decimal
) -> None:
    day = DayMargin(quantity, net, fees, cost, cost)
    assert day.contribution is not None
    assert exactly([day.contribution, fees, cost]) == net
    earned, paid, left, percent = day.ratios
    assert None not in (earned, paid, left)
    assert abs(earned - paid - left) <= (abs(earned) + abs(paid)) * Decimal("1e-26")
    assert (percent is None) == (net <= 0) == (day.reason is not None)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (DayMargin(None, Decimal(1), None, None, Decimal(1)), "no units of this day are there"),
        (DayMargin(Decimal(0), Decimal(1), Decimal(0), None, Decimal(1)), "0 units"),
        (DayMargin(Decimal(1), None, Decimal(0), None, Decimal(1)), "no revenue of this day is there"),
        (DayMargin(Decimal(1), Decimal(-1), Decimal(0), None, Decimal(1)), "not above 0"),
        (DayMargin(Decimal(1), Decimal(1), Decimal(0), None, None, ["no bill"]), "no bill"),
    ],
)
def test_what_can_not_be_computed_is_empty_and_says_why(day: DayMargin, said: str) -> None:
    assert said in (day.reason or "")
    assert None in day.ratios


def count(*rows: tuple[str, str]) -> Count:
    frame = [(DAY, name, Decimal(amount), "EUR") for name, amount in rows]
    return Count(pd.DataFrame(frame, columns=list(schemas.UNITS.columns), dtype=object))


def test_components_are_one_delivery_and_a_day_that_one_lacks_is_absent_as_a_whole() -> None:
    gross, refunds = count(("all", "100")), count(("all", "7"))
    both = together({"gross": gross, "refunds": refunds}, "EUR")
    assert both.units[["segment", "quantity"]].to_numpy().tolist() == [["gross", 100], ["refunds", 7]]
    late = Count(schemas.empty(schemas.UNITS), absent={DAY: "not there yet"})
    lacking = together({"gross": gross, "refunds": late}, "EUR")
    assert (len(lacking.units), lacking.absent) == (0, {DAY: "refunds: not there yet"})
    wrong = Count(schemas.empty(schemas.UNITS), refused={DAY: "negative"})
    assert together({"gross": late, "refunds": wrong}, "EUR").refused == {DAY: "refunds: negative"}


def said_of(now: Count, basis: str = "order_date", **before: str) -> list[tuple[str, str]]:
    history = {DAY: {name: Decimal(amount) for name, amount in before.items()}}
    found = revenue_findings(now, [DAY], history, RULES, basis)  # pyright: ignore[reportArgumentType]
    return [(one.severity, one.text) for one in found if not one.passed]


def test_refunds_may_take_most_of_a_day_but_a_gross_that_shrinks_was_lost() -> None:
    assert said_of(count(("gross", "100"), ("refunds", "99")), gross="100", refunds="0") == []
    ((severity, text),) = said_of(count(("gross", "10"), ("refunds", "0")), gross="100", refunds="0")
    assert (severity, "only 10 where 100 were counted before" in text) == ("error", True)


def test_refunds_that_became_less_are_a_warning_and_so_are_those_that_grew_where_they_count_on_their_own_day() -> None:
    ((severity, text),) = said_of(count(("gross", "100"), ("refunds", "1")), gross="100", refunds="9")
    assert (severity, text) == ("warning", "refunds are 1 where 9 were counted before")
    ((severity, text),) = said_of(count(("gross", "100"), ("refunds", "9")), "event_date", gross="100", refunds="1")
    assert (severity, "count on their own day" in text) == ("warning", True)
