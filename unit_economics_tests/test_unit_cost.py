"""The division: exact sums, never two currencies in one, empty with a reason where there is no answer."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from unit_economics import schemas
from unit_economics.catalogue import Catalogue
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.unit_cost import unit_costs
from unit_economics.unit_sources.postgres import PostgresUnits

DAY = date(2026, 3, 1)


def catalogue(**scopes: Any) -> Catalogue:
    units = PostgresUnits(kind="postgres", dsn="ORDERS", relation="t", day="date", quantity="n")
    return Catalogue.model_validate(
        {
            "cost_sources": {"bill": FocusFiles(kind="focus", path="x")},
            "cost_scopes": scopes or {"all": {}},
            "metrics": {"cost_per_order": {"unit": "Order", "units": units}},
        }
    )


def charge(
    cost: str | None, *, day: date = DAY, currency: str = "USD", tags: str = "{}", service: str = "EC2"
) -> tuple:
    amount = None if cost is None else Decimal(cost)
    return (day, "AWS", "1", service, "us-east-1", "Usage", tags, currency, "{}", False, amount, amount, None, None, 1)


def charges(*rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(schemas.CHARGES.columns), dtype=object)
    return frame.astype({"charge_rows": "int64"})


def units(*quantities: str, day: date = DAY) -> pd.DataFrame:
    rows = [(day, f"segment {n}", Decimal(quantity), "Order") for n, quantity in enumerate(quantities)]
    return pd.DataFrame(rows, columns=list(schemas.UNITS.columns), dtype=object)


def computed(of: Catalogue, bill: pd.DataFrame, counted: pd.DataFrame) -> list[dict[str, Any]]:
    frame = unit_costs(of, "cost_per_order", [DAY], bill, counted)
    schemas.UNIT_COSTS.validate(frame, lazy=True)
    return frame.to_dict("records")


def test_a_unit_cost_is_cost_by_units_of_all_segments() -> None:
    (row,) = computed(catalogue(), charges(charge("10"), charge("2")), units("3", "1"))
    assert (row["cost"], row["quantity"], row["unit_cost"], row["reason"]) == (12, 4, 3, None)


def test_a_day_without_charges_has_an_empty_cost_and_says_why() -> None:
    (row,) = computed(catalogue(), charges(), units("3"))
    assert (row["cost"], row["charge_rows"], row["unit_cost"]) == (None, 0, None)
    assert row["reason"] == "no charge of this day is there"


def test_zero_units_give_no_unit_cost_and_not_infinity() -> None:
    (row,) = computed(catalogue(), charges(charge("10")), units("0"))
    assert (row["cost"], row["quantity"], row["unit_cost"], row["reason"]) == (10, 0, None, "0 units")


def test_a_day_without_units_has_an_empty_quantity_and_not_zero() -> None:
    (row,) = computed(catalogue(), charges(charge("10")), units())
    assert (row["quantity"], row["unit_cost"], row["reason"]) == (None, None, "no units of this day are there")


def test_a_cost_that_one_charge_does_not_state_is_not_summed_from_the_others() -> None:
    (row,) = computed(catalogue(), charges(charge("10"), charge(None)), units("2"))
    assert (row["cost"], row["unit_cost"]) == (None, None)
    assert row["reason"] == "the source does not state this cost"


def test_a_negative_day_of_credits_keeps_its_sign() -> None:
    (row,) = computed(catalogue(), charges(charge("-10")), units("4"))
    assert row["unit_cost"] == Decimal("-2.5")


def test_two_currencies_are_two_rows() -> None:
    rows = computed(catalogue(), charges(charge("10"), charge("5", currency="EUR")), units("5"))
    assert {row["billing_currency"]: row["unit_cost"] for row in rows} == {"USD": 2, "EUR": 1}


def test_a_scope_takes_only_charges_that_meet_every_condition() -> None:
    shop = {"where": {"tags": {"app": ["checkout", "search"]}, "service_name": "EC2"}}
    bill = charges(
        charge("1", tags='{"app":"checkout"}'),
        charge("2", tags='{"app":"search"}'),
        charge("4", tags='{"app":"search"}', service="S3"),
        charge("8"),
    )
    (row,) = computed(catalogue(shop=shop), bill, units("1"))
    assert row["cost"] == 3


def test_a_scope_by_tag_has_a_row_for_each_value_and_one_for_charges_without_the_tag() -> None:
    bill = charges(charge("1", tags='{"app":"a"}'), charge("2", tags='{"app":"b"}'), charge("4"))
    rows = computed(catalogue(app={"by": {"tag": "app"}}), bill, units("1"))
    assert {row["cost_scope"]: row["cost"] for row in rows} == {"app:app=a": 1, "app:app=b": 2, "app:app=(none)": 4}


def test_a_scope_by_column_names_a_missing_value() -> None:
    bill = charges(charge("1"), charge("2", service=None))  # type: ignore[arg-type]
    rows = computed(catalogue(service={"by": {"column": "service_name"}}), bill, units("1"))
    assert {row["cost_scope"]: row["cost"] for row in rows} == {"service:EC2": 1, "service:(none)": 2}


def test_a_float_would_have_lost_what_the_sum_keeps() -> None:
    ten_cents = ["0.1"] * 3
    assert sum(map(float, ten_cents)) != 0.3
    (row,) = computed(catalogue(), charges(*(charge(cost) for cost in ten_cents)), units("1"))
    assert row["cost"] == Decimal("0.3")


amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=12, allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(amounts, st.sampled_from(["a", "b", "c"]), st.sampled_from(["USD", "EUR"])), max_size=30))
def test_the_scopes_of_a_split_add_up_to_the_bill_exactly(rows: list[tuple[Decimal, str, str]]) -> None:
    bill = charges(*(charge(str(cost), tags=f'{{"app":"{app}"}}', currency=money) for cost, app, money in rows))
    found = computed(catalogue(app={"by": {"tag": "app"}}), bill, units("7"))
    for money in ("USD", "EUR"):
        split = sum((row["cost"] for row in found if row["billing_currency"] == money), Decimal(0))
        assert split == sum((cost for cost, _, of in rows if of == money), Decimal(0))


@given(st.integers(1, 10**9), amounts)
def test_cost_is_the_unit_cost_times_the_quantity_to_the_last_of_28_digits(quantity: int, cost: Decimal) -> None:
    (row,) = computed(catalogue(), charges(charge(str(cost))), units(str(quantity)))
    assert abs(row["unit_cost"] * quantity - cost) <= abs(cost) * Decimal("1e-26")


def test_days_that_were_not_asked_for_have_no_row() -> None:
    other = charges(charge("1", day=DAY - timedelta(days=1)))
    (row,) = computed(catalogue(), other[other["business_date"] == DAY], units("1"))
    assert row["business_date"] == DAY
