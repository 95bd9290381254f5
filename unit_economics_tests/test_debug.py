"""The debug page on a real mart: every figure equals SQL on the same data, and what is wrong is told loudly."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from html import unescape
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics import schemas
from unit_economics.dashboard.mart.fingerprints import MOST_FILES, reads_of
from unit_economics.dashboard.mart.taken_charges import Charge, Condition, conditions_of, reason_of
from unit_economics.dashboard.panels.unallocated import sums_of
from unit_economics.entries.cost_scope import CostScope
from unit_economics.unit_cost import scope_costs
from unit_economics_tests.dashboard_client import Shown, dashboard_of, page
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  shop: {where: {tags: {app: [checkout, search]}}}
  service: {by: {column: service_name}}
  app: {where: {tags: {app: [checkout, search]}}, by: {tag: app}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
dashboard: {dagster: "https://dagster.example.com"}
"""
DAYS = [f"2026-02-{n}" for n in (26, 27, 28)] + [f"2026-03-0{n}" for n in range(1, 6)]
FIRST, END_OF_MONTH, LAST = DAYS[0], DAYS[2], DAYS[-1]
EARLY, LATE, NOW = (datetime(2026, 3, day, 9, tzinfo=UTC) for day in (10, 24, 25))
OTHERS = {"warehouse": "4.5", "": "3.25"}
HOSTILE = "<script>alert(1)</script>"
CELL = """
    select sum(cost) filter (where cost_scope = %s) from unit_economics.unit_costs_as_of(%s)
    where business_date between '2026-02-01' and '2026-02-28'
"""


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Eight days over the end of a month, recorded on 10 March: 100 orders and 17.25 USD a day, 10 of it the shop's."""
    shop = world(CATALOGUE)
    shop.sql("create table public.total_orders (date date, total_orders bigint)")
    for day in DAYS:
        shop.sql("insert into public.total_orders values (%s, 100)", day)
    bill(shop)
    recorded(shop, EARLY)
    shop.now = NOW
    return shop


def bill(shop: World, costs: dict[str, str] | None = None, *more: dict[str, str]) -> None:
    """A charge of the shop a day, 10 USD but where `costs` says otherwise, one of each of the others, and more."""
    rows = [*more]
    for day in DAYS:
        rows.append(of_day(day, "checkout", (costs or {}).get(day, "10")))
        rows += [of_day(day, app, cost) for app, cost in OTHERS.items()]
    write_bill(shop.folder / "focus", *rows)


def of_day(day: str, app: str, cost: str, **changes: str) -> dict[str, str]:
    tags = f'{{"app":"{app}"}}' if app else "{}"
    times = {"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"}
    return charge(**times, Tags=tags, EffectiveCost=cost, BilledCost=cost, **changes)


def recorded(shop: World, moment: datetime) -> None:
    """Compute every day as if it were that moment: what is written now is put back to it."""
    shop.now = moment
    assert shop.run(FIRST, LAST).success
    ago = "> clock_timestamp() - interval '1 hour'"
    shop.sql(f"update unit_economics.ledger set superseded_at = %s where superseded_at {ago}", moment)
    shop.sql(f"update unit_economics.ledger set recorded_at = %s where recorded_at {ago}", moment)


def restated(shop: World, moment: datetime) -> Shown:
    """The page, a day after that moment, with whatever changed since recorded at it."""
    recorded(shop, moment)
    shop.now = moment + timedelta(hours=23)
    return page(shop, "/debug?scope=shop")


def changes(shown: Shown) -> list[str]:
    (listed,) = shown.texts("ul", "changes") or [""]
    return [line for line in re.split(r"(?=\b\d{1,2} \w{3} the )", listed) if line.strip()]


def card(shown: Shown, title: str) -> str:
    """The text of the card with this title."""
    return next(text for text in shown.texts("section", "card") if text.startswith(title))


def one(shop: World, query: str, *values: object) -> Any:
    ((value,),) = shop.sql(query, *values)
    return value


def test_the_months_are_the_sums_of_the_mart_and_equal_the_source_s(shop: World) -> None:
    months = page(shop, "/debug").rows("The mart's cost")
    assert months == [
        ["Mar 2026", "5 / 31", "$88.75", "$88.75", "$88.75", "±$0.00", "±0.000%", "open"],
        ["Feb 2026", "3 / 28", "$53.25", "$53.25", "$53.25", "±$0.00", "±0.000%", "partial"],
    ]
    march = "select sum(effective_cost) from unit_economics.cloud_costs where business_date >= '2026-03-01'"
    assert one(shop, march) == Decimal("88.75")


@pytest.mark.parametrize(
    ("tampering", "difference"),
    [
        ("set effective_cost = effective_cost - 1 where business_date = %s", "−$3.00"),
        (
            "set billed_cost = billed_cost + 1 where business_date = %s",
            "+$3.00 billed",
        ),
        (
            "set effective_cost = 10.0001 where business_date = %s and effective_cost = 10",
            "+$0.000100000000",
        ),
        ("set charge_rows = 7 where business_date = %s", "±$0.00"),
    ],
)
def test_a_charge_that_was_changed_by_hand_is_loud(shop: World, tampering: str, difference: str) -> None:
    assert 'role="alert"' not in page(shop, "/debug").html
    shop.sql(f"update unit_economics.charge_day {tampering}", LAST)
    shown = page(shop, "/debug")
    alarm, *_ = shown.texts("p", "alarm")
    assert alarm.startswith("Mar 2026: the mart is not what the source summed on 5 Mar (effective cost ")
    (march, february) = shown.rows("The mart's cost")
    assert (march[5], march[-1]) == (difference, "differs")
    assert february[-1] == "partial"


def test_a_number_that_its_charges_no_longer_add_up_to_is_loud(shop: World) -> None:
    shop.sql("update unit_economics.charge_day set effective_cost = 9 where effective_cost = 10")
    *_, doubt = page(shop, "/debug?scope=shop").texts("p", "alarm")
    assert doubt == "The charges that are stored add up to $9.00, not to $10.00: somebody changed them by hand."


def test_charges_that_are_newer_than_the_number_are_no_tampering(shop: World) -> None:
    bill(shop, {LAST: "12"})
    assert shop.run(FIRST, LAST, "cloud_costs").success
    shown = page(shop, "/debug?scope=shop")
    assert not shown.texts("p", "alarm")
    assert "newer is stored of cloud_costs" in card(shown, "Explain")


def test_charges_that_were_removed_by_hand_are_loud(shop: World) -> None:
    shop.sql("delete from unit_economics.charge_day where business_date = %s", LAST)
    shown = page(shop, "/debug")
    assert shown.texts("p", "alarm")
    assert shown.rows("The mart's cost")[0][5:7] == ["−$17.75", "−20.000%"]


def test_two_changes_that_cancel_each_other_are_loud_too(shop: World) -> None:
    change = "update unit_economics.charge_day set effective_cost = effective_cost + %s where business_date = %s"
    shop.sql(change, -1, LAST)
    shop.sql(change, 1, "2026-03-02")
    alarm, *_ = page(shop, "/debug").texts("p", "alarm")
    assert "on 2 Mar, 5 Mar (effective cost ±$0.00" in alarm


def test_days_without_the_source_s_own_sums_are_named_and_no_alarm(shop: World) -> None:
    shop.sql("update unit_economics.attempt set source_totals = null")
    shown = page(shop, "/debug")
    assert not shown.texts("p", "alarm")
    assert [row[4:7] for row in shown.rows("The mart's cost")] == [
        ["unknown for 5 d", "–", "–"],
        ["unknown for 3 d", "–", "–"],
    ]


def test_the_triangle_s_cells_are_what_as_of_says(shop: World) -> None:
    bill(shop, {END_OF_MONTH: "12"})
    restated(shop, LATE)
    shop.now = datetime(2026, 4, 20, 9, tzinfo=UTC)
    (*_, february) = page(shop, "/debug?scope=shop").rows("What was believed")
    now = one(shop, CELL, "shop", shop.now)
    believed = [one(shop, CELL, "shop", datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=n)) for n in (10, 20, 45)]
    assert (now, believed) == (32, [30, 30, 32])
    assert february == [
        *("Feb 2026", "not yet recorded", "not yet recorded", "not yet recorded"),
        *("−6.25%", "−6.25%", "±0.00%", "$32.00"),
    ]


def test_a_moment_that_has_not_come_has_no_cell(shop: World) -> None:
    (february,) = page(shop, "/debug?scope=shop").rows("What was believed")
    assert february[-3:] == ["±0.00%", "–", "$30.00"]


def test_a_month_of_which_few_days_were_known_says_so(shop: World) -> None:
    shop.sql(
        "update unit_economics.ledger set recorded_at = '2026-03-15' where business_date = %s and version = 1", FIRST
    )
    (february,) = page(shop, "/debug?scope=shop").rows("What was believed")
    assert february[4:6] == ["−33.33% 2 of 3 d", "±0.00%"]


def test_the_moments_of_the_triangle_are_midnights_of_the_business_zone(shop: World) -> None:
    shop.catalogue = CATALOGUE + "business_day: {timezone: Asia/Tokyo}\n"
    shop.sql("update unit_economics.ledger set recorded_at = '2026-03-05 16:00+00'")
    (february,) = page(shop, "/debug?scope=shop").rows("What was believed")
    assert february[3:5] == ["not yet recorded", "±0.00%"]
    shop.sql("update unit_economics.ledger set recorded_at = '2026-03-05 14:00+00'")
    (february,) = page(shop, "/debug?scope=shop").rows("What was believed")
    assert february[3:5] == ["±0.00%", "±0.00%"]


def test_months_that_were_first_recorded_later_have_one_sentence(shop: World) -> None:
    shop.sql("update unit_economics.ledger set recorded_at = '2026-03-24 08:00+00'")
    assert "The oldest record of these months is of 24 Mar 2026, 08:00 UTC" in card(
        page(shop, "/debug?scope=shop"), "Restatement"
    )


def test_the_trends_legend_names_the_mark_of_restated_days_only_where_there_is_one(shop: World) -> None:
    legend = page(shop, "/?scope=shop").texts("ul", "legend")
    assert "restated" not in legend[0]
    bill(shop, {LAST: "12.5"})
    restated(shop, LATE)
    assert page(shop, "/?scope=shop").texts("ul", "legend")[0] == f"{legend[0]} restated"


def test_a_restated_day_shows_before_and_after_and_that_the_bill_changed(shop: World) -> None:
    bill(shop, {LAST: "12.5"})
    (change,) = changes(restated(shop, LATE))
    run = one(shop, "select run_id from unit_economics.ledger where asset = 'cost_per_order' and version = 2")
    assert change.startswith(f"5 Mar the bill changed $100.00 → $125.00 · run {run[:8]} · 24 Mar 2026, 09:00 UTC")
    assert change.endswith("+$2.50 cost")


def test_late_orders_are_a_change_of_orders(shop: World) -> None:
    shop.sql("update public.total_orders set total_orders = 125 where date = %s", LAST)
    (change,) = changes(restated(shop, LATE))
    assert "orders changed $100.00 → $80.00" in change
    assert change.endswith("+25 orders")


def test_an_input_of_which_only_the_status_changed_is_no_cause(shop: World) -> None:
    """The bill of 5 March was provisional at first: its new version holds the same rows."""
    shop.sql("update unit_economics.ledger set status = 'provisional' where asset in ('cloud_costs', 'cost_per_order')")
    shop.sql("update unit_economics.attempt set source_glance = null")
    shop.sql("update public.total_orders set total_orders = 125 where date = %s", LAST)
    shown = restated(shop, LATE)
    versions = "select input_versions from unit_economics.ledger where business_date = %s and asset = 'cost_per_order'"
    assert shop.sql(f"{versions} and version = 2", LAST) == [({"cloud_costs": 2, "daily_orders": 2},)]
    (change,) = changes(shown)
    assert "the bill changed" not in change
    assert "orders changed" in change


def test_both_halves_that_changed_are_both_named(shop: World) -> None:
    bill(shop, {LAST: "12.5"})
    shop.sql("update public.total_orders set total_orders = 125 where date = %s", LAST)
    (row,) = changes(restated(shop, LATE))
    assert "the bill changed and orders changed" in row
    assert row.endswith("+$2.50 cost, +25 orders")


def test_another_where_is_a_change_of_the_definition(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("app: [checkout, search]", "app: [checkout, warehouse]")
    shown = restated(shop, LATE)
    found = changes(shown)
    assert len(found) == len(DAYS)
    assert all("the catalogue's definition changed $100.00 → $145.00" in change for change in found)


def test_a_change_of_another_scope_is_none_of_this_one(shop: World) -> None:
    bill(shop, None, of_day(LAST, "warehouse", "1", ServiceName="Mail"))
    shown = restated(shop, LATE)
    assert "Nothing changed since 24 Mar 2026, 08:00 UTC; 0 new days." in card(shown, "What changed")
    shown = page(shop, "/debug?scope=all")
    assert [row.split(" ·")[0] for row in changes(shown)] == ["5 Mar the bill changed $177.50 → $187.50"]


def test_the_first_versions_of_a_day_are_new_days(shop: World) -> None:
    shop.now = EARLY + timedelta(hours=1)
    assert "Nothing changed since 9 Mar 2026, 10:00 UTC; 8 new days." in card(page(shop, "/debug"), "What changed")


def test_what_is_left_of_the_bill_has_reasons_that_add_up(shop: World) -> None:
    bill(
        shop,
        None,
        of_day(LAST, "", "1.75", ChargeCategory="Tax"),
        of_day(LAST, "", "-2.5", ChargeCategory="Credit", ServiceName="Credits"),
    )
    shown = restated(shop, LATE)
    reasons = {name: Decimal(amount.translate({0x2212: "-", 0x24: None})) for name, amount in shown.rows("Unallocated")}
    assert reasons == {"app = warehouse": Decimal("22.5"), "no app tag": Decimal("16.25"), "Tax": Decimal("1.75")} | {
        "Credit": Decimal("-2.5")
    }
    costs = "select sum(cost) from unit_economics.unit_costs where cost_scope = %s and business_date >= '2026-03-01'"
    assert sum(reasons.values()) + one(shop, costs, "shop") == one(shop, costs, "all")
    assert "$38.00 of the bill's $88.00 (43.2%) is not taken by shop" in card(shown, "Unallocated cost, Mar 2026")


def test_a_slice_leaves_what_has_another_value(shop: World) -> None:
    shown = page(shop, "/debug?scope=app:app%3Dcheckout")
    assert shown.rows("Unallocated") == [["app = warehouse", "+$22.50"], ["no app tag", "+$16.25"]]
    shown = page(shop, "/debug?scope=service:Compute")
    assert "The scope takes every charge." in card(shown, "Unallocated")


def test_a_scope_without_conditions_takes_the_whole_bill(shop: World) -> None:
    assert "The scope all takes the whole bill." in card(page(shop, "/debug"), "Unallocated")


def test_the_number_is_explained_by_its_halves_and_its_sql_computes_it(shop: World) -> None:
    shown = page(shop, "/debug?scope=shop")
    assert shown.texts("p", "formula") == ["$10.00 ÷ 100 orders = $100.00 per 1,000 orders"]
    (query,) = re.findall(r'<pre class="query".*?<code>(.*?)</code>', shown.html, re.S)
    assert shop.sql(unescape(query)) == [(10, 100)]
    assert shown.rows("The charges behind it") == [["Compute", "Usage", "1", "$10.00"], ["All", "", "1", "$10.00"]]
    assert "5 Mar 2026 rests on 1 run and 1 file: cost_per_order, made of cloud_costs and daily_orders." in shown.html
    text = card(shown, "Explain one number: 5 Mar 2026")
    assert "Status complete" in text
    assert "green: cloud_costs, cost_per_order, daily_orders" in text
    assert "Published nowhere: the catalogue names no destination" in text
    run = one(shop, "select distinct run_id from unit_economics.ledger")
    assert f'href="https://dagster.example.com/runs/{run}"' in shown.html
    assert "bill.csv" in text


@pytest.mark.parametrize("scope", ["all", "shop", "service:Compute", "app:app=checkout", "service:(none)"])
def test_the_sql_of_every_kind_of_scope_computes_its_number(shop: World, scope: str) -> None:
    bill(shop, {DAYS[1]: "11"}, of_day(DAYS[1], "search", "0.5", ServiceName=""))
    recorded(shop, LATE)
    shown = page(shop, f"/debug?scope={scope}&day={DAYS[1]}")
    (query,) = re.findall(r'<pre class="query".*?<code>(.*?)</code>', shown.html, re.S)
    stored = "select cost, quantity from unit_economics.unit_costs where cost_scope = %s and business_date = %s"
    assert shop.sql(unescape(query)) == shop.sql(stored, scope, DAYS[1])


def test_a_tag_key_with_a_percent_sign_is_no_placeholder(shop: World) -> None:
    shop.catalogue = CATALOGUE.replace("tags: {app:", "tags: {'50%s':")
    recorded(shop, LATE)
    assert "no 50%s tag" in card(page(shop, "/debug?scope=shop"), "Unallocated")


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-03-25", "the business day is not over yet"),
        ("2026-03-06", "waits for daily_orders, cloud_costs"),
        ("2026-01-01", "before the first day that was ever stored"),
        ("1990-01-01", "before the first day that was ever stored"),
        ("2199-12-31", "the business day is not over yet"),
    ],
)
def test_a_day_that_is_not_stored_says_why(shop: World, day: str, why: str) -> None:
    shown = page(shop, f"/debug?day={day}")
    assert why in card(shown, "Explain")
    assert "This day is not stored: it has no version." in card(shown, "Versions")


def test_a_day_without_units_has_a_reason_and_no_number(shop: World) -> None:
    shop.sql("insert into public.total_orders values ('2026-03-06', 0)")
    write_bill(shop.folder / "focus", of_day("2026-03-06", "checkout", "10"), name="more.csv")
    shop.run("2026-03-06", "2026-03-06")
    shown = page(shop, "/debug?scope=shop&day=2026-03-06")
    assert shown.texts("p", "formula") == ["$10.00 ÷ 0 orders: no unit cost, for 0 units"]
    assert shown.rows("Versions of 6 Mar 2026")[0][5] == "– (0 units)"


def test_a_slice_without_a_charge_on_the_day_has_a_reason(shop: World) -> None:
    shown = page(shop, "/debug?scope=service:Nothing")
    (formula,) = shown.texts("p", "formula")
    assert formula.endswith("no unit cost, for this scope has no charge on this day")


def test_an_input_that_is_newer_than_the_number_is_told(shop: World) -> None:
    shop.sql("update public.total_orders set total_orders = 125 where date = %s", LAST)
    shop.run(FIRST, LAST, "daily_orders")
    text = card(page(shop, "/debug"), "Explain")
    assert "newer is stored of daily_orders, so it will be computed again" in text
    assert "100 orders = " in text


def test_every_version_of_a_day_is_listed_with_what_differs(shop: World) -> None:
    bill(shop, {LAST: "12.5"})
    rows = restated(shop, LATE).rows("Versions of 5 Mar 2026")
    assert [row[:6] + row[7:] for row in rows] == [
        [
            *("2", "24 Mar 2026, 09:00 UTC", "restated", "$12.50", "100", "$125.00"),
            "the bill changed, now restated: +$2.50 cost",
        ],
        ["1", "10 Mar 2026, 09:00 UTC", "complete", "$10.00", "100", "$100.00", "first recorded"],
    ]


def test_a_red_check_is_told_with_its_reason(shop: World) -> None:
    shop.sql("update public.total_orders set total_orders = -1 where date = %s", LAST)
    shop.run(FIRST, LAST)
    text = card(page(shop, "/debug"), "Explain")
    assert re.search(
        r"daily_orders is red \(contract: .* total_orders is -1 .*; green: cloud_costs, cost_per_order", text
    )


def test_an_empty_mart_is_told_and_no_fault(world: Callable[..., World]) -> None:
    shop = world(CATALOGUE)
    assert shop.deployment().warehouse
    shown = page(shop, "/debug?scope=shop")
    assert shown.headline == "No number to take back yet"
    assert "No day's bill is stored yet." in card(shown, "Mart against source")
    assert "No day is complete yet." in card(shown, "Unallocated")
    assert "No month that is over has a stored day yet." in card(shown, "Restatement")
    assert "; 0 new days." in card(shown, "What changed")
    assert "no day is complete yet" in card(shown, "Explain")


def test_names_from_the_bill_stay_text(shop: World) -> None:
    bill(shop, None, of_day(LAST, "<img src=x onerror=alert(1)>", "1", ServiceName=HOSTILE))
    recorded(shop, LATE)
    with dashboard_of(shop) as client:
        answers = [
            client.get("/debug", params={"scope": scope}).text
            for scope in ("all", "shop", f"service:{HOSTILE}", "app:app=<img src=x onerror=alert(1)>")
        ]
    assert any("&lt;script&gt;alert(1)" in answer for answer in answers)
    assert any("app = &lt;img src=x" in answer for answer in answers)
    assert not any("<script>alert" in answer or "<img" in answer for answer in answers)


def test_finance_sees_the_same_page(shop: World) -> None:
    viewer = page(shop, "/debug?scope=shop")
    shop.catalogue = CATALOGUE.replace("dashboard: {", "dashboard: {everyone: finance, ")
    assert page(shop, "/debug?scope=shop").rows("The mart's cost") == viewer.rows("The mart's cost")


def test_files_of_a_fingerprint_are_listed_latest_first_and_counted() -> None:
    files = [f'{{"name":"{n:02}.csv","size":{n},"content":"sha256:{n:064}"}}' for n in range(20)]
    first, second = reads_of(f'bill={{"files":[{",".join(files)}]}}; more=GET /costs sha256=12', ["bill", "more"])
    assert [file.name for file in first.shown] == [f"{n:02}.csv" for n in range(19, 19 - MOST_FILES, -1)]
    assert (first.source, first.hidden, first.shown[0].content) == ("bill", 8, "sha256:000000000000")
    assert (second.source, second.text) == ("more", "GET /costs sha256=12")


@pytest.mark.parametrize("text", ["", "abc", "bill=", "bill={", 'bill={"files":3}', 'bill={"files":[{}]}', "bill=[]"])
def test_a_fingerprint_of_any_other_form_is_shown_as_it_is(text: str) -> None:
    assert [read.text for read in reads_of(text, ["bill"])] == ([text.removeprefix("bill=")] if text else [])


APP = Condition("app", "tags", frozenset({"checkout", "search"}))
SERVICE = Condition("service_name", "columns", frozenset({"Compute"}))


@pytest.mark.parametrize(
    ("columns", "tags", "reason"),
    [
        ({"service_name": "Compute"}, {"app": "search"}, None),
        ({"service_name": "Compute"}, {}, "no app tag"),
        ({"service_name": "Compute"}, {"app": "warehouse"}, "app = warehouse"),
        ({"service_name": "Mail"}, {"app": "search"}, "service = Mail"),
        ({"service_name": None}, {"app": "search"}, "no service"),
        ({"service_name": "Mail", "charge_category": "Usage"}, {}, "service = Mail"),
        ({"service_name": "Compute", "charge_category": "Tax"}, {}, "Tax"),
        ({"service_name": "Compute", "charge_category": "Tax"}, {"app": "search"}, None),
    ],
)
def test_a_charge_that_is_not_taken_has_one_reason(
    columns: dict[str, str | None], tags: dict[str, str], reason: str | None
) -> None:
    assert reason_of([SERVICE, APP], Charge(columns, tags)) == reason


NAMES = st.sampled_from(["Compute", "Mail", "(none)"])
APPS = st.sampled_from([{}, {"app": "checkout"}, {"app": "search"}, {"app": "(none)"}])
CHARGES = st.lists(
    st.tuples(
        st.none() | NAMES,
        st.sampled_from(["Usage", "Tax", "Credit", "n/a"]),
        APPS,
        st.decimals(min_value=-(10**20), max_value=10**20, places=12, allow_nan=False),
    ),
    max_size=12,
)
ENTRIES = st.sampled_from(
    [
        {"where": {"tags": {"app": ["checkout", "search"]}}},
        {"where": {"tags": {"app": "(none)"}, "service_name": "Compute"}},
        {"where": {"charge_category": "Usage"}},
        {"by": {"column": "service_name"}},
        {"by": {"tag": "app"}},
        {"where": {"service_name": ["Compute", "Mail"]}, "by": {"column": "service_name"}},
    ]
)


@given(CHARGES, ENTRIES)
def test_the_reasons_and_the_scope_are_the_bill_exactly(
    charges: list[tuple[str | None, str, dict[str, str], Decimal]], entry: dict[str, Any]
) -> None:
    """What the scope takes is what the unit costs have; Fractions, for they round nothing."""
    scope = CostScope.model_validate(entry)
    judged = [
        (Charge({"service_name": name, "charge_category": category}, tags), amount, 0)
        for name, category, tags, amount in charges
    ]
    for cost in scope_costs("s", scope, _frame(charges), {}, "USD"):
        sums = sums_of(conditions_of(scope, cost.scope), judged)
        assert sums.by_reason[None] == cost.amount
        assert Fraction(sums.bill) == sum(Fraction(amount) for *_, amount in charges)
        assert Fraction(sums.left) == Fraction(sums.bill) - Fraction(sums.by_reason[None])


def _frame(charges: list[tuple[str | None, str, dict[str, str], Decimal]]) -> pd.DataFrame:
    fixed = {"business_date": date(2026, 3, 1), "billing_currency": "USD", "charge_rows": 1}
    rows = [
        {"service_name": name, "charge_category": category, "tags": json.dumps(tags), "effective_cost": amount, **fixed}
        for name, category, tags, amount in charges
    ]
    return pd.DataFrame(rows, columns=list(schemas.CHARGES.columns), dtype=object)
