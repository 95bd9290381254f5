"""What is said of a day before it is stored, and which words keep it out."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from unit_economics import checks, schemas
from unit_economics.entries.adapters import Count, Publication
from unit_economics.entries.platform import Checks
from unit_economics.refusals import Refusal
from unit_economics.warehouse.gate import Verdict

DAY = date(2026, 3, 4)
RULES = Checks()


def units(**changes: object) -> pd.DataFrame:
    row = {"business_date": DAY, "segment": "all", "quantity": Decimal(5), "unit": "Order", **changes}
    return pd.DataFrame([row], dtype=object)


def charges(**changes: object) -> pd.DataFrame:
    row = dict.fromkeys(schemas.CHARGES.columns)
    row |= {"business_date": DAY, "provider_name": "AWS", "charge_category": "Usage", "tags": "{}"}
    row |= {
        "taken_by": "{}",
        "is_untagged": False,
        "billing_currency": "USD",
        "effective_cost": Decimal(1),
        "charge_rows": 1,
        **changes,
    }
    return pd.DataFrame([row], dtype=object).astype({"charge_rows": "int64"})


def blocked(findings: list[checks.Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.blocks]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("quantity", Decimal(-1), "quantity: not a finite decimal, 0 or more"),
        ("quantity", Decimal("Infinity"), "quantity: not a finite decimal, 0 or more"),
        ("quantity", Decimal("NaN"), "quantity: not not_nullable"),
        ("quantity", 5, "quantity: not a finite decimal, 0 or more"),
        ("quantity", 5.0, "quantity: not a finite decimal, 0 or more"),
        ("quantity", Decimal(10) ** 25, "quantity: not a finite decimal, 0 or more"),
        ("unit", None, "unit: not not_nullable"),
        ("segment", 1, "segment: not text"),
    ],
)
def test_a_row_that_breaks_the_contract_of_units_keeps_its_day_out(column: str, value: object, said: str) -> None:
    assert blocked(checks.contract(schemas.UNITS, units(**{column: value}), [DAY])) == [said]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("billing_currency", "usd"),
        ("billing_currency", "ZZZ"),
        ("billing_currency", None),
        ("charge_category", "Gift"),
        ("effective_cost", Decimal("Infinity")),
        ("effective_cost", 1.0),
        ("charge_rows", 0),
        ("provider_name", None),
    ],
)
def test_a_row_that_breaks_the_contract_of_charges_keeps_its_day_out(column: str, value: object) -> None:
    assert blocked(checks.contract(schemas.CHARGES, charges(**{column: value}), [DAY]))


def test_a_row_as_it_should_be_passes() -> None:
    assert blocked(checks.contract(schemas.CHARGES, charges(), [DAY])) == []
    assert blocked(checks.contract(schemas.UNITS, units(), [DAY])) == []


def test_only_the_day_of_the_bad_row_is_blamed() -> None:
    frame = pd.concat([units(), units(business_date=DAY + timedelta(days=1), quantity=Decimal(-1))], ignore_index=True)
    found = checks.contract(schemas.UNITS, frame, [DAY, DAY + timedelta(days=1)])
    assert [finding.passed for finding in found] == [True, False]


def test_a_column_that_is_missing_blames_every_day() -> None:
    days = [DAY, DAY + timedelta(days=1)]
    found = checks.contract(schemas.UNITS, units().drop(columns="unit"), days)
    assert [finding.blocks for finding in found] == [True, True]


def test_two_rows_of_one_day_and_segment_are_refused() -> None:
    assert blocked(checks.contract(schemas.UNITS, pd.concat([units(), units()], ignore_index=True), [DAY]))


def test_an_absent_day_is_a_warning_and_does_not_block() -> None:
    counted = Count(schemas.empty(schemas.UNITS), absent={DAY: "no row yet"})
    (finding,) = checks.unit_findings(counted, [DAY], {}, RULES)
    assert (finding.passed, finding.blocks, finding.text) == (False, False, "no row yet")


def test_a_refused_day_blocks_with_the_source_s_own_words() -> None:
    counted = Count(schemas.empty(schemas.UNITS), refused={DAY: "two rows"})
    assert blocked(checks.unit_findings(counted, [DAY], {}, RULES)) == ["two rows"]


@pytest.mark.parametrize(
    ("quantity", "inside"), [("100", True), ("33.4", True), ("299", True), ("33", False), ("301", False)]
)
def test_the_band_is_a_factor_around_the_median_of_the_same_weekday(quantity: str, *, inside: bool) -> None:
    history = {DAY - timedelta(weeks=week): Decimal(quantity) for week, quantity in enumerate(("90", "100", "1000"), 1)}
    history |= {DAY - timedelta(days=1): Decimal(1)}
    (finding,) = checks.volume_band({DAY: Decimal(quantity)}, history, RULES.volume_band)
    assert (finding.passed, finding.severity) == (inside, "warning")


def test_without_history_the_band_says_nothing() -> None:
    (finding,) = checks.volume_band({DAY: Decimal(10)}, {}, RULES.volume_band)
    assert finding.passed
    assert finding.text == "too little history to judge"


def test_a_delivery_below_its_former_rows_blocks_and_names_the_way_out() -> None:
    (finding,) = checks.delivery([DAY], {}, {DAY: 79}, {DAY: 100}, RULES.min_delivery)
    assert finding.blocks
    assert "lower checks.min_delivery" in finding.text
    (finding,) = checks.delivery([DAY], {}, {DAY: 80}, {DAY: 100}, RULES.min_delivery)
    assert finding.passed


def test_a_delivery_below_the_median_of_the_weeks_before_is_a_warning() -> None:
    before = {DAY - timedelta(days=n): 100 for n in range(1, 10)}
    (finding,) = checks.delivery([DAY], {}, {DAY: 79}, before, RULES.min_delivery)
    assert (finding.passed, finding.blocks) == (False, False)


def totals(effective: str, rows: int = 1) -> pd.DataFrame:
    columns = ["business_date", "billing_currency", "charge_rows", *schemas.COSTS]
    return pd.DataFrame([(DAY, "USD", rows, None, Decimal(effective), None, None)], columns=columns, dtype=object)


def test_a_mart_that_differs_from_its_source_in_the_last_digit_is_refused() -> None:
    held = {(DAY, "USD"): (1, None, Decimal("1.000000000001"), None, None)}
    checks.refuse_loss([DAY], totals("1.000000000001"), held)
    with pytest.raises(Refusal, match=r"cloud_costs 2026-03-04 USD"):
        checks.refuse_loss([DAY], totals("1.000000000002"), held)


def test_a_mart_that_lost_a_row_or_a_currency_is_refused() -> None:
    with pytest.raises(Refusal):
        checks.refuse_loss([DAY], totals("1", rows=2), {(DAY, "USD"): (1, None, Decimal(1), None, None)})
    with pytest.raises(Refusal):
        checks.refuse_loss([DAY], totals("1"), {})


def test_days_that_were_not_written_are_not_compared() -> None:
    checks.refuse_loss([], totals("1"), {})


def test_a_publication_that_does_not_read_back_what_was_wanted_is_red() -> None:
    (finding,) = checks.converged({DAY: Decimal(5)}, Publication([], 1, {DAY: Decimal(4)}))
    assert finding.blocks
    assert finding.text == "the destination shows 4, not 5"


def test_a_verdict_is_red_where_an_error_was_found_and_green_on_a_warning() -> None:
    other = DAY + timedelta(days=1)
    found = [
        checks.Finding(DAY, "contract", passed=False, text="bad"),
        checks.Finding(other, "volume_band", passed=False, severity="warning"),
    ]
    assert {verdict.day: verdict.passed for verdict in checks.verdicts([DAY, other], found)} == {
        DAY: False,
        other: True,
    }


def test_a_warning_goes_with_the_verdict_and_a_check_that_passed_does_not() -> None:
    found = [
        checks.Finding(DAY, "volume_band", passed=False, severity="warning", text="far from the usual"),
        checks.Finding(DAY, "contract"),
    ]
    assert checks.verdicts([DAY], found) == [Verdict(DAY, {}, {"volume_band": "far from the usual"})]
