"""The contract judges every value of a column, also where it looks at the column as a whole first."""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

import pandas as pd
import pytest

from unit_economics import checks, schemas

DAY = date(2026, 3, 1)


class Unit(StrEnum):
    """Text of a type of its own."""

    ORDER = "Order"


TEXTS = ("Order", "", "1", Unit.ORDER)
NO_TEXTS = (None, pd.NA, float("nan"), 1, 1.5, True, b"Order", Decimal(1), DAY, ("Order",))


def blamed(values: list[object]) -> set[date]:
    """The days that are kept out where each has one of these units."""
    days = [DAY + timedelta(days=nth) for nth in range(len(values))]
    rows = [(day, "all", Decimal(1), value) for day, value in zip(days, values, strict=True)]
    frame = pd.DataFrame(rows, columns=list(schemas.UNITS.columns), dtype=object)
    return {finding.day for finding in checks.contract(schemas.UNITS, frame, days) if finding.blocks}


@pytest.mark.parametrize("values", [TEXTS, NO_TEXTS, (*TEXTS, *NO_TEXTS), *((*TEXTS, bad) for bad in NO_TEXTS)])
def test_exactly_the_days_whose_unit_is_no_text_are_kept_out(values: tuple[object, ...]) -> None:
    wrong = {DAY + timedelta(days=nth) for nth, value in enumerate(values) if not isinstance(value, str)}
    assert blamed(list(values)) == wrong
