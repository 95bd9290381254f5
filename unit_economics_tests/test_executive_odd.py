"""The executive page in odd worlds: nothing is 0 that is not known, nothing is left out in silence, words stay true."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest

from unit_economics.dashboard.render import unbroken
from unit_economics_tests.dashboard_client import Shown, dashboard_of, page
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
business_day: {closes_after: PT0S}
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  search: {where: {service_name: Search}}
  team: {by: {tag: team}}
  service: {by: {column: service_name}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n}
    targets: {unit_cost: 2, monthly_cost: 310}
"""
LAST = date(2026, 3, 20)
DAYS = [LAST - timedelta(days=n) for n in reversed(range(14))]
WEEK = "/?window=7d"
Odd = Callable[..., World]


@pytest.fixture
def odd(world: Callable[..., World]) -> Odd:
    """Fourteen complete days of 100 orders each, or of so many a market, and this bill."""

    def made(
        bill: Iterable[dict[str, str]],
        catalogue: str = CATALOGUE,
        days: Iterable[date] = DAYS,
        markets: Callable[[date], Mapping[str, int]] = lambda _: {"all": 100},
    ) -> World:
        shop = world(catalogue)
        shop.now = datetime(2026, 3, 24, 9, tzinfo=UTC)
        shop.sql("create table public.counted (date date, market text, n bigint)")
        for day in days:
            for market, orders in markets(day).items():
                shop.sql("insert into public.counted values (%s, %s, %s)", day, market, orders)
        write_bill(shop.folder / "focus", *bill)
        assert shop.run(str(DAYS[0]), str(LAST)).success
        return shop

    return made


def _charge(day: date, cost: object, service: str = "Compute", team: str = "", **more: str) -> dict[str, str]:
    hours = {"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"}
    tags = json.dumps({"team": team} if team else {})
    return charge(**hours, EffectiveCost=str(cost), BilledCost=str(cost), ServiceName=service, Tags=tags, **more)


def _tiles(shown: Shown) -> list[tuple[str, str]]:
    return list(zip(shown.texts("h2", "tile-title"), shown.texts("p", "tile-value"), strict=True))


def _notes(shown: Shown) -> str:
    return " ".join(shown.texts("p"))


def test_a_scope_without_charges_on_some_days_costs_what_sql_says(odd: Odd) -> None:
    searched = [_charge(day, 7, "Search") for day in (DAYS[2], DAYS[10])]
    shop = odd([*(_charge(day, 100) for day in DAYS), *searched])
    query = "select unit_cost * 1000 from unit_economics.unit_cost_over('cost_per_order', %s, %s)"
    [(per_thousand,)] = shop.sql(f"{query} where cost_scope = 'search'", DAYS[7], LAST)
    assert per_thousand == 10
    assert (
        page(shop, f"{WEEK}&scope=search").headline
        == "Cost per 1,000 orders held at $10.00, ±0.0% on the window before"
    )
    assert page(shop, f"{WEEK}&scope=service:Search").headline.endswith("held at $10.00, ±0.0% on the window before")


def test_where_every_scope_is_split_the_first_is_shown_as_the_sum_of_its_slices(odd: Odd) -> None:
    split = CATALOGUE.replace("  all: {}\n  search: {where: {service_name: Search}}\n", "")
    bill = [_charge(day, 100 if day < DAYS[7] else 150, team=team) for day in DAYS for team in ("a", "b")]
    shop = odd(bill, split)
    shown = page(shop, WEEK)
    assert shown.headline.startswith("Cost per order rose 50.0% to $3.00: ")
    assert [row[1] for row in shown.rows("By team")] == ["$1.50", "$1.50"]
    assert "$300.00 ÷ 100 orders = $3.00 per order" in page(shop, "/debug").html


def test_days_of_an_older_catalogue_are_not_told_for_a_scope_that_it_had_not(odd: Odd) -> None:
    shop = odd(
        [_charge(day, 100) for day in DAYS], CATALOGUE.replace("  search: {where: {service_name: Search}}\n", "")
    )
    shop.catalogue = CATALOGUE.replace("search: {where: {service_name: Search}}", "compute: {}")
    assert page(shop, f"{WEEK}&scope=compute").headline == "No cost of compute is known"
    assert shop.run(str(DAYS[7]), str(LAST), "cost_per_order").success
    shown = page(shop, f"{WEEK}&scope=compute")
    assert shown.headline.startswith("Cost per order is $1.00; no change is stated, for the window before")


def test_slices_that_do_not_add_up_to_their_scope_are_not_shown(odd: Odd) -> None:
    older = CATALOGUE.replace("  team: {by: {tag: team}}\n  service: {by: {column: service_name}}\n", "")
    shop = odd([_charge(day, 100) for day in DAYS], older)
    shop.catalogue = CATALOGUE
    shown = page(shop, f"{WEEK}&by=service")
    assert shown.rows("Why it changed")[0][1] == "$1.00"
    assert "before the catalogue had the scope service" in _notes(shown)
    with dashboard_of(shop) as client:
        assert "before the catalogue had the scope service" in client.get("/slices.csv?window=7d&by=service").text
    assert shop.run(str(DAYS[0]), str(LAST)).success
    assert [row[0] for row in page(shop, f"{WEEK}&by=service").rows("By service")] == ["Compute"]


def test_a_slice_that_nobody_knows_has_no_cost_and_not_0(odd: Odd) -> None:
    shop = odd([_charge(day, 100) for day in DAYS])
    assert page(shop, "/?scope=service:Nope").headline == "No cost of service:Nope is known"
    with dashboard_of(shop) as client:
        assert client.get("/?scope=all:Nope").status_code == 404


def test_from_below_zero_there_is_no_percentage(odd: Odd) -> None:
    credit = [_charge(day, -30 if day < DAYS[7] else -5, "Credits", ChargeCategory="Credit") for day in DAYS]
    shown = page(odd([*(_charge(day, 10) for day in DAYS), *credit]), f"{WEEK}&by=service")
    expected = "Cost per 1,000 orders went from −$200.00 to $50.00: Credits added $250.00"
    assert shown.headline == expected
    assert _tiles(shown)[:2] == [("Cost per 1,000 orders", "$50.00"), ("Cloud cost", "$35.00")]
    assert [row[:4] for row in shown.rows("By service")][1] == ["Credits", "−$50.00", "–", "+$250.00"]


def test_to_below_zero_there_is_no_percentage(odd: Odd) -> None:
    credit = [_charge(day, -5 if day < DAYS[7] else -30, "Credits", ChargeCategory="Credit") for day in DAYS]
    shown = page(odd([*(_charge(day, 10) for day in DAYS), *credit]), WEEK)
    assert _tiles(shown)[:2] == [("Cost per 1,000 orders", "−$200.00"), ("Cloud cost", "−$140.00")]
    assert _tiles(shown)[2][0] == "Orders ±0.0%", "what is not below zero has its percentage"


def test_a_unit_cost_of_next_to_nothing_is_told_for_as_many_units_as_it_takes(odd: Odd) -> None:
    shown = page(odd([_charge(day, "0.00000125") for day in DAYS]), WEEK)
    assert shown.headline == "Cost per 1,000,000,000 orders held at $12.50, ±0.0% on the window before"


@pytest.mark.parametrize(
    ("by", "names", "is_told"),
    [
        ("{column: service_name}", ("EU", "US"), True),
        ("{column: service_name}", ("a=EU", "a=US"), False),
        ("{tag: team}", ("EU", "US"), True),
        ("{tag: team}", ("a=EU", "a=US"), False),
        ("{tag: 'a=b'}", ("EU", "US"), True),
    ],
)
def test_slices_have_units_of_their_own_only_where_a_segment_has_the_very_name(
    odd: Odd, by: str, names: tuple[str, str], is_told: bool
) -> None:
    def orders(day: date) -> Mapping[str, int]:
        return {"EU": 300, "US": 100} if day >= DAYS[7] else {"EU": 100, "US": 300}

    def bill(day: date, name: str, cost: int) -> dict[str, str]:
        tags = json.dumps({"a=b" if "a=b" in by else "team": name})
        return _charge(day, cost, name) | {"Tags": tags}

    catalogue = CATALOGUE.replace("quantity: n}", "quantity: n, segment: market}")
    catalogue = catalogue.replace("service: {by: {column: service_name}}", f"service: {{by: {by}}}")
    costs = [
        bill(day, *each) for day in DAYS for each in zip(names, (orders(day)["EU"], 3 * orders(day)["US"]), strict=True)
    ]
    shop = odd(costs, catalogue, markets=orders)
    causes = [name for name, _ in page(shop, f"{WEEK}&by=service").rows("Why it changed")]
    assert (causes[1:-1] == ["More EU orders", "Fewer US orders"]) is is_told


def test_a_missing_day_is_no_change_of_cost_or_units(odd: Odd) -> None:
    there = [day for day in DAYS if day != DAYS[9]]
    shown = page(_without_a_day(odd, there), f"{WEEK}&by=service")
    titles = [title for title, _ in _tiles(shown)]
    assert titles == ["Cost per order ±0.0%", "Cloud cost ±0.0%", "Orders ±0.0%"]
    assert [name for name, _ in shown.rows("Why it changed")] == ["7 d to 13 Mar", "7 d to 20 Mar"]
    assert "The window before has 7 complete days, so changes are those of the mean day." in _notes(shown)


def _without_a_day(odd: Odd, there: list[date]) -> World:
    shop = odd([_charge(day, 100) for day in DAYS])
    gone = "update unit_economics.ledger set superseded_at = now() where superseded_at is null"
    shop.sql(f"{gone} and business_date <> all(%s)", there)
    return shop


def test_charges_in_another_currency_are_named(odd: Odd) -> None:
    foreign = [_charge(day, 900, "Other", BillingCurrency="EUR") for day in DAYS]
    shown = page(odd([*(_charge(day, 100) for day in DAYS), *foreign]), WEEK)
    assert shown.headline == "Cost per order held at $1.00, ±0.0% on the window before"
    assert "Charges in EUR are in no number here: all are in USD." in _notes(shown)


def test_a_target_is_only_held_against_the_scope_that_it_is_of(odd: Odd) -> None:
    shop = odd([*(_charge(day, 100) for day in DAYS), *(_charge(day, 7, "Search") for day in DAYS)])
    assert "target $2.00" in page(shop, WEEK).html
    assert "target" not in " ".join(page(shop, f"{WEEK}&scope=search").texts("p", "tile-detail"))


def test_money_without_cents_is_shown_in_three_digits(odd: Odd) -> None:
    bill = [_charge(day, 130 if day < DAYS[7] else 180, BillingCurrency="JPY") for day in DAYS]
    shown = page(odd(bill, f"currency: JPY{CATALOGUE}"), f"{WEEK}&by=service")
    assert shown.headline == "Cost per 1,000 orders rose 38.5% to ¥1,800: Compute added ¥500"


def test_a_window_that_ends_in_the_future_ends_on_the_last_complete_day(odd: Odd) -> None:
    shop = odd([_charge(day, 100) for day in DAYS])
    assert page(shop, f"{WEEK}&to=2199-12-31").headline == page(shop, WEEK).headline
    early = page(shop, f"{WEEK}&to=2020-01-01")
    assert early.headline == "No complete day of cost_per_order up to 1 Jan 2020"
    assert "unit-economics run" not in early.html


def test_a_window_over_a_new_year_names_both_years(odd: Odd) -> None:
    shop = odd([_charge(day, 100) for day in DAYS])
    assert "21 Mar 2025 – 20 Mar 2026 against the 365 days before." in _notes(page(shop, "/?window=12m"))


@pytest.mark.parametrize(
    "name", ["a,b", 'say "hi"', "x/y", "50%", "50%25", "R&D", "a=b", "a:b", "🦄", "<b>", "team=a", "a+b", "#1"]
)
def test_a_slice_of_any_name_has_a_link_that_leads_to_it(odd: Odd, name: str) -> None:
    shop = odd([_charge(day, 100, team=name) for day in DAYS])
    [row] = [row for row in page(shop, f"{WEEK}&by=team").html.split("<tr>") if "scope=team%3Ateam%3D" in row]
    shown = page(shop, "/" + unescape(row.split('href="')[1].split('"')[0]))
    assert shown.headline == f"{name}: cost per order held at $1.00, ±0.0% on the window before"
    [chosen] = [line for line in shown.html.split("<option ") if " selected" in line and "team" in line.split(">")[0]]
    assert unescape(chosen.split('value="')[1].split('"')[0]) == f"team:team={name}"


def test_many_slices_of_one_scope_leave_those_of_another_to_choose(odd: Odd) -> None:
    bill = [_charge(day, cost, f"Service {cost:03}", team="payments") for day in DAYS for cost in range(1, 121)]
    shop = odd(bill, CATALOGUE.replace("team: {by", "zone: {by"))
    choices = (
        page(shop, f"{WEEK}&scope=service:Service 001").html.split('<select name="scope"')[1].split("</select>")[0]
    )
    assert 'value="zone:team=payments"' in choices
    assert 'value="service:Service 001" selected' in choices


def test_another_metric_shows_its_own_scope_where_it_has_not_this_one(odd: Odd) -> None:
    units = "units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n}"
    second = f"  cost_per_query: {{unit: Query, cost: all, {units}}}\n"
    shown = page(
        odd([_charge(day, 100) for day in DAYS], CATALOGUE + second), f"{WEEK}&metric=cost_per_query&scope=search"
    )
    assert shown.headline == "Cost per query held at $1.00, ±0.0% on the window before"


def test_a_later_day_without_units_is_named(odd: Odd) -> None:
    shown = page(odd([_charge(day, 100) for day in DAYS], days=DAYS[:-1]), WEEK)
    assert "13 Mar – 19 Mar 2026 against the 7 days before. 20 Mar: cost or units are not there" in _notes(shown)


def test_the_chart_has_as_many_digits_as_the_currency(odd: Odd) -> None:
    bill = [_charge(day, "100.125", BillingCurrency="KWD") for day in DAYS]
    shown = page(odd(bill, f"currency: KWD{CATALOGUE}"), WEEK)
    assert '"ratio_digits":3' in shown.html
    assert "100.125" in shown.html.split("trend-data")[1]


def test_a_margin_says_whose_cost_it_is_after(odd: Odd) -> None:
    earned = "revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n}"
    catalogue = CATALOGUE.replace("    targets:", f"    {earned}\n    targets:") + "dashboard: {everyone: finance}\n"
    shop = odd([*(_charge(day, 50) for day in DAYS), *(_charge(day, 7, "Search") for day in DAYS)], catalogue)
    assert page(shop, WEEK).texts("p", "tile-detail")[3] == "$301.00 after cloud cost"
    assert page(shop, f"{WEEK}&scope=search").texts("p", "tile-detail")[3] == "$651.00 after the cost of search"


def test_one_day_is_not_many(odd: Odd) -> None:
    shown = page(odd([_charge(day, 100) for day in DAYS]), f"{WEEK}&to={DAYS[0]}")
    assert "no change is stated, for only 1 of 7 days of the window is complete" in shown.headline
    assert "1 of 31 days is there, all of them complete." in _notes(shown)


def test_without_a_full_window_before_the_slices_say_what_they_cost_and_why_no_change_is_stated(odd: Odd) -> None:
    bill = [_charge(day, cost, team=team) for day in DAYS for team, cost in (("a", 300), ("b", 100))]
    shop = odd(bill)
    whole = page(shop, f"{WEEK}&by=team")
    assert [row[2:4] for row in whole.rows("By team")] == [["±0.0%", "±$0.00"]] * 2
    assert "No change is stated" not in _notes(whole)
    for to, days in ((DAYS[11], 5), (DAYS[6], 0)):
        shown = page(shop, f"{WEEK}&by=team&to={to}")
        rows = [(*row[:4], *row[5:]) for row in shown.rows("By team")]
        assert rows == [("a", "$3.00", "–", "–", "$2,100.00", "75.0%"), ("b", "$1.00", "–", "–", "$700.00", "25.0%")]
        why = (
            f"only {days} of 7 days of the window before are complete" if days else "the window before has no complete"
        )
        assert f"No change is stated, for {why}" in _notes(shown)
        assert "Effect:" not in _notes(shown)


def test_slices_that_the_window_before_had_not_yet_have_no_change(odd: Odd) -> None:
    older = CATALOGUE.replace("  team: {by: {tag: team}}\n", "")
    shop = odd([_charge(day, 100, team="a") for day in DAYS], older)
    shop.catalogue = CATALOGUE
    assert "before the catalogue had the scope team" in " ".join(page(shop, f"{WEEK}&by=team").texts("p", "empty"))
    assert shop.run(str(DAYS[7]), str(LAST)).success
    shown = page(shop, f"{WEEK}&by=team")
    assert [row[:4] for row in shown.rows("By team")] == [["a", "$1.00", "–", "–"]]
    assert "No change is stated, for some of these days were computed before the catalogue" in _notes(shown)


def test_without_a_unit_in_the_later_window_no_slice_has_a_unit_cost(odd: Odd) -> None:
    bill = [_charge(day, 100, team="a") for day in DAYS]
    shop = odd(bill, markets=lambda day: {"all": 100 if day < DAYS[7] else 0})
    shown = page(shop, f"{WEEK}&by=team")
    assert "Not told: the window has no complete day with cost and units." in shown.texts("p", "empty")


def test_the_effect_of_a_slice_is_told_apart_from_the_terms_of_why(odd: Odd) -> None:
    shown = page(odd([_charge(day, 100, team="a") for day in DAYS]), f"{WEEK}&by=team")
    assert "Effect: the change of its own cost per order; the effects add up to the change of the whole." in _notes(
        shown
    )
    assert "(In “Why did it change?”, more or fewer orders are a term of their own.)" in _notes(shown)


def _freshness(shown: Shown) -> tuple[str, str]:
    """The chip's tone and text."""
    [found] = re.findall(r'class="dot (\w+)"></span>([^<]*)</span>', shown.html)
    return found


def _delivered_anew(shop: World, bill: Iterable[dict[str, str]]) -> None:
    write_bill(shop.folder / "focus", *bill)
    shop.run(str(DAYS[0]), str(LAST))


def _hours(day: date, rows: int = 10) -> list[dict[str, str]]:
    return [_charge(day, 10, f"Compute {n}") for n in range(rows)]


@pytest.mark.parametrize("path", ["/", "/on-call", "/debug"])
def test_a_refused_delivery_is_told_on_every_page(odd: Odd, path: str) -> None:
    shop = odd([row for day in DAYS for row in _hours(day)])
    assert _freshness(page(shop, f"{path}?window=7d"))[1] == "Complete to 20 Mar · 3 d behind"
    before = page(shop, WEEK)
    assert "a check is red" not in before.html
    lost = {DAYS[3], DAYS[-2], DAYS[-1]}
    _delivered_anew(shop, [row for day in DAYS for row in _hours(day, 1 if day in lost else 10)])
    found = _freshness(page(shop, f"{path}?window=7d"))
    assert found == ("bad", "Complete to 20 Mar · 3 d behind · a check is red on 3 days")
    shown = page(shop, WEEK)
    assert shown.headline == before.headline, "what stood before stands"
    assert "2 of these 7 days keep a former value: a check is red on them (see On call)." in _notes(shown)


def test_a_refused_day_that_was_never_stored_has_no_value_to_keep(odd: Odd) -> None:
    shop = odd([_charge(day, 100) for day in DAYS], days=[day for day in DAYS if day != DAYS[9]])
    shop.sql("insert into public.counted values (%s, 'all', -5)", DAYS[9])
    shop.run(str(DAYS[9]), str(DAYS[9]))
    shown = page(shop, WEEK)
    assert _freshness(shown) == ("bad", "Complete to 20 Mar · 3 d behind · a check is red on 1 day")
    assert "1 of these 7 days has no value: a check is red on it (see On call)." in _notes(shown)
    assert "former value" not in shown.html


@pytest.mark.parametrize(
    ("targets", "cost", "said"),
    [
        ("unit_cost: 1", "100", ["target $1.00 · met"]),
        ("unit_cost: 1", "100.0001", ["target $1.00 · less than $0.01 over"]),
        ("unit_cost: 0.9", "100", ["target $0.90 · $0.10 over"]),
        ("unit_cost: 2", "100", ["target $2.00 · met"]),
        ("monthly_cost: 3100", "100", ["target $700.00 for 7 days · met"]),
        ("monthly_cost: 31000", "1000.01", ["target $7,000.00 for 7 days · $0.07 over"]),
        ("monthly_cost: 31000", "1100", ["target $7.00K for 7 days · $700.00 over"]),
        ("monthly_units: 3100", "100", ["target 700 for 7 days · met"]),
        ("monthly_units: 3101", "100", ["target 700 for 7 days · less than 1 under"]),
        ("monthly_units: 3410", "100", ["target 770 for 7 days · 70 under"]),
        ("margin_percent: 90", "10", ["target 90.0%, met"]),
        ("margin_percent: 91", "10", ["target 91.0%, missed by 1 pt"]),
        ("margin_percent: 90", "10.02", ["89.98%", "target 90.00%, missed by 0.02 pt"]),
        ("margin_percent: 90", "10.0001", ["target 90.00%, missed by less than 0.01 pt"]),
    ],
)
def test_a_target_says_whether_it_is_met_and_by_how_much_not(
    odd: Odd, targets: str, cost: str, said: list[str]
) -> None:
    earned = "revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n}"
    catalogue = CATALOGUE.replace("targets: {unit_cost: 2, monthly_cost: 310}", f"{earned}\n    targets: {{{targets}}}")
    shown = page(odd([_charge(day, cost) for day in DAYS], f"{catalogue}dashboard: {{everyone: finance}}\n"), WEEK)
    told = " ".join([*shown.texts("p", "tile-value"), *shown.texts("p", "tile-detail")])
    assert [words for words in said if words not in told] == [], told
    missed = not said[-1].endswith("met")
    assert ('<span class="bad">target' in shown.html) is missed


def test_what_else_moved_the_cost_has_its_name_where_it_is_one_thing(odd: Odd) -> None:
    bill = [_charge(day, 100 if day < DAYS[7] else 330) for day in DAYS]
    shop = odd(bill, markets=lambda day: {"all": 100 if day < DAYS[7] else 150})
    shown = page(shop, f"{WEEK}&by=service")
    assert ": Compute added " in shown.headline
    assert ", more orders took off $" in shown.headline
    assert "everything else" not in shown.headline


def test_no_line_ends_between_a_minus_and_its_amount() -> None:
    assert unbroken("to −$8.91: <b>") == 'to <span class="unbroken">−$8.91:</span> &lt;b&gt;'
