"""Units that don't add up over days: their mean, their last day, or the source's own answer; a wrong sum is refused."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.cli.unit_cost import command
from unit_economics.over_days import OverDays, in_time, over_days
from unit_economics.refusals import UsageRefusal
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

FIRST = date(2026, 3, 1)
CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_gb:
    unit: GB
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.stored, day: day, quantity: gb}
"""


REVENUE = """\
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.earned, day: day, quantity: amount}
    margin: {variable: all}
"""


@pytest.mark.parametrize(("rule", "told"), [("sum", 60), ("mean", 20), ("last", 30), ("distinct", None)])
def test_days_become_one_number_as_the_unit_says(rule: OverDays, told: int | None) -> None:
    days = {FIRST + timedelta(days=n): Decimal(10 * (n + 1)) for n in range(3)}
    assert over_days(days, rule) == told


@given(st.dictionaries(st.dates(), st.decimals(0, 10**9, places=6), min_size=1, max_size=9))
def test_a_mean_lies_between_the_days(days: dict[date, Decimal]) -> None:
    mean = over_days(days, "mean")
    assert mean is not None
    assert min(days.values()) <= mean <= max(days.values())


def test_a_stock_over_a_whole_month_is_itself() -> None:
    days = [date(2026, 2, 1) + timedelta(days=n) for n in range(28)]
    assert sum(in_time(Decimal(7), day, "month") for day in days) == Decimal(7)


def shop_of(world: Callable[..., World], more: str = "") -> World:
    """Three days with 10, 20 and 30 GB stored, and 6 of cost and 60 earned on each."""
    shop = world(CATALOGUE + more)
    shop.now = datetime(2026, 3, 8, 9, tzinfo=UTC)
    shop.sql("create table public.stored (day date, gb numeric)")
    shop.sql("create table public.earned (day date, amount numeric)")
    charges = []
    for n, day in enumerate(FIRST + timedelta(days=n) for n in range(3)):
        shop.sql("insert into public.stored values (%s, %s)", day, 10 * (n + 1))
        shop.sql("insert into public.earned values (%s, 60)", day)
        times = {"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"}
        charges.append(charge(**times, EffectiveCost="6"))
    write_bill(shop.folder / "focus", *charges)
    return shop


@pytest.mark.parametrize(
    ("declared", "quantity"),
    [
        ("", 60),
        ("    aggregation: gauge\n", 20),
        ("    aggregation: semi_additive\n", 20),
        ("    aggregation: semi_additive\n    over_time: last\n", 30),
        ("    aggregation: distinct\n", None),
    ],
)
def test_sql_totals_a_window_as_the_unit_says(
    world: Callable[..., World], declared: str, quantity: float | None
) -> None:
    shop = shop_of(world, declared)
    assert shop.run("2026-03-01", "2026-03-03").success
    asked = "select quantity::float, unit_cost::float from unit_economics.unit_cost_over('cost_per_gb', %s, %s)"
    assert shop.sql(asked, "2026-03-01", "2026-03-03") == [(quantity, quantity and 18 / quantity)]
    assert shop.sql(asked, "2026-03-02", "2026-03-02") == [(20, 0.3)], "a single day is itself"


@pytest.mark.parametrize(
    ("declared", "quantity"),
    [
        ("", 40),
        ("    aggregation: gauge\n", 20),
        ("    aggregation: semi_additive\n", 20),
        ("    aggregation: semi_additive\n    over_time: last\n", 30),
        ("    aggregation: distinct\n", None),
    ],
)
def test_a_margin_over_a_window_divides_by_the_units_that_its_unit_cost_is_divided_by(
    world: Callable[..., World], declared: str, quantity: int | None
) -> None:
    shop = shop_of(world, f"{declared}{REVENUE}")
    shop.sql("delete from public.earned where day = '2026-03-02'")
    assert shop.run("2026-03-01", "2026-03-03").success
    columns = (
        "quantity, net_revenue, revenue_per_unit, variable_cost_per_unit, contribution_margin_per_unit,"
        " contribution_margin_percent, days, days_without"
    )
    asked = f"select {columns} from unit_economics.margin_over('cost_per_gb', %s, %s)"
    # 60 + 60 earned, 6 + 6 of cost: over 10 and 30 GB
    per_unit = [pytest.approx(Decimal(of) / quantity) if quantity else None for of in (120, 12, 108)]
    assert shop.sql(asked, "2026-03-01", "2026-03-03") == [(quantity, 120, *per_unit, 90, 2, 1)]
    assert shop.sql(asked, "2026-03-03", "2026-03-03") == [(30, 60, 2, Decimal("0.2"), Decimal("1.8"), 90, 1, 0)]


def test_a_gauge_over_its_time_is_stored_as_what_adds_up(world: Callable[..., World]) -> None:
    shop = shop_of(world, "    aggregation: gauge\n    per: month\n")
    assert shop.run("2026-03-01", "2026-03-03").success
    stored = shop.sql("select quantity from unit_economics.daily_gbs order by business_date")
    assert [round(float(quantity), 6) for (quantity,) in stored] == [0.322581, 0.645161, 0.967742]
    asked = "select quantity from unit_economics.unit_cost_over('cost_per_gb', '2026-03-01', '2026-03-03')"
    assert shop.sql(asked) == [(sum(quantity for (quantity,) in stored),)]


PUBLISHED = "    publish: {vantage: {business_metric: ID}}\n"


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (f"    aggregation: gauge\n{PUBLISHED}", "adds the days of a week up, which gauge units don't"),
        (f"    aggregation: distinct\n{PUBLISHED}", "adds the days of a week up, which distinct units don't"),
        ("    per: month\n", "only a gauge is counted over time"),
        ("    over_time: last\n", "belongs to `aggregation: semi_additive`"),
        ("    aggregation: mean\n", "must be 'additive', 'semi_additive', 'distinct' or 'gauge'"),
    ],
)
def test_units_that_would_be_added_up_wrongly_are_refused_with_their_line(
    world: Callable[..., World], declared: str, said: str
) -> None:
    with pytest.raises(UsageRefusal) as refusal:
        world(CATALOGUE + declared).deployment()
    assert said in str(refusal.value)
    assert "unit_economics.yaml:" in str(refusal.value)


SLICES = """
    slices: {region: {by: [%s]}}
dimensions: {service: {column: service_name}}
"""


@pytest.mark.parametrize(
    ("slices", "said"),
    [
        ("servise", "no dimension is called 'servise'; did you mean `service`?"),
        ("service", "only the charges tell service apart, and the units don't; name their column under"),
    ],
)
def test_a_slice_that_one_half_can_not_tell_is_refused_with_the_way_out(
    world: Callable[..., World], slices: str, said: str
) -> None:
    with pytest.raises(UsageRefusal) as refusal:
        world(CATALOGUE + SLICES.lstrip("\n") % slices).deployment()
    assert said in str(refusal.value)
    assert "unit_economics.yaml:8:" in str(refusal.value)


def test_the_command_asks_the_source_for_what_is_different_over_several_days(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_row = "relation: public.visits, timestamp: at, count_distinct: customer}"
    catalogue = CATALOGUE.replace("relation: public.stored, day: day, quantity: gb}", by_row)
    shop = shop_of(world)
    shop.catalogue = catalogue + "    aggregation: distinct\n"
    shop.sql("create table public.visits (at timestamptz, customer text)")
    for day, customer in [(1, "a"), (1, "b"), (2, "a"), (3, "a"), (3, "c")]:
        shop.sql("insert into public.visits values (%s, %s)", f"2026-03-0{day}T12:00:00Z", customer)
    assert shop.run("2026-03-01", "2026-03-03").success
    asked = ["cost_per_gb", "--from", "2026-03-01", "--to", "2026-03-03", "--json"]
    monkeypatch.setattr("unit_economics.cli.unit_cost.opened", lambda _: shop.deployment())
    assert command.main(asked, standalone_mode=False) == 0
    [window] = json.loads(capsys.readouterr().out)
    told = Decimal(window["quantity"]), Decimal(window["unit_cost"]), window["days"]
    assert told == (3, 6, 3), "a, b and c, not 5"
    shop.sql("update unit_economics.ledger set superseded_at = now() where business_date = '2026-03-02'")
    assert command.main(asked, standalone_mode=False) == 1, "18 of cost over the visitors of two days would be wrong"
