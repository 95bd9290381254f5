"""A row as the text that is hashed and copied: the same rows always give the same text, on every release."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.exact import EXACT
from unit_economics.warehouse.tables import CHARGES, Table, content_hash

DAY = date(2026, 3, 1)
TABLE = Table("any", ("name", "amount"), frozenset({"amount"}))

BILL = [
    *("AWS", "100000000001", "Amazon EC2", "eu-west-1", "Usage", '{"team":"a\\\\b"}', "USD"),
    *(Decimal("1.5"), Decimal("0.000000000001"), Decimal("-0E-7"), None, 24),
]
OTHER = [
    *("AWS", None, "Tab\there, line\nthere", pd.NA, "Credit", "{}", "USD"),
    *(Decimal("-123456789012345678901234.1234567890125"), Decimal("1E+3"), float("nan"), Decimal(7), 1),
]


def frame(*rows: Sequence[object], day: date = DAY) -> pd.DataFrame:
    columns = ["business_date", *CHARGES.columns]
    return pd.DataFrame([[day, *row] for row in rows], columns=columns, dtype=object).astype({"charge_rows": "int64"})


def day_hash(*rows: Sequence[object]) -> str:
    return content_hash(CHARGES.lines(frame(*rows))[DAY])


def test_a_day_of_charges_has_the_hash_that_the_first_release_gave_it() -> None:
    assert day_hash(BILL, OTHER) == "17938bb870288409c6a46fadab311f7b0c7b0aede2bf239811fb3b0ae927e4c8"


def test_the_order_of_the_rows_is_not_part_of_the_hash_and_every_field_is() -> None:
    assert day_hash(OTHER, BILL) == day_hash(BILL, OTHER)
    for nth, other in enumerate(["GCP", *OTHER[1:6], "EUR", Decimal("1.500000000001"), *OTHER[8:]]):
        assert day_hash([*BILL[:nth], other, *BILL[nth + 1 :]]) != day_hash(BILL)


def test_each_day_has_its_own_rows() -> None:
    later = DAY + timedelta(days=1)
    lines = CHARGES.lines(pd.concat([frame(BILL), frame(OTHER, day=later), frame(OTHER)], ignore_index=True))
    assert {day: len(of_day) for day, of_day in lines.items()} == {DAY: 2, later: 1}
    assert lines[later] == CHARGES.lines(frame(OTHER, day=later))[later]


def plainly(name: object, amount: object) -> str:
    """The text of a row, made without any thought of speed."""
    money = format(amount.quantize(Decimal("1e-12"), context=EXACT), "f") if isinstance(amount, Decimal) else r"\N"
    if name is None or name is pd.NA or name != name:
        return f"\\N\t{money}"
    text = format(name, "f") if isinstance(name, Decimal) else str(name)
    escaped = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return f"{escaped}\t{money}"


NAMES = st.one_of(
    st.sampled_from([None, pd.NA, float("nan"), 1, True, 0, False, "1", "True", Decimal(1), Decimal("1.00"), DAY]),
    st.text(st.sampled_from("ab\\\t\n\rN🧾"), max_size=4),
)
AMOUNTS = st.one_of(
    st.sampled_from(
        [None, 1, 1.5, Decimal("NaN"), Decimal("-0"), Decimal("1E-13"), Decimal("-1E-12"), Decimal("1E+20")]
    ),
    st.decimals(-(10**24), 10**24, allow_nan=False, allow_infinity=False),
    st.decimals(-1, 1, places=12),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(NAMES, AMOUNTS), max_size=12))
def test_a_text_that_was_looked_up_is_the_text_of_this_value(rows: list[tuple[object, object]]) -> None:
    values = pd.DataFrame([(DAY, *row) for row in rows], columns=["business_date", "name", "amount"], dtype=object)
    assert TABLE.lines(values).get(DAY, []) == sorted(plainly(*row) for row in rows)


@pytest.mark.parametrize("values", [[1, True], [Decimal("1.0"), Decimal("1.00")], ["1", 1]])
def test_values_that_are_equal_keep_texts_of_their_own(values: Sequence[object]) -> None:
    both = pd.DataFrame({"business_date": DAY, "name": pd.Series(values, dtype=object), "amount": None}, dtype=object)
    assert TABLE.lines(both)[DAY] == sorted(plainly(value, None) for value in values)


@pytest.mark.parametrize(("dtype", "texts"), [("int64", ["0", "1"]), ("bool", ["False", "True"])])
def test_a_column_of_one_type_gives_the_texts_of_its_values(dtype: str, texts: list[str]) -> None:
    column = pd.Series([0, 1]).astype(dtype)
    values = pd.DataFrame({"business_date": [DAY, DAY], "name": column, "amount": None})
    assert TABLE.lines(values)[DAY] == [f"{text}\t\\N" for text in texts]
