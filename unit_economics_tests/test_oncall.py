"""The on-call page: what needs somebody, in which order, what to type; on a healthy, a broken and an empty mart."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import escape, unescape
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from unit_economics.business_days import DayRange
from unit_economics.dashboard.mart.announced import about, heard
from unit_economics.dashboard.mart.reader import Reader
from unit_economics.dashboard.web.app import application
from unit_economics.dashboard.words.numbers import Numbers
from unit_economics.dashboard.words.spans import lasted, spans
from unit_economics.day_states import Problem
from unit_economics.promises import promises
from unit_economics.warehouse.overview import Told
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus, complete_after: PT0S}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.revenue, day: date, quantity: revenue}
    owner: finops@example.com
"""
DAGSTER = "dashboard: {dagster: 'https://dagster.example.com/'}\n"
WEEK = [f"2026-03-0{n}" for n in range(1, 8)]
FIRST, CHEAP, DEAR, LAST = WEEK[0], WEEK[2], WEEK[4], WEEK[6]
EARNED = "98765.43"
ROWS = 5


class _Text(HTMLParser):
    """The text of a page that people see or hear, without its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def words(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return " ".join(" ".join(parser.pieces).split())


def section(html: str, title: str) -> str:
    """The part of the page from this title to the next one of its rank."""
    begin = html.index(f"<h2>{title}</h2>")
    return html[begin : html.find("<h2>", begin + 4)]


def banner(html: str) -> str:
    begin = html.index('class="banner')
    return html[begin : html.index("</section>", begin)]


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """A week of a shop, not computed yet: 100 orders a day, USD 10 a day but 500 on one."""
    shop = world(CATALOGUE + DAGSTER)
    shop.now = datetime(2026, 3, 8, 9, tzinfo=UTC)
    shop.sql("create table public.total_orders (date date, total_orders bigint)")
    shop.sql("create table public.revenue (date date, revenue numeric)")
    for day in WEEK:
        shop.sql("insert into public.total_orders values (%s, 100)", day)
        shop.sql("insert into public.revenue values (%s, %s)", day, Decimal(EARNED))
    bill(shop)
    return shop


def bill(shop: World, rows: Mapping[str, int] | None = None) -> None:
    """A bill of five charges a day, or of as many as said."""
    many = {**dict.fromkeys(WEEK, ROWS), **(rows or {})}
    charges = [
        charge(
            ChargePeriodStart=f"{day}T0{n}:00:00Z",
            ChargePeriodEnd=f"{day}T0{n + 1}:00:00Z",
            EffectiveCost="100" if day == DEAR else "2",
        )
        for day in WEEK
        for n in range(many[day])
    ]
    write_bill(shop.folder / "focus", *charges)


def page(shop: World, path: str = "/on-call") -> str:
    """The page as this deployment's reader gets it."""
    with TestClient(application(shop.deployment(), Reader(shop.url)), base_url="http://127.0.0.1") as client:
        answer = client.get(path)
    assert answer.status_code == 200, words(answer.text)
    return answer.text


def turn_red(shop: World, day: str) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", day)
    shop.run(day, day)


def test_a_healthy_week_needs_nobody(shop: World) -> None:
    shop.run(FIRST, LAST)
    html = page(shop)
    assert "Nothing needs you. 7 Mar is complete, everything that is due is there." in words(banner(html))
    assert 'class="banner ok"' in html
    assert "No open alert." in words(section(html, "Open alerts"))
    assert 'class="command"' not in html
    assert words(section(html, "Checks")).count("✓ 7 / 7") == len(
        [check for of_asset in promises(shop.deployment()).values() for check in of_asset]
    )


def test_a_day_whose_bill_may_still_grow_is_not_called_complete(shop: World) -> None:
    shop.catalogue = shop.catalogue.replace("complete_after: PT0S", "complete_after: P3D")
    shop.run(FIRST, LAST)
    said = words(banner(page(shop)))
    assert "4 Mar is complete" in said
    assert "Later bills may still grow." in said


def test_a_red_day_is_in_the_banner_with_asset_day_reason_owner_and_command(shop: World) -> None:
    shop.run(FIRST, LAST)
    turn_red(shop, CHEAP)
    said = words(banner(page(shop)))
    assert "1 thing needs you: daily_orders failed a check on 3 Mar" in said
    assert "total_orders is -1" in said
    assert "It hurts cost_per_order (finops@example.com)." in said
    assert f"Mend what is red, then: unit-economics run --from {CHEAP} --to {CHEAP}" in said


def test_a_red_day_is_a_cross_that_leads_to_its_partition_in_dagster(shop: World) -> None:
    shop.run(FIRST, LAST)
    turn_red(shop, CHEAP)
    cell = re.search(r'<a href="([^"]*)" aria-label="3 Mar 2026: failed a check[^"]*"[^>]*>(.*?)</a>', page(shop))
    assert cell
    assert unescape(cell[1]) == (f"https://dagster.example.com/assets/daily_orders?view=partitions&partition={CHEAP}")
    assert "cell bad" in cell[2]
    assert "on-cell" in cell[2]


def test_a_day_leads_to_the_debug_page_where_nobody_knows_dagster(shop: World) -> None:
    shop.catalogue = CATALOGUE
    shop.run(FIRST, LAST)
    links = [unescape(link) for link in re.findall(r'<a href="(/debug[^"]*day=[^"]*)"', page(shop))]
    assert len(links) == len(WEEK) * len(shop.deployment().inputs)
    assert f"/debug?metric=cost_per_order&scope=all&window=28d&range=12m&day={FIRST}" in links


def test_a_missing_day_says_that_it_is_missing_and_the_command_that_computes_it(shop: World) -> None:
    shop.sql("delete from public.total_orders where date = %s", LAST)
    shop.run(FIRST, LAST)
    html = page(shop)
    assert "daily_orders needs a run for 7 Mar" in words(banner(html))
    assert f"unit-economics backfill --from {LAST} --to {LAST}" in words(banner(html))
    assert 'aria-label="7 Mar 2026: missing' in html
    assert "6 Mar · 1 d behind" in words(section(html, "The last 28 business days"))


def test_a_stored_day_that_a_check_warns_of_is_a_dot_and_needs_nobody(shop: World) -> None:
    bill(shop, {LAST: 1})
    shop.run(FIRST, LAST)
    html = page(shop)
    cell = re.search(r'aria-label="7 Mar 2026: stored, with a warning, delivery: 1 rows[^"]*"[^>]*>(.*?)</a>', html)
    assert cell
    assert "<circle" in cell[1]
    assert "Nothing needs you." in words(banner(html))
    assert "• 6 / 7" in words(section(html, "Checks"))


def test_the_reason_beside_a_lane_is_the_worst_and_not_the_newest(shop: World) -> None:
    shop.sql("delete from public.total_orders where date = %s", LAST)
    shop.run(FIRST, LAST)
    turn_red(shop, CHEAP)
    beside = re.findall(r'<p class="lane-worst"[^>]*>([^<]*)</p>', page(shop))
    (orders,) = [text for text in beside if "total_orders" in text]
    assert orders.startswith("3 Mar: contract: ")


def two_problems(shop: World) -> list[str]:
    """The titles of two alerts: the bill lost rows on a day of USD 10, orders are impossible on one of USD 500."""
    shop.run(FIRST, LAST)
    bill(shop, {CHEAP: 1})
    shop.run(CHEAP, CHEAP)
    turn_red(shop, DEAR)
    return re.findall(r'<p class="alert-title"><a [^>]*>([^<]*)</a>', page(shop))


def test_alerts_come_by_the_money_at_stake_and_not_by_name(shop: World) -> None:
    titles = two_problems(shop)
    assert titles == ["daily_orders failed a check on 5 Mar", "cloud_costs failed a check on 3 Mar"]
    assert titles != sorted(titles), "the order by name has to be another one, or this test would not see it"


def test_the_money_at_stake_is_what_the_day_cost_when_it_was_last_known(shop: World) -> None:
    two_problems(shop)
    said = words(section(page(shop), "Open alerts"))
    assert re.findall(r"Money at stake: (\S+)", said) == ["$500.00", "$10.00"]
    assert words(banner(page(shop))).count("2 things need you: daily_orders failed a check on 5 Mar") == 1


def test_a_day_that_was_never_stored_is_reckoned_at_the_mean_of_the_days_that_count(shop: World) -> None:
    shop.sql("delete from public.total_orders where date = %s", LAST)
    bill(shop, {LAST: 0})
    shop.run(FIRST, LAST)
    costs = [Decimal(10)] * 5 + [Decimal(500)]
    said = words(section(page(shop), "Open alerts"))
    assert f"Money at stake: ${sum(costs) / len(costs):.2f}" in said


def test_money_that_can_not_be_reckoned_is_a_dash(shop: World) -> None:
    html = page_of_an_empty_mart(shop)
    assert re.findall(r"Money at stake: (\S+)", words(section(html, "Open alerts"))) == ["–"] * 3


def page_of_an_empty_mart(shop: World) -> str:
    assert shop.deployment().warehouse
    return page(shop)


@pytest.mark.parametrize("role", ["viewer", "finance"])
def test_an_empty_mart_says_what_to_type_and_invents_nothing(shop: World, role: str) -> None:
    shop.catalogue = f"{CATALOGUE}dashboard: {{everyone: {role}}}\n"
    html = page_of_an_empty_mart(shop)
    assert "3 things need you" in words(banner(html))
    assert "unit-economics backfill --from 2026-02-09 --to 2026-03-07" in words(banner(html))
    assert "No run has tried a day yet." in words(section(html, "Latest runs"))
    assert "0 / 0" not in words(html)
    assert "Nothing needs you" not in words(html)


def test_a_mart_before_its_first_business_day_needs_nobody(shop: World) -> None:
    shop.catalogue += "business_day: {first_day: 2026-03-08}\n"
    html = page_of_an_empty_mart(shop)
    assert "Nothing needs you. Nothing has been computed yet, and no day is due." in words(banner(html))


PAYLOAD = "<script>alert('on call')</script>\"><img src=x onerror=alert(1)>"


def is_markup(html: str) -> bool:
    return "<script>alert" in html or "<img" in html


def test_a_reason_that_is_markup_stays_text(shop: World) -> None:
    shop.run(FIRST, LAST)
    turn_red(shop, CHEAP)
    said = "jsonb_build_array(jsonb_build_object('check', %s::text, 'what', %s::text))"
    shop.sql(f"update unit_economics.verdict set failures = {said} where not passed", PAYLOAD, PAYLOAD)
    shop.sql(f"update unit_economics.verdict set warnings = {said} where business_date = %s", PAYLOAD, PAYLOAD, DEAR)
    put = "insert into unit_economics.outbox (cause, title, body) values ('run/' || %s, %s, %s)"
    shop.sql(put, PAYLOAD, PAYLOAD, PAYLOAD)
    html = page(shop)
    assert is_markup(f"<p>{PAYLOAD}</p>")
    assert not is_markup(html)
    assert html.count(str(escape(PAYLOAD, quote=False))[:20]) > 4


def test_a_viewer_is_told_that_revenue_is_red_and_finance_also_why(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.sql("update public.revenue set revenue = 1 where date = %s", CHEAP)
    shop.run(CHEAP, CHEAP)
    seen = words(page(shop))
    assert "daily_order_revenue failed a check on 3 Mar" in seen
    assert "It hurts the margin of cost_per_order (finops@example.com)." in seen
    assert EARNED not in seen
    shop.catalogue = f"{CATALOGUE}dashboard: {{everyone: finance}}\n"
    assert EARNED in words(page(shop))


def test_a_run_is_told_with_its_days_its_outcome_and_its_link(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.run(FIRST, LAST)
    turn_red(shop, CHEAP)
    latest = section(page(shop), "Latest runs")
    said = words(latest)
    assert said.index("1 red") < said.index("nothing new") < said.index("done")
    assert "1 Mar – 7 Mar · every asset" in said
    ((run_id,),) = shop.sql("select run_id from unit_economics.attempts order by attempt limit 1")
    assert f'href="https://dagster.example.com/runs/{run_id}"' in latest


@pytest.mark.parametrize(("ago", "outcome"), [("5 minutes", "not finished"), ("2 hours", "gave up or failed")])
def test_a_run_that_never_decided_is_told_apart_from_one_that_gave_up(shop: World, ago: str, outcome: str) -> None:
    shop.now = None
    page_of_an_empty_mart(shop)
    shop.sql(
        "insert into unit_economics.attempt (asset, first_day, last_day, run_id, code_version, catalogue_version,"
        " started_at) values ('daily_orders', %s, %s, 'lost', '', '', clock_timestamp() - %s::interval)",
        *(FIRST, LAST, ago),
    )
    assert outcome in words(section(page(shop), "Latest runs"))


def test_a_run_that_failed_says_why_and_a_later_one_makes_it_history(shop: World) -> None:
    shop.variables = {"ORDERS_DATABASE_URL": " "}
    shop.run(FIRST, LAST)
    shop.variables = {}
    latest = section(page(shop), "Latest runs")
    assert "✕ failed" in words(latest)
    assert "ORDERS_DATABASE_URL" in words(latest)
    assert 'class="pill bad"' in latest
    assert "not finished" not in latest
    assert "ORDERS_DATABASE_URL" in words(banner(page(shop)))
    shop.run(FIRST, LAST)
    said = words(section(html := page(shop), "Latest runs"))
    assert said.index("✓ done") < said.index("✕ failed")
    assert "Nothing needs you." in words(banner(html))


def test_why_a_run_of_revenue_failed_is_told_to_finance_only(shop: World) -> None:
    shop.catalogue = shop.catalogue.replace(
        "dsn: ORDERS_DATABASE_URL, relation: public.revenue", "dsn: EARNED_URL, relation: public.revenue"
    )
    shop.run(FIRST, LAST)
    assert "EARNED_URL" not in words(page(shop))
    shop.catalogue = shop.catalogue.replace(DAGSTER, "dashboard: {everyone: finance}\n")
    assert "EARNED_URL" in words(section(page(shop), "Latest runs"))


def test_a_failed_run_that_is_not_announced_is_shown_below_what_is_wrong(shop: World) -> None:
    shop.run(FIRST, LAST)
    shop.sql(
        "insert into unit_economics.outbox (cause, title, body) values ('run/daily/x/1', 'Run of daily failed', '')"
    )
    said = words(section(page(shop), "Open alerts"))
    assert "Run of daily failed" in said
    assert "nobody is told: the catalogue names no channel under alerts.urls" in said
    assert "No open alert." not in said


def test_alerts_that_no_channel_takes_need_somebody(shop: World) -> None:
    shop.catalogue += "alerts: {urls: [CHANNEL]}\n"
    shop.run(FIRST, LAST)
    shop.sql(
        "insert into unit_economics.outbox (cause, title, body, tries, last_error)"
        " values ('run/daily/x/1', 'Run of daily failed', '', 2, 'not taken by CHANNEL')"
    )
    html = page(shop)
    assert "1 thing needs you: an alert has not reached you" in words(banner(html))
    assert "unit-economics doctor" in words(banner(html))
    assert "tried 2 times in vain: not taken by CHANNEL" in words(section(html, "Open alerts"))


PROBLEM = Problem("daily_orders", "red", "contract: x", [date(2026, 3, 3)])


@pytest.mark.parametrize(
    ("cause", "title", "is_about"),
    [
        ("check/daily_orders/contract/1", "daily_orders: check contract is red for 2026-03-03", True),
        ("check/daily_orders/contract/1", "daily_orders: check contract is red for 2026-03-01 to 2026-03-09", True),
        ("check/daily_orders/contract/1", "daily_orders: check contract is red for 2026-03-04", False),
        ("check/cloud_costs/contract/1", "cloud_costs: check contract is red for 2026-03-03", False),
        ("missing/daily_orders/2026-03-03", "daily_orders: 2026-03-03 is still missing after 8 tries", False),
        ("run/daily/2026-03-03/1", "Run of daily failed for 2026-03-03", False),
    ],
)
def test_an_alert_is_about_a_problem_of_the_same_kind_asset_and_day(cause: str, title: str, is_about: bool) -> None:
    told = Told(cause, title, datetime.now(UTC), 0, None, None)
    assert bool(about([told], PROBLEM)) == is_about


def test_whether_people_were_told_is_said_in_words() -> None:
    now = datetime.now(UTC)
    waits = Told("c", "t", now, 0, None, None)
    assert heard(Told("c", "t", now, 1, None, now), [], "today") == "announced today"
    assert heard(waits, ["CHANNEL"], "") == "waits to be sent"
    assert heard(Told("c", "t", now, 1, "no", None), ["CHANNEL"], "") == "tried once in vain: no"
    assert heard(None, ["CHANNEL"], "") == "not announced yet"
    assert heard(waits, [], "").startswith("nobody is told")


def test_days_are_named_as_stretches_with_their_year_where_it_changes() -> None:
    numbers = Numbers("en_GB", "USD")
    days = [*DayRange(date(2026, 3, 1), date(2026, 3, 3)), date(2026, 3, 5)]
    assert spans(numbers, days) == "1 Mar – 3 Mar, 5 Mar"
    assert spans(numbers, [date(2026, 3, n) for n in (1, 3, 5, 7)]) == "1 Mar, 3 Mar, 5 Mar and more, 4 days in all"
    assert spans(numbers, list(DayRange(date(2025, 12, 31), date(2026, 1, 1)))) == "31 Dec 2025 – 1 Jan 2026"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "< 0.1 s"),
        (0.42, "0.4 s"),
        (12.4, "12 s"),
        (9.99, "9.9 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (7199, "1 h"),
        (200_000, "2 d"),
    ],
)
def test_a_stretch_of_time_is_said_in_one_unit(seconds: float, said: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == said
