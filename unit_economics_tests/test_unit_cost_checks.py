"""A metric's cost scopes hold exactly their charges: what was lost or doubled on the way turns its day red."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from unit_economics.catalogue import Catalogue
from unit_economics.checks import Finding
from unit_economics.environment import parsed_catalogue
from unit_economics.promises import CONSERVATION
from unit_economics.schemas import UNITS
from unit_economics.unit_cost import unit_costs
from unit_economics.unit_cost_checks import unit_cost_findings
from unit_economics_tests.focus_bills import DAY, charge, read_bill, write_bill

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  service: {by: {column: service_name}}
  service_of_app: {where: {tags: {app: checkout}}, by: {column: service_name}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
"""


@pytest.fixture
def catalogue() -> Catalogue:
    return parsed_catalogue(CATALOGUE, "unit_economics.yaml")


@pytest.fixture
def charges(tmp_path: Path) -> pd.DataFrame:
    rows = [
        charge(ServiceName="EC2", EffectiveCost="3.10"),
        charge(ServiceName="S3", EffectiveCost="1.05"),
        charge(ServiceName="S3", EffectiveCost="-0.5", Tags='{"app":"search"}'),
        charge(ServiceName="", EffectiveCost="2", BillingCurrency="EUR"),
    ]
    return read_bill(write_bill(tmp_path, *rows), tag_keys=["app"]).charges


@pytest.fixture
def rows(catalogue: Catalogue, charges: pd.DataFrame) -> pd.DataFrame:
    units = pd.DataFrame([(DAY, "all", Decimal(10), "Order")], columns=list(UNITS.columns), dtype=object)
    return unit_costs(catalogue, "cost_per_order", [DAY], charges, units)


def conserved(catalogue: Catalogue, rows: pd.DataFrame, charges: pd.DataFrame, *days: date) -> list[Finding]:
    found = unit_cost_findings(catalogue, "cost_per_order", list(days or [DAY]), rows, charges)
    return [one for one in found if one.check == CONSERVATION]


def test_every_scope_that_was_computed_holds_its_charges(
    catalogue: Catalogue, rows: pd.DataFrame, charges: pd.DataFrame
) -> None:
    assert conserved(catalogue, rows, charges) == [Finding(DAY, CONSERVATION)]


@pytest.mark.parametrize("scope", ["all", "service:S3", "service_of_app:EC2"])
def test_a_value_that_was_lost_is_named_with_both_sums(
    catalogue: Catalogue, rows: pd.DataFrame, charges: pd.DataFrame, scope: str
) -> None:
    [found] = conserved(catalogue, rows[rows["cost_scope"] != scope], charges)
    assert found.blocks
    assert found.text.startswith(f"{scope.partition(':')[0]} in ")
    assert "its values add up to" in found.text


def test_a_value_that_is_there_twice_is_seen(catalogue: Catalogue, rows: pd.DataFrame, charges: pd.DataFrame) -> None:
    doubled = pd.concat([rows, rows[rows["cost_scope"] == "service:EC2"]], ignore_index=True)
    [found] = conserved(catalogue, doubled, charges)
    assert found.text == "service in USD: its values add up to 6.75, its charges to 3.65"


def test_a_digit_that_was_lost_is_seen(catalogue: Catalogue, rows: pd.DataFrame, charges: pd.DataFrame) -> None:
    off = rows.assign(cost=[cost + Decimal("1e-12") if cost is not None else None for cost in rows["cost"]])
    [found] = conserved(catalogue, off, charges)
    assert found.blocks


def test_a_day_without_a_charge_is_not_judged_by_its_empty_row(catalogue: Catalogue, charges: pd.DataFrame) -> None:
    units = pd.DataFrame([(DAY, "all", Decimal(10), "Order")], columns=list(UNITS.columns), dtype=object)
    rows = unit_costs(catalogue, "cost_per_order", [DAY], charges[:0], units)
    assert conserved(catalogue, rows, charges[:0]) == [Finding(DAY, CONSERVATION)]
