"""A scope with rules on the dashboard: its targets are slices, and what is shared stands beside their charges.

Here: the pages. Not here: the numbers behind them (test_allocated_flow.py).
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from unit_economics_tests.dashboard_client import page
from unit_economics_tests.focus_bills import write_bill
from unit_economics_tests.test_allocated_flow import BILL, CATALOGUE, COLUMNS, DAY
from unit_economics_tests.world import World


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Two complete days of the shop with three teams, the second with an order more."""
    shop = world(CATALOGUE)
    shop.now = datetime(2024, 9, 20, 9, tzinfo=UTC)
    shop.sql("create table total_orders (date date, total_orders bigint)")
    shop.sql("insert into total_orders values ('2024-09-09', 99), ('2024-09-10', 100)")
    shop.sql("create table cpu_hours (date date, team text, hours bigint)")
    shop.sql("insert into cpu_hours select date, team, 3 from total_orders, (values ('checkout'), ('search')) t (team)")
    times = [(f"{day}T10:00:00Z", f"{day}T11:00:00Z") for day in ("2024-09-09", DAY)]
    moved = [{"ChargePeriodStart": start, "ChargePeriodEnd": end} for start, end in times]
    write_bill(shop.folder / "focus", *({**COLUMNS, **row, **time} for time in moved for row in BILL))
    assert shop.run("2024-09-09", DAY).success
    return shop


def test_the_targets_are_slices_of_the_whole_bill(shop: World) -> None:
    rows = page(shop, f"/?by=teams&to={DAY}").rows("By teams")
    assert {row[0]: row[-2] for row in rows} == {
        "checkout": "$130.00",
        "search": "$50.00",
        "unallocated": "$14.00",
        "unused commitment": "$6.00",
        "platform": "$0.00",
    }


def test_a_target_s_number_is_its_charges_and_what_was_shared(shop: World) -> None:
    shown = page(shop, f"/debug?scope=teams:checkout&day={DAY}")
    rows = shown.rows("The charges behind it")
    assert [[row[0], row[-1]] for row in rows] == [
        ["Compute", "$50.00"],
        ["platform by driver cpu_hours", "+$15.00"],
        ["All", "$65.00"],
    ]
    assert shown.texts("p", "alarm") == []
    assert "allocated_costs" in shown.html


def test_a_line_that_somebody_changed_is_doubted(shop: World) -> None:
    shop.sql("update unit_economics.allocated_cost set amount = amount + 1 where step = 1 and target = 'checkout'")
    (doubt,) = page(shop, f"/debug?scope=teams:checkout&day={DAY}").texts("p", "alarm")
    assert "add up to $66.00, not to $65.00" in doubt


def test_the_sql_that_is_shown_gives_the_number(shop: World) -> None:
    (query,) = page(shop, f"/debug?scope=teams:checkout&day={DAY}").texts("code")[-1:]
    ((cost, quantity),) = shop.sql(query)
    assert (cost, quantity) == (65, 100)


def test_why_a_target_does_not_take_the_rest_is_said_by_where_it_goes(shop: World) -> None:
    rows = page(shop, f"/debug?scope=teams:search&day={DAY}").rows("Where the rest goes")
    assert {row[0] for row in rows} == {"goes to checkout", "goes to platform", "unallocated", "unused commitment"}


def test_the_on_call_page_says_what_is_divided_and_by_what_rather_than_that_it_is_published(shop: World) -> None:
    said = page(shop, "/on-call").html
    assert "rules and shares" in said
    assert "driver · postgres" in said


def test_what_no_rule_took_of_a_whole_scope_is_said(shop: World) -> None:
    rows = page(shop, f"/debug?scope=teams&day={DAY}").rows("Unallocated cost")
    assert [row[0] for row in rows] == ["unallocated"]
    assert "$14.00" in rows[0][1]


def test_every_page_of_every_kind_of_scope_can_be_had(shop: World) -> None:
    scopes = ("all", "teams", "teams:unallocated", "teams:platform", "teams:nobody")
    assert all(page(shop, f"{path}?scope={scope}").headline for path in ("/", "/on-call", "/debug") for scope in scopes)
