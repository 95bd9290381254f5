"""The word for what a destination holds, whatever was sent, held and is right."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.drift import Verdict, holdings, was_touched
from unit_economics.entries.adapters import Difference, Publication
from unit_economics.publication_checks import untouched

DAY = date(2026, 3, 1)
amount = st.sampled_from([Decimal(n) for n in (0, 1, 2, 3)])
maybe = st.none() | amount
tried = st.lists(amount, max_size=3)


def word(held: str | None, sent: list[str], ours: str | None, beside: str = "") -> Verdict | None:
    found = holdings(
        {DAY: Decimal(held)} if held else {},
        {DAY: beside} if beside else {},
        {DAY: [Decimal(one) for one in sent]} if sent else {},
        {DAY: Decimal(ours)} if ours else {},
    )
    return found[0].verdict if found else None


@pytest.mark.parametrize(
    ("held", "sent", "ours", "verdict"),
    [
        ("1", ["1"], "1", "same"),
        ("9", ["1"], "1", "edited"),
        (None, ["1"], "1", "deleted"),
        (None, ["1"], None, "deleted"),
        ("1", ["1"], "2", "behind"),
        ("9", ["1"], "2", "edited"),
        ("1", [], None, "foreign"),
        ("9", [], "1", "foreign"),
        ("1", ["1"], None, "same"),
        ("2", ["1"], "2", "same"),
        ("0", ["1"], "1", "edited"),
        (None, [], "1", None),
    ],
)
def test_each_day_has_its_word(held: str | None, sent: list[str], ours: str | None, verdict: Verdict | None) -> None:
    assert word(held, sent, ours) == verdict


def test_what_was_sent_and_never_seen_to_arrive_is_nobody_s_edit() -> None:
    assert word("2", ["1", "2"], "3") == "behind"
    assert not was_touched(Decimal(2), [Decimal(1), Decimal(2)])


def test_something_beside_what_is_right_is_foreign_and_never_hides_an_edit() -> None:
    assert word("1", ["1"], "1", "5 labelled 'eu'") == "foreign"
    assert word("9", ["1"], "1", "5 labelled 'eu'") == "edited"
    assert word(None, [], None, "5 labelled 'eu'") == "foreign"


@given(maybe, tried, maybe)
def test_every_drift_has_a_word_that_is_not_same(
    held: Decimal | None, sent: list[Decimal], ours: Decimal | None
) -> None:
    found = holdings(
        {} if held is None else {DAY: held}, {}, {DAY: sent} if sent else {}, {} if ours is None else {DAY: ours}
    )
    for one in found:
        is_right = held is not None and (held == ours or (ours is None and held in sent))
        assert (one.verdict == "same") == is_right
        assert (one.verdict in {"edited", "deleted"}) == (not is_right and bool(sent) and held not in sent)


@given(maybe, tried, amount)
def test_a_publication_warns_of_what_somebody_changed_and_of_nothing_else(
    held: Decimal | None, sent: list[Decimal], wanted: Decimal
) -> None:
    differences = [Difference(DAY, held, wanted)] if held != wanted else []
    (found,) = untouched({DAY: wanted}, Publication(differences, 1, {DAY: wanted}), {DAY: sent} if sent else {})
    is_changed = held != wanted and (bool(sent) if held is None else held not in sent)
    assert found.passed == (not is_changed)
    assert not found.blocks
    assert bool(found.text) == is_changed
