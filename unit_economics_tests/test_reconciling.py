"""The arithmetic of an invoice and what was billed for it: every difference is attributed, or left over in the open."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.insight.differences import KINDS, PARTS, Charged, Item, Kind, part_of
from unit_economics.insight.reconciling import Answer, Question, answer

CENT = Decimal("0.01")
MONEY = st.decimals(-(10**9), 10**9, places=12, allow_nan=False)


def asked(amount: str | None = "100", billed: str | None = "100", **changes: object) -> Question:
    """An issued invoice of an ended month, with a tolerance of a thousandth."""
    stated = None if amount is None else Decimal(amount)
    charged = Charged(None if billed is None else Decimal(billed), charge_rows=9, days=30)
    allowed = Decimal(0) if stated is None else stated.copy_abs() / 1000
    question = Question("issued", stated, {}, charged, [], allowed, CENT)
    return replace(question, **changes)  # pyright: ignore[reportArgumentType]


def by_hand(kind: Kind, amount: str) -> Item:
    return Item(kind, Decimal(amount), "as the contract says", "hand")


def parts(found: Answer) -> dict[str, Decimal]:
    return {item.kind: item.amount for item in found.items}


def test_an_invoice_of_what_was_billed_is_reconciled_with_a_score_of_1() -> None:
    found = answer(asked())
    assert (found.state, found.difference, found.unexplained, found.score) == ("reconciled", 0, 0, 1)


def test_an_invoice_that_is_higher_is_unexplained_until_a_person_explains_it() -> None:
    found = answer(asked("100.4"))
    assert (found.state, found.difference, found.unexplained) == ("unexplained", Decimal("0.4"), Decimal("0.4"))
    assert found.score == 1 - Decimal("0.4") / Decimal("100.4")
    found = answer(asked("100.4", by_hand=[by_hand("support", "0.4")]))
    assert (found.state, found.explained, found.unexplained) == ("explained", Decimal("0.4"), 0)


def test_an_explanation_of_too_much_is_left_over_with_the_other_sign() -> None:
    found = answer(asked("100.4", by_hand=[by_hand("support", "5")]))
    assert (found.state, found.unexplained) == ("unexplained", Decimal("-4.6"))


def test_a_part_that_both_sides_state_explains_what_the_invoice_has_more() -> None:
    charged = Charged(Decimal(100), 9, 30, {"tax": Decimal(1)})
    found = answer(asked("119", charged=charged, parts={"tax": Decimal(20)}))
    assert parts(found) == {"tax": 19}
    assert found.items[0].evidence == "the invoice states 20 of tax, the charges hold 1"
    assert answer(asked("119", charged=charged)).state == "unexplained"  # nobody knows what is tax in it


def test_tax_that_only_the_bill_has_makes_an_invoice_without_tax_lower() -> None:
    charged = Charged(Decimal(119), 9, 30, {"tax": Decimal(19)})
    assert parts(answer(asked("100", charged=charged, parts={"tax": Decimal(0)}))) == {"tax": -19}


def test_what_a_person_says_goes_before_what_is_found_of_the_same_kind() -> None:
    found = answer(asked("119", parts={"tax": Decimal(19)}, by_hand=[by_hand("tax", "10")]))
    assert parts(found) == {"tax": 10}
    assert found.unexplained == 9


@pytest.mark.parametrize(
    ("amount", "suggested", "taken"),
    [("110", "10", True), ("110", "4", True), ("110", "11", False), ("110", "-10", False), ("90", "-10", True)],
)
def test_what_the_charges_suggest_is_taken_only_where_it_fits(amount: str, suggested: str, taken: bool) -> None:
    charged = Charged(Decimal(100), 9, 30, not_invoiced=Decimal(suggested))
    assert parts(answer(asked(amount, charged=charged))) == ({"timing": Decimal(suggested)} if taken else {})


def test_charges_of_other_issuers_explain_a_marketplace() -> None:
    charged = Charged(Decimal(100), 9, 30, of_other_issuers=Decimal(7))
    assert parts(answer(asked("107", charged=charged))) == {"marketplace": 7}


def test_less_than_a_cent_a_day_is_rounding_and_a_cent_a_day_is_not() -> None:
    found = answer(asked("100.29", tolerance=Decimal(0)))
    assert (found.state, parts(found)) == ("reconciled", {"rounding": Decimal("0.29")})
    assert answer(asked("100.30", tolerance=Decimal(0))).state == "unexplained"
    assert answer(asked("100.29", tolerance=Decimal(0), smallest=Decimal("0.001"))).state == "unexplained"


def test_an_open_period_is_never_judged_and_says_why() -> None:
    assert answer(asked("200", is_over=False)).state == "open"
    found = answer(asked("200", lacking=[date(2026, 10, 1), date(2026, 10, 2)]))
    assert (found.state, found.reason) == ("open", "not stored or not complete yet: 2026-10-01 to 2026-10-02")
    assert found.unexplained == 100


def test_an_invoice_that_is_not_issued_is_provisional_however_well_it_fits() -> None:
    assert answer(asked(status="provisional")).state == "provisional"


def test_an_invoice_without_an_amount_never_reconciles_against_its_own_charges() -> None:
    found = answer(asked(None))
    assert (found.state, found.difference, found.score) == ("no_amount", None, None)


def test_what_cannot_be_told_is_empty_and_never_0() -> None:
    found = answer(asked(billed=None, doubt="a source could not be read"))
    assert (found.state, found.reason) == ("unexplained", "a source could not be read")
    assert (found.difference, found.unexplained, found.score) == (None, None, None)


ABSENT = "the mart has no days before 2026-10-15; days not in the mart: 2026-10-01 to 2026-10-14"


def test_what_days_that_are_not_in_the_mart_cost_is_not_computed_and_fails_nothing() -> None:
    for status in ("issued", "provisional"):
        found = answer(asked("240", not_in_mart=ABSENT, status=status))
        assert found == Answer("not_held", f"cannot be held: {ABSENT}")
    assert answer(asked("-240", "-100", not_in_mart=ABSENT)).state == "not_held"
    assert answer(asked(billed=None, not_in_mart=ABSENT)).state == "not_held"


def test_days_that_are_not_in_the_mart_excuse_nothing_that_they_can_not_be() -> None:
    assert answer(asked("100.05", not_in_mart=ABSENT)).state == "reconciled"
    assert answer(asked("60", not_in_mart=ABSENT)).state == "unexplained"  # more is billed than invoiced
    assert answer(asked("240", charged=Charged(Decimal(0)), not_in_mart=ABSENT)).state == "unexplained"
    assert answer(asked("240", not_in_mart=ABSENT, by_hand=[by_hand("timing", "140")])).state == "explained"
    assert answer(asked(billed=None, doubt="it could not be read", not_in_mart=ABSENT)).state == "unexplained"
    assert answer(asked("240", not_in_mart=ABSENT, is_over=False)).state == "open"


def test_an_invoice_of_nothing_has_no_score() -> None:
    found = answer(asked("0", "0"))
    assert (found.state, found.score) == ("reconciled", None)
    assert answer(asked("0", "5")).state == "unexplained"
    assert answer(asked("10", "500")).score == 0


def test_a_charge_is_one_part_of_an_invoice() -> None:
    aws = ("AWS", "Amazon Web Services, Inc.")
    assert part_of("Tax", "AWS Support", None, aws) == "tax"
    assert part_of("Credit", None, None, aws) == "credits"
    assert part_of("Usage", "AWS Support (Business)", None, aws) == "support"
    assert part_of("Usage", "Supportive Housing", None, aws) is None
    assert part_of("Usage", "Linux", "Red Hat Inc.", aws) == "marketplace"
    assert part_of("Usage", "Amazon EC2", "Amazon Web Services, Inc.", aws) is None


ITEMS = st.lists(
    st.builds(Item, st.sampled_from(KINDS), MONEY, st.just("why"), st.just("hand")),
    max_size=4,
    unique_by=lambda i: i.kind,
)
CHARGED = st.builds(
    Charged,
    billed=MONEY,
    charge_rows=st.integers(1, 99),
    days=st.integers(0, 31),
    parts=st.dictionaries(st.sampled_from(PARTS), MONEY),
    not_invoiced=MONEY,
    of_other_issuers=MONEY,
)


@given(MONEY, CHARGED, st.dictionaries(st.sampled_from(PARTS), MONEY), ITEMS)
def test_the_items_and_the_rest_are_the_difference_exactly(
    amount: Decimal, charged: Charged, stated: dict[Kind, Decimal], hand: list[Item]
) -> None:
    found = answer(Question("issued", amount, stated, charged, hand, abs(amount) / 1000, CENT))
    assert found.unexplained is not None
    assert charged.billed is not None
    added = sum((Fraction(item.amount) for item in found.items), Fraction(found.unexplained))
    assert added == Fraction(amount) - Fraction(charged.billed)
    assert len({item.kind for item in found.items}) == len(found.items)
    assert (found.state == "unexplained") == (abs(found.unexplained) > abs(amount) / 1000)


@given(MONEY, CHARGED)
def test_what_is_only_suggested_never_makes_the_rest_larger(amount: Decimal, charged: Charged) -> None:
    found = answer(Question("issued", amount, {}, replace(charged, parts={}), [], Decimal(0), CENT))
    assert found.unexplained is not None
    assert found.difference is not None
    assert abs(found.unexplained) <= max(abs(found.difference), charged.days * CENT)
