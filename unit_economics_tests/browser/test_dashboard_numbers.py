"""The numbers on the executive page are those of the mart's own SQL: headline, tile and bridge say the same.

Here: what a person reads against what `unit_cost_over` answers. Not here: the arithmetic by itself (test_bridge.py).
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from unit_economics_tests.browser.conftest import CHROMIUM, NO_CHROMIUM, Opened
from unit_economics_tests.browser.dashboard import RED, Dashboard

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM)
PER = 1000
VIEWS = [
    ("all", "service", 28),
    ("all", "team", 28),
    ("all", "app", 7),
    ("shop", "", 28),
    ("service:Amazon DynamoDB", "", 7),
    ("team:team=payments", "", 28),
]
_LAST = """
    select max(business_date) from unit_economics.unit_costs
    where metric = 'cost_per_order' and cost_scope = 'all' and unit_cost is not null and status <> 'provisional'
"""
_OVER = """
    select cost, quantity, days from unit_economics.unit_cost_over('cost_per_order', %s, %s) where cost_scope = %s
"""


class Answer(NamedTuple):
    """What the mart says of one window."""

    cost: Decimal
    quantity: Decimal
    days: int

    @property
    def shown(self) -> Decimal:
        """The unit cost as the page shows it."""
        return round(self.cost / self.quantity * PER, 2)


def answers(dashboard: Dashboard, scope: str, days: int) -> tuple[Answer, Answer]:
    """Of the window before and of the latest one."""
    [(last,)] = dashboard.sql(_LAST)
    return (over(dashboard, scope, last - timedelta(days=days), days), over(dashboard, scope, last, days))


def over(dashboard: Dashboard, scope: str, last: date, days: int) -> Answer:
    [row] = dashboard.sql(_OVER, last - timedelta(days=days - 1), last, scope)
    return Answer(*row)


def amounts(text: str) -> list[Decimal]:
    """The dollars in a text, with their sign."""
    found = re.findall(r"([+−]?)\$([\d,]+\.\d\d)", text)
    return [Decimal(f"{'-' if sign == '−' else ''}{number.replace(',', '')}") for sign, number in found]


def rows(page: Page, caption: str) -> Sequence[Sequence[str]]:
    """The cells of the table with this caption, also where it is folded away."""
    table = page.locator("table").filter(has=page.locator("caption", has_text=caption))
    return [row.locator("th, td").all_text_contents() for row in table.locator("tbody tr").all()]


def open_view(opened: Opened, scope: str, by: str, days: int) -> Page:
    return opened(f"/?scope={scope}&by={by}&window={days}d").page


@pytest.mark.parametrize(("scope", "by", "days"), VIEWS)
def test_the_headline_and_the_tile_say_what_sql_says(
    opened: Opened, dashboard: Dashboard, scope: str, by: str, days: int
) -> None:
    before, after = answers(dashboard, scope, days)
    page = open_view(opened, scope, by, days)
    change = f"{abs(after.cost / after.quantity / (before.cost / before.quantity) - 1):.1%}"
    headline = page.get_by_role("heading", level=1).inner_text()
    tile = page.get_by_role("region", name=f"Cost per {PER:,} orders", exact=True)
    assert amounts(headline)[0] == after.shown
    assert change in headline
    assert amounts(tile.locator(".tile-value").inner_text()) == [after.shown]
    assert change in tile.locator(".pill").inner_text()


def test_a_number_that_is_not_the_mart_s_would_be_caught(opened: Opened, dashboard: Dashboard) -> None:
    _, of_a_week = answers(dashboard, "all", 7)
    of_four_weeks = open_view(opened, "all", "service", 28).get_by_role("heading", level=1).inner_text()
    assert amounts(of_four_weeks)[0] != of_a_week.shown


@pytest.mark.parametrize(("scope", "by", "days"), VIEWS)
def test_the_terms_of_the_bridge_add_up_to_the_change_to_the_cent(
    opened: Opened, dashboard: Dashboard, scope: str, by: str, days: int
) -> None:
    first, *terms, last = [amounts(row[-1]) for row in rows(open_view(opened, scope, by, days), "Why it changed")]
    before, after = answers(dashboard, scope, days)
    assert (first, last) == ([before.shown], [after.shown])
    assert len(terms) >= 2
    assert sum((term for [term] in terms), Decimal(0)) == after.shown - before.shown


@pytest.mark.parametrize(
    ("by", "name", "scope"), [("service", "Tax", "service:Tax"), ("team", "data", "team:team=data")]
)
def test_a_slice_s_row_says_what_sql_says_of_it(
    opened: Opened, dashboard: Dashboard, by: str, name: str, scope: str
) -> None:
    _, after = answers(dashboard, scope, 28)
    page = open_view(opened, "all", by, 28)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
    assert amounts(row.inner_text())[0] == after.shown
    assert round(after.cost, 2) in amounts(row.inner_text())


def test_the_effects_of_the_slices_add_up_to_the_change_of_the_whole(opened: Opened, dashboard: Dashboard) -> None:
    before, after = answers(dashboard, "all", 28)
    effects = [amounts(row[3])[0] for row in rows(open_view(opened, "all", "service", 28), "By service")]
    assert abs(sum(effects, Decimal(0)) - (after.shown - before.shown)) <= Decimal("0.005") * (len(effects) + 2)


def test_a_red_day_is_in_no_total_and_the_page_says_so(opened: Opened, dashboard: Dashboard) -> None:
    _, after = answers(dashboard, "all", 28)
    assert after.days == 27
    page = open_view(opened, "all", "service", 28)
    assert "1 of the 28 days is not complete" in page.locator(".headline").inner_text()
    [row] = [row for row in rows(page, "by day") if row[0] == f"{RED.day} {RED:%b %Y}"]
    assert row[1] == "–"


def test_two_windows_that_are_not_both_there_are_not_compared(opened: Opened) -> None:
    page = open_view(opened, "all", "service", 90)
    assert "no change is stated" in page.get_by_role("heading", level=1).inner_text()
    assert "%" not in page.get_by_role("heading", level=1).inner_text()
    assert "Not told" in page.locator("section", has_text="Why did it change?").inner_text()
