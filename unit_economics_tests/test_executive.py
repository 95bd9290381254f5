"""The executive page on a real mart: the sentence, the tiles and the bridge say what SQL says of the same days."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from unit_economics_tests.dashboard_client import page
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
business_day: {closes_after: PT0S}
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  market: {by: {tag: market}}
  service: {by: {column: service_name}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n, segment: market}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.earned, day: date, quantity: amount}
    targets: {unit_cost: 0.45, monthly_cost: 20000, margin_percent: 50}
dashboard: {everyone: finance}
"""
LAST = date(2026, 3, 20)
FIRST = LAST - timedelta(days=13)
EARLY, LATE = [FIRST + timedelta(days=n) for n in range(7)], [FIRST + timedelta(days=n) for n in range(7, 14)]
VECTOR = {
    "EU": (EARLY, 6000, 1800, LATE, 4500, 1440),
    "US": (EARLY, 4000, 2400, LATE, 6500, 3770),
}
"""market.md: the unit cost rises from 0.42 to 0.4736, and nearly all of it is mix."""


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Two weeks of two markets: the whole week's units and cost on its days, the remainder on its last."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 24, 9, tzinfo=UTC)
    shop.sql("create table public.counted (date date, market text, n bigint)")
    shop.sql("create table public.earned (date date, amount numeric)")
    rows = []
    for market, (early, n0, cost0, late, n1, cost1) in VECTOR.items():
        for days, n, cost in ((early, n0, cost0), (late, n1, cost1)):
            for day in days:
                is_last = day == days[-1]
                units = n - 6 * (n // 7) if is_last else n // 7
                amount = cost - 6 * (cost // 7) if is_last else cost // 7
                shop.sql("insert into public.counted values (%s, %s, %s)", day, market, units)
                rows.append(_charge(day, str(amount), market))
    for day in [*EARLY, *LATE]:
        shop.sql("insert into public.earned values (%s, 1500)", day)
    write_bill(shop.folder / "focus", *rows)
    assert shop.run(str(FIRST), str(LAST)).success
    return shop


def _charge(day: date, cost: str, market: str) -> dict[str, str]:
    hours = {"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"}
    return charge(**hours, EffectiveCost=cost, Tags=f'{{"market":"{market}"}}', ServiceName=f"Compute {market}")


def _money(text: str) -> Decimal:
    return Decimal(text.replace("−", "-").replace("$", "").replace(",", "").replace("+", ""))


def test_the_sentence_gives_the_answer_and_its_main_cause(shop: World) -> None:
    shown = page(shop, "/?window=7d&by=market")
    cause = "more US orders added $27.34, everything else added $26.30"
    assert shown.headline == f"Cost per 1,000 orders rose 12.8% to $473.64 : {cause}".replace(" :", ":")


def test_the_terms_add_up_to_the_cent_and_are_those_of_the_test_vector(shop: World) -> None:
    rows = page(shop, "/?window=7d&by=market").rows("Why it changed")
    terms = {name: _money(amount) for name, amount in rows[1:-1]}
    assert {"Fewer EU orders": "26.12", "More US orders": "27.34"}.items() <= {
        k: str(v) for k, v in terms.items()
    }.items()
    assert terms["EU"] + terms["US"] == Decimal("0.18")
    assert _money(rows[0][1]) + sum(terms.values()) == _money(rows[-1][1])


def test_without_units_of_their_own_the_slices_have_prices_and_the_units_a_volume(shop: World) -> None:
    rows = page(shop, "/?window=7d&by=service").rows("Why it changed")
    assert {name for name, _ in rows[1:-1]} == {"More orders", "Compute EU", "Compute US"}
    assert _money(rows[0][1]) + sum(_money(amount) for _, amount in rows[1:-1]) == _money(rows[-1][1])


def test_headline_tile_and_sql_agree(shop: World) -> None:
    shown = page(shop, "/?window=7d")
    query = "select unit_cost, cost, quantity from unit_economics.unit_cost_over('cost_per_order', %s, %s)"
    [(unit_cost, cost, quantity)] = shop.sql(f"{query} where cost_scope = 'all'", LATE[0], LATE[-1])
    assert shown.texts("p", "tile-value")[0] == f"${unit_cost * 1000:.2f}"
    assert f"${unit_cost * 1000:.2f}" in shown.headline
    assert (cost, quantity) == (5210, 11000)
    assert shown.texts("p", "tile-value")[1:3] == ["$5.21K", "11.0K"]


def test_the_effects_of_the_slices_add_up_to_the_change_of_the_whole(shop: World) -> None:
    rows = page(shop, "/?window=7d&by=service").rows("By service")
    effects = sum(_money(row[3]) for row in rows)
    assert abs(effects - (Decimal("473.64") - Decimal("420.00"))) <= Decimal("0.01")


def test_the_margin_is_revenue_less_cost_and_only_finance_sees_it(shop: World) -> None:
    shown = page(shop, "/?window=7d")
    assert shown.texts("p", "tile-value")[3] == "50.4%"
    shop.catalogue = CATALOGUE.replace("everyone: finance", "everyone: viewer")
    hidden = page(shop, "/?window=7d")
    assert "margin" not in hidden.html.lower()
    assert len(hidden.texts("p", "tile-value")) == 3


def test_a_tile_says_how_far_it_is_from_its_target(shop: World) -> None:
    shown = page(shop, "/?window=7d")
    assert "target $450.00 · $23.64 over" in shown.texts("p", "tile-detail")[0]
    assert shown.texts("p", "tile-detail")[3].endswith("target 50.0%, met")


@pytest.mark.parametrize(
    ("direction", "target", "said", "tone"),
    [
        ("lower", "0.45", "target $450.00 · $23.64 over", "bad"),
        ("higher", "0.45", "target $450.00 · met", "good"),
        ("lower", "0.5", "target $500.00 · met", "good"),
        ("higher", "0.5", "target $500.00 · $26.36 under", "bad"),
    ],
)
def test_where_higher_is_better_a_target_is_the_least_and_a_rise_is_good(
    shop: World, direction: str, target: str, said: str, tone: str
) -> None:
    shop.catalogue = CATALOGUE.replace(
        "targets: {unit_cost: 0.45", f"direction: {direction}\n    targets: {{unit_cost: {target}"
    )
    shown = page(shop, "/?window=7d")
    assert f'<span class="{tone}">{said}</span>' in shown.html
    change = re.findall(r'Cost per 1,000 orders <span class="pill (\w+)', shown.html)
    assert change == [{"lower": "bad", "higher": "good"}[direction]], "12.8% more than the week before"


def test_provisional_days_are_shown_and_in_no_total(shop: World) -> None:
    before = page(shop, "/?window=7d")
    day = LAST + timedelta(days=1)
    shop.now = datetime(2026, 3, 22, 9, tzinfo=UTC)
    shop.sql("insert into public.counted values (%s, 'EU', 1000)", day)
    shop.sql("insert into public.earned values (%s, 1500)", day)
    write_bill(shop.folder / "focus", _charge(day, "9999", "EU"), name="late.csv")
    assert shop.run(str(day), str(day)).success
    shown = page(shop, f"/?window=7d&to={LAST}")
    assert shown.headline == before.headline
    after = page(shop, "/?window=7d")
    assert "$9,999" not in "".join(after.texts("p", "tile-value"))
    assert "21 Mar: the bill may still grow, so it is in no total." in after.html
    assert any("provisional" in row[-1] for row in after.rows("Cost per 1,000 orders by day"))


def test_too_few_days_make_no_comparison_and_say_why(shop: World) -> None:
    shown = page(shop, "/?window=28d")
    assert "no change is stated, for only 14 of 28 days of the window are complete" in shown.headline
    assert "Not told: only 14 of 28 days" in " ".join(shown.texts("p", "empty"))


def test_an_empty_mart_says_what_to_run(world: Callable[..., World]) -> None:
    shown = page(world(CATALOGUE))
    assert shown.headline == "No complete day of cost_per_order yet"
    assert "unit-economics run --from" in shown.html


def test_a_slice_has_its_own_page(shop: World) -> None:
    shown = page(shop, "/?window=7d&scope=market:market%3DEU")
    assert shown.headline.startswith("EU: cost per 1,000 orders fell 27.3% to $130.91")


def test_the_month_s_bill_is_the_sum_of_its_days_beside_its_target(shop: World) -> None:
    rows = {row[0]: row[1] for row in page(shop, "/").rows("The bill of Mar 2026")}
    assert rows["So far"] == "$9,410.00"
    assert rows["Target"] == "$20,000.00"


def test_a_slice_of_another_scope_falls_back_to_the_scope_s_own(shop: World) -> None:
    where = "where: {tags: {market: EU}}"
    eu = f"  eu: {{{where}}}\n  eu_service: {{{where}, by: {{column: service_name}}}}\n"
    shop.catalogue = CATALOGUE.replace("metrics:", f"{eu}metrics:")
    assert shop.run(str(FIRST), str(LAST)).success
    shown = page(shop, "/?window=7d&scope=eu&by=service")
    assert [row[0] for row in shown.rows("By eu_service")] == ["Compute EU"]
