"""The library of KPIs: each is what was computed by hand, says what it needs, and is refused where it can't be."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from unit_economics.allocation.allocated import allocated_costs
from unit_economics.allocation.double_entry import Quantities
from unit_economics.allocation.rules import taken_by, written
from unit_economics.catalogue import Catalogue
from unit_economics.entries.conditions import COLUMNS, Charge
from unit_economics.environment import parsed_catalogue
from unit_economics.formula_book import Compiled, compiled
from unit_economics.formula_days import Stored, formula_values
from unit_economics.formulas import Checked, disagreement
from unit_economics.kpis.shipped import library
from unit_economics.refusals import UsageRefusal
from unit_economics.schemas import CHARGES, COSTS

DAY = date(2026, 3, 29)
NAMES = sorted(library())
BILL = "cost_sources:\n  bill: {kind: focus, path: ./focus}\n"
ORDERS = """
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: orders}
"""


def load(text: str) -> Catalogue:
    whole = f"{BILL}{text}" if "metrics:" in text else f"{BILL}{ORDERS}{text}"
    return parsed_catalogue(whole, "c.yaml")


def charges(catalogue: Catalogue, given: list[dict[str, str]]) -> pd.DataFrame:
    """A day's charges, put to their rules as the scan does."""
    rows = []
    for one in given:
        columns = {"charge_category": "Usage", "provider_name": "AWS", **one}
        charge = Charge({name: columns.get(name) for name in COLUMNS})
        rules = {name: taken_by(allocation, DAY, charge) for name, allocation in catalogue.allocations.items()}
        kept = {name: columns.get(name) for name in CHARGES.columns}
        costs = {cost: Decimal(columns.get(cost, "0")) for cost in COSTS}
        told = {"tags": columns.get("tags", "{}"), "taken_by": written(rules), "is_untagged": False}
        rows.append({**kept, **costs, **told, "business_date": DAY, "billing_currency": "USD", "charge_rows": 1})
    return pd.DataFrame(rows, columns=list(CHARGES.columns), dtype=object).astype({"charge_rows": "int64"})


def stored(catalogue: Catalogue, one: Compiled, name: str) -> Stored:
    example = library()[name].example
    bill = charges(catalogue, example.charges)
    measured = {leaf: Decimal(value) for leaf, value in example.measured.items()}
    counted = {str(leaf): found.assets[0] for leaf, found in one.leaves.items()}
    history = {leaf[8:-1]: {DAY: value} for leaf, value in measured.items() if leaf.startswith("history(")}
    return Stored(
        charges=bill,
        allocated=allocated_costs(catalogue, bill, Quantities({}, {}))[0],
        billed=[DAY],
        quantities={counted[leaf]: {DAY: value} for leaf, value in measured.items() if leaf in counted},
        history=history,
        unit_costs={metric: days_of(weeks) for metric, weeks in example.unit_costs.items()},
    )


def days_of(weeks: list[list[int]]) -> Mapping[date, Decimal]:
    every = [Decimal(value) for week in weeks for value in week]
    return {DAY - timedelta(days=len(every) - 1 - place): value for place, value in enumerate(every)}


def computed(name: str) -> Decimal | None:
    catalogue = load(library()[name].example.catalogue)
    (entry,) = catalogue.kpis
    one = compiled(catalogue)[0][entry]
    rows = formula_values(catalogue, one, [DAY], stored(catalogue, one, name))
    assert rows["reason"].tolist() == [None]
    return rows["value"].tolist()[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_kpi_is_what_was_computed_by_hand(name: str) -> None:
    assert computed(name) == Decimal(library()[name].example.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_kpi_says_what_it_is_what_it_needs_and_where_it_comes_from(name: str) -> None:
    kpi = library()[name]
    assert all([kpi.title, kpi.unit, kpi.over_days, kpi.trap, kpi.source, kpi.example.arithmetic, kpi.example.value])
    assert kpi.needs or kpi.scopes or "history(" in kpi.formula
    assert all(need.is_for for need in kpi.needs.values())


def test_utilisation_sees_the_waste_that_the_published_formula_does_not() -> None:
    rows = library()["commitment_utilisation"].example.charges
    of_commitment = sum(Decimal(row["effective_cost"]) for row in rows if "commitment_discount_status" in row)
    purchased = sum(Decimal(row["contracted_cost"]) for row in rows if row.get("charge_category") == "Purchase")
    assert of_commitment / purchased == 1, "as published"
    assert computed("commitment_utilisation") == Decimal("0.75")


def test_what_a_kpi_brings_is_no_cost_scope_of_a_metric() -> None:
    catalogue = load("kpis:\n  commitment_utilisation: {}\n  commitment_waste: {}\n")
    assert list(catalogue.cost_scopes) == ["all", "kpi_commitments"]
    assert list(catalogue.scopes_of("cost_per_order")) == ["all"]
    assert list(catalogue.formulas) == ["commitment_utilisation", "commitment_waste"]


def test_a_kpi_is_there_several_times_under_names_of_its_own() -> None:
    scopes = "cost_scopes: {a: {where: {service_name: A}}, b: {where: {service_name: B}}}\n"
    entries = (
        "  of_a: {kpi: cost_per_unit, cost: a, units: order}\n  of_b: {kpi: cost_per_unit, cost: b, units: order}\n"
    )
    formulas = load(f"{scopes}kpis:\n{entries}").formulas
    assert {name: one.formula for name, one in formulas.items()} == {
        "of_a": "cost(a) / units(order)",
        "of_b": "cost(b) / units(order)",
    }


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("commitment_utilization: {}", "c.yaml:9:3 kpis.commitment_utilization: no KPI of the library is called"),
        ("commitment_utilization: {}", "did you mean `commitment_utilisation`?"),
        ("mine: {kpi: cost_per_unitt}", "c.yaml:9:15 kpis.mine.kpi: no KPI of the library is called 'cost_per_unitt'"),
        ("cost_per_unit: {cost: all, unit: order}", "c.yaml:9:36 kpis.cost_per_unit.unit: cost_per_unit has no such"),
        ("cost_per_unit: {cost: all, unit: order}", "did you mean `units`?"),
        ("cost_per_unit: {cost: all}", "c.yaml:9:3 kpis.cost_per_unit: cost_per_unit needs `units`"),
        ("cost_per_unit: {cost: al, units: order}", "c.yaml:9:25 kpis.cost_per_unit.cost: 'al' is not the cost"),
        ("cost_per_unit: {cost: al, units: order}", "did you mean `all`?"),
        ("data_value_density: {value: order, cost: all}", "'order' is not in USD, what the data was worth"),
        ("latency_per_unit: {latency: order}", "'order' is not a percentile of the day"),
        ("cost_per_order: {kpi: cost_per_unit, cost: all, units: order}", "this is already the name of an asset"),
        ("gate: {kpi: cost_per_unit, cost: all, units: order}", "the platform gives this name to something else"),
    ],
)
def test_what_can_not_be_included_is_refused_with_its_line_and_what_was_meant(entry: str, said: str) -> None:
    with pytest.raises(UsageRefusal) as refusal:
        load(f"kpis:\n  {entry}\n")
    assert said in str(refusal.value)


def test_a_scope_that_is_named_like_one_of_a_kpi_is_refused() -> None:
    with pytest.raises(
        UsageRefusal, match=r"cost_scopes\.kpi_usage: a scope that begins with kpi_ is brought by a KPI"
    ):
        load("cost_scopes: {all: {}, kpi_usage: {}}\nkpis:\n  effective_savings_rate: {}\n")


QUANTITY = "source: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.x, day: day, quantity: q}"
PARTS = """
cost_scopes:
  all: {}
  team: {by: {tag: team}}
  product: {allocation: {rules: [{to: shop, where: {service_name: EC2}}]}}
quantities:
"""


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("unallocated_share: {cost: 'product:shop'}", "'product:shop' is not a whole cost scope with `allocation`"),
        ("untagged_share: {cost: 'team:team=pay'}", "'team:team=pay' is not a whole cost scope with `by:"),
        ("reconciliation_gap: {billed: all, invoiced: invoice}", "'all' is not a cost scope with `basis: billed`"),
    ],
)
def test_a_part_of_a_scope_or_another_basis_is_not_taken_for_what_a_kpi_needs(entry: str, said: str) -> None:
    with pytest.raises(UsageRefusal) as refusal:
        load(f"{PARTS}  invoice: {{unit: USD, {QUANTITY}}}\nkpis:\n  {entry}\n")
    assert said in str(refusal.value)


def test_what_is_net_already_is_refused_where_a_kpi_would_take_refunds_off_again() -> None:
    source = QUANTITY.removeprefix("source: ")
    revenue = f"    revenue: {{gross: {source}, refunds: {source}, refunds_basis: order_date}}\n"
    entry = "net_revenue_per_unit: {revenue: order, deductions: taken, units: order}"
    with pytest.raises(UsageRefusal, match="'order' is not a metric whose `revenue` is one amount a day"):
        load(f"{ORDERS}{revenue}quantities:\n  taken: {{unit: USD, {QUANTITY}}}\nkpis:\n  {entry}\n")


@pytest.mark.parametrize(
    ("unit", "of_the_kpi"),
    [
        ("GB / month", "USD * month / GB"),
        ("seat * month", "USD / seat-month"),
        ("1M tokens", "USD / 1M tokens"),
        ("b" * 40, f"USD / {'b' * 40}"),
    ],
)
def test_the_unit_of_a_kpi_is_divided_by_the_whole_unit_of_its_parameter(unit: str, of_the_kpi: str) -> None:
    entry = "each: {kpi: cost_per_unit, cost: all, units: many}"
    whole = load(f"quantities:\n  many: {{unit: {unit}, {QUANTITY}}}\nkpis:\n  {entry}\n")
    assert disagreement(of_the_kpi, compiled(whole)[0]["each"].checked) is None
    assert disagreement(of_the_kpi, Checked(whole.formulas["each"].unit, "ratio")) is None


def test_two_units_as_long_as_they_may_be_make_the_unit_of_a_kpi() -> None:
    long, longer = f"{{unit: {'a' * 40}, {QUANTITY}}}", f"{{unit: {'b' * 40}, {QUANTITY}}}"
    entry = "resource_per_unit: {consumed: one, units: other}"
    whole = load(f"quantities:\n  one: {long}\n  other: {longer}\nkpis:\n  {entry}\n")
    assert whole.formulas["resource_per_unit"].unit == f"{'a' * 40} / {'b' * 40}"
