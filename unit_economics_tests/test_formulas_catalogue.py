"""Formulas in the catalogue: what names mean, and every refusal with its line and its place in the formula."""

import pytest

from unit_economics.catalogue_file.derived import RESERVED
from unit_economics.formula_book import Compiled, compiled
from unit_economics.graph import graph_of
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.migrations import migrate
from unit_economics_tests.test_kpis import load

READ = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.x, day: day, quantity: q}"
WORLD = f"""
cost_scopes:
  all: {{}}
  team: {{by: {{tag: team}}}}
  product: {{allocation: {{rules: [{{to: shop, where: {{service_name: EC2}}}}]}}}}
metrics:
  cost_per_order: {{unit: Order, units: {READ}, revenue: {READ}}}
  cost_per_gb: {{unit: GB, aggregation: gauge, units: {READ}}}
quantities:
  value: {{unit: USD, source: {READ}}}
  p95: {{unit: ms, aggregation: percentile, source: {READ}}}
formulas:
"""


def book(*formulas: str) -> dict[str, Compiled]:
    return dict(compiled(load(WORLD + "".join(f"  {formula}\n" for formula in formulas)))[0])


def test_bare_words_mean_the_metric_s_own_and_every_name_is_written_one_way() -> None:
    own = "margin: {formula: (revenue - cost) / revenue + value / units * 0, of: cost_per_order, unit: percent}"
    with pytest.raises(UsageRefusal, match="can't be added"):
        book(own)
    one = book("margin: {formula: (revenue - cost + value) / revenue, of: cost_per_order, unit: percent}")["margin"]
    assert str(one.formula) == "(revenue(order) - cost(all) + quantity(value)) / revenue(order)"
    assert (one.asset, one.is_finance) == ("finance_margin", True)
    assert one.inputs == ["daily_order_revenue", "cloud_costs", "quantity_value"]


def test_what_stands_on_a_formula_of_revenue_is_for_finance_too() -> None:
    found = book(
        "twice: {formula: 2 * margin, unit: percent}",
        "margin: {formula: (revenue(order) - cost(all)) / revenue(order), unit: percent}",
        "share: {formula: cost(product:shop) / cost(product), unit: percent}",
    )
    assert {name: one.asset for name, one in found.items()} == {
        "margin": "finance_margin",
        "twice": "finance_twice",
        "share": "share",
    }
    assert found["share"].inputs == ["cloud_costs", "allocated_costs"]


def test_another_formula_scope_or_unit_is_another_definition_and_a_purpose_is_none() -> None:
    def definition(entry: str, world: str = WORLD) -> str:
        return graph_of(load(f"{world}  share: {entry}\n"))["share"].definition

    one = definition("{formula: cost(team:team=pay) / cost(all), unit: percent}")
    assert one == definition("{formula: cost(team:team=pay)/cost(all), unit: percent, purpose: why, title: Share}")
    assert one != definition("{formula: cost(team:team=shop) / cost(all), unit: percent}")
    assert one != definition('{formula: cost(team:team=pay) / cost(all), unit: "1"}')
    other = WORLD.replace("all: {}", "all: {basis: billed}")
    assert one != definition("{formula: cost(team:team=pay) / cost(all), unit: percent}", other)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("x: {formula: cost(al), unit: USD}", "c.yaml:15:16 formulas.x.formula: column 1: `cost(al)` is not known"),
        ("x: {formula: cost(all) + unitss(order), unit: USD}", "did you mean `units(order)`?"),
        ("x: {formula: cost(all) + unitss(order), unit: USD}", "cost(all) + unitss(order)\n                  ^"),
        ("x: {formula: cost(product:shp), unit: USD}", "did you mean `cost(product:shop)`?"),
        ("x: {formula: cost(team:pay), unit: USD}", "`cost(team:pay)` is not known"),
        ("x: {formula: revenue(gb), unit: USD}", "did you mean `revenue(order)`?"),
        ("x: {formula: cost / units, of: cost_per_ordr, unit: USD}", "did you mean `cost_per_order`?"),
        ("x: {formula: y + 1, unit: USD}", "`y` is not known"),
        ("x: {formula: 2 * x, unit: USD}", "it stands on itself: x needs x"),
        (
            "x: {formula: cost(all) / units(order), unit: USD / GB}",
            "c.yaml:15:48 formulas.x.unit: the unit is declared",
        ),
        ("x: {formula: sum(units(gb)), unit: GB}", "a gauge can't be summed over days"),
        ("x: {formula: mean(p95), unit: ms}", "percentiles and ratios can't be averaged"),
        ("x: {formula: cost(all) +, unit: USD}", "it ends too soon"),
        ("value: {formula: cost(all), unit: USD}", "a quantity has this name too"),
        ("units: {formula: cost(all), unit: USD}", "formulas mean a metric's own by this word"),
        ("cost_per_order: {formula: cost(all), unit: USD}", "this is already the name of an asset (of cost_per_order)"),
        ("attempts: {formula: cost(all), unit: USD}", "the platform gives this name to something else"),
        ("daily_x_revenue: {formula: cost(all), unit: USD}", "the platform gives this name to something else"),
    ],
)
def test_a_formula_that_says_nothing_is_refused_at_its_line_and_its_character(formula: str, said: str) -> None:
    with pytest.raises(UsageRefusal) as refusal:
        book(formula)
    assert said in str(refusal.value)


def test_a_quantity_is_refused_where_it_could_not_be_counted() -> None:
    with pytest.raises(UsageRefusal, match=r"c\.yaml:\d+:\d+ quantities\.w\.source: unknown kind; did you mean"):
        load("quantities: {w: {unit: USD, source: {kind: postgrs}}}")
    with pytest.raises(UsageRefusal, match="per: only a gauge is counted over time"):
        load(f"quantities: {{w: {{unit: USD, per: month, source: {READ}}}}}")


def test_no_formula_can_take_the_name_of_anything_else_in_the_mart(database: str) -> None:
    mart = Warehouse(database)
    migrate(mart, {})
    with mart.connection() as connection:
        named = (
            "select relname from pg_class where relnamespace = 'unit_economics'::regnamespace and relkind in ('r', 'v')"
        )
        there = {name for (name,) in connection.execute(named.encode())}
    assert there <= RESERVED


def test_formulas_that_name_each_other_many_times_are_refused_before_they_outgrow_every_memory() -> None:
    doubling = [f"f{n}: {{formula: {' + '.join([f'f{n - 1}'] * 60)}, unit: USD}}" for n in range(1, 6)]
    with pytest.raises(UsageRefusal) as refusal:
        book("f0: {formula: cost(all), unit: USD}", *doubling)
    said = "formulas.f3.formula: column 1: with all that it names it has more than 5000 parts; name fewer formulas"
    assert said in str(refusal.value)
    assert "formulas.f4" not in str(refusal.value), "what is wrong is said where it is wrong"


def test_a_long_row_of_formulas_is_refused_before_it_is_deeper_than_can_be_computed() -> None:
    deeper = [f"f{n}: {{formula: {'-(' * 18}f{n - 1}{')' * 18}, unit: USD}}" for n in range(1, 40)]
    with pytest.raises(UsageRefusal, match=r"formulas\.f6\.formula: column 37: .* is nested too deep; 100 levels"):
        book("f0: {formula: cost(all), unit: USD}", *deeper)
    row = [f"f{n}: {{formula: f{n - 1}, unit: USD}}" for n in range(1, 200)]
    assert str(book("f0: {formula: cost(all), unit: USD}", *row)["f199"].formula) == "cost(all)"
