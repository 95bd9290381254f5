"""The chart that zooms: what a pointer and the keys read of a day is what SQL says of it; the address keeps the zoom.

Here: static/trend.js as a person uses it. Not here: the picture without a script (test_charts.py).
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from unit_economics_tests.browser.conftest import CHROMIUM, NO_CHROMIUM, Opened
from unit_economics_tests.browser.dashboard import DAYS, LAST, RED, RESTATED, Dashboard

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM)
TODAY = LAST + timedelta(days=1)
SOME_DAY, OTHER_DAY = LAST - timedelta(days=50), LAST - timedelta(days=21)
ZOOM = f"#zoom={SOME_DAY}..{OTHER_DAY}"
_DAY = """
    select cost, quantity from unit_economics.unit_costs
    where metric = 'cost_per_order' and cost_scope = 'all' and business_date = %s
"""


@dataclass(frozen=True)
class Chart:
    """The chart on a page."""

    page: Page

    @property
    def slider(self) -> Locator:
        """All of it, as the keys reach it."""
        return self.page.get_by_role("slider")

    @property
    def reading(self) -> Locator:
        """The line under it that says a day's values."""
        return self.page.locator(".trend-reading")

    @property
    def said(self) -> str:
        """What a screen reader says of the day it is on."""
        return self.slider.get_attribute("aria-valuetext") or ""

    @property
    def zoom(self) -> str:
        """The days that the address names."""
        return self.page.evaluate("location.hash")

    def place(self, day: date, aside: float = 0) -> tuple[float, float]:
        """Where the middle of a day is, or so much of a day aside, in the upper panel while all days are shown."""
        first = date.fromisoformat(json.loads(self.page.locator(".trend-data").text_content() or "")["first"])
        box = self.page.locator(".trend-live .u-over").first.bounding_box()
        assert box
        slot = box["width"] / ((TODAY - first).days + 1)
        return box["x"] + ((day - first).days + 0.5 + aside) * slot, box["y"] + box["height"] / 2

    def drag(self, first: date, last: date) -> None:
        """Mark these days by the mouse, from the beginning of the first to the end of the last."""
        self.page.mouse.move(*self.place(first, -0.3))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(last, 0.3), steps=5)
        self.page.mouse.up()


def open_chart(opened: Opened, path: str = "/") -> Chart:
    chart = Chart(opened(path).page)
    expect(chart.slider).to_be_visible()
    chart.slider.scroll_into_view_if_needed()
    return chart


def of_day(dashboard: Dashboard, day: date) -> str:
    """What the chart is to say of a day, from SQL."""
    [(cost, quantity)] = dashboard.sql(_DAY, day)
    ratio = round(cost / quantity * 1000, 2)
    return f"${ratio:,} per 1,000 orders = ${round(cost, 2):,} ÷ {quantity.normalize():,f} orders"


def spelled(day: date) -> re.Pattern[str]:
    return re.compile(rf"\b{day.day} {day:%b}\w* {day.year}")


def test_the_picture_of_the_server_gives_way_to_the_chart(opened: Opened) -> None:
    chart = open_chart(opened)
    expect(chart.page.locator(".trend-static")).to_be_hidden()
    expect(chart.page.locator(".trend-live canvas")).to_have_count(3)
    assert chart.page.evaluate("document.documentElement.dataset.ready") == "true"


def test_pointing_at_a_day_reads_its_exact_values(opened: Opened, dashboard: Dashboard) -> None:
    chart = open_chart(opened)
    for day in (SOME_DAY, OTHER_DAY):
        chart.page.mouse.move(*chart.place(day))
        expect(chart.reading).to_contain_text(spelled(day))
        expect(chart.reading).to_contain_text(of_day(dashboard, day))
    assert of_day(dashboard, SOME_DAY) not in chart.reading.inner_text()


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (LAST, "provisional"),
        (LAST, "nowcast $"),
        (RESTATED, "restated, $"),
        (TODAY, "today, not over yet"),
        (RED, "no data"),
    ],
)
def test_a_day_that_is_not_simply_complete_says_so(opened: Opened, day: date, words: str) -> None:
    chart = open_chart(opened)
    chart.page.mouse.move(*chart.place(day))
    expect(chart.reading).to_contain_text(spelled(day))
    expect(chart.reading).to_contain_text(words)


def test_the_restated_day_shows_what_it_was_and_what_it_is(opened: Opened, dashboard: Dashboard) -> None:
    versions = dashboard.sql(
        "select unit_cost from unit_economics.unit_cost_versions"
        " where metric = 'cost_per_order' and cost_scope = 'all' and business_date = %s order by version",
        RESTATED,
    )
    was, now = (f"${round(unit_cost * 1000, 2):,}" for (unit_cost,) in versions)
    chart = open_chart(opened)
    chart.page.mouse.move(*chart.place(RESTATED))
    expect(chart.reading).to_contain_text(f"{was} → {now}")
    assert was != now


def test_dragging_zooms_and_escape_shows_all_days_again(opened: Opened) -> None:
    chart = open_chart(opened)
    chart.drag(SOME_DAY, OTHER_DAY)
    expect(chart.page.get_by_role("button", name="Show all days")).to_be_visible()
    assert chart.zoom == ZOOM
    chart.slider.press("Escape")
    expect(chart.page.get_by_role("button", name="Show all days")).to_be_hidden()
    assert chart.zoom == ""


def test_the_button_shows_all_days_again_and_leaves_the_keys_on_the_chart(opened: Opened) -> None:
    chart = open_chart(opened, f"/{ZOOM}")
    chart.page.get_by_role("button", name="Show all days").click()
    assert chart.zoom == ""
    expect(chart.slider).to_be_focused()


def test_the_arrow_keys_move_the_reading_day_by_day_and_it_is_announced(opened: Opened, dashboard: Dashboard) -> None:
    chart = open_chart(opened, f"/{ZOOM}")
    chart.slider.press("ArrowLeft")
    before = OTHER_DAY - timedelta(days=1)
    expect(chart.reading).to_contain_text(of_day(dashboard, before))
    assert spelled(before).search(chart.said)
    assert of_day(dashboard, before) in chart.said
    chart.slider.press("PageDown")
    assert of_day(dashboard, before - timedelta(days=7)) in chart.said
    chart.slider.press("Home")
    assert of_day(dashboard, SOME_DAY) in chart.said
    assert chart.slider.get_attribute("aria-valuenow") == str((SOME_DAY - DAYS.first).days)


def test_a_day_is_announced_by_key_only_a_pointer_would_announce_every_day_it_passes(opened: Opened) -> None:
    chart = open_chart(opened)
    said = chart.said
    chart.page.mouse.move(*chart.place(SOME_DAY))
    expect(chart.reading).to_contain_text(spelled(SOME_DAY))
    assert chart.said == said
    expect(chart.reading).to_have_attribute("aria-live", "off")


def test_plus_and_minus_zoom(opened: Opened) -> None:
    chart = open_chart(opened)
    chart.slider.press("+")
    assert chart.zoom.startswith("#zoom=")
    chart.slider.press("-")
    assert chart.zoom == ""


def test_an_address_with_a_zoom_restores_it(opened: Opened) -> None:
    chart = open_chart(opened)
    chart.drag(SOME_DAY, OTHER_DAY)
    again = open_chart(opened, f"/{chart.zoom}")
    assert again.zoom == chart.zoom == ZOOM
    assert again.page.locator(".trend-zoomed").inner_text() == chart.page.locator(".trend-zoomed").inner_text() != ""


@pytest.mark.parametrize("zoom", ["#zoom=2019-01-01..2019-02-01", "#zoom=soon", "#zoom=2026-06-30..2026-06-01"])
def test_an_address_with_a_zoom_that_can_t_be_shows_all_days(opened: Opened, zoom: str) -> None:
    chart = open_chart(opened, f"/{zoom}")
    expect(chart.page.get_by_role("button", name="Show all days")).to_be_hidden()


def test_a_finger_reads_a_day_on_a_phone(opened: Opened, dashboard: Dashboard) -> None:
    ui = opened(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    chart = Chart(ui.page)
    expect(chart.slider).to_be_visible()
    chart.slider.scroll_into_view_if_needed()
    ui.page.touchscreen.tap(*chart.place(SOME_DAY))
    expect(chart.reading).to_contain_text(re.compile(r"per 1,000 orders = \$[\d.]+ ÷ \d+ orders"))


def test_the_values_of_another_day_would_be_caught(opened: Opened, dashboard: Dashboard) -> None:
    chart = open_chart(opened)
    chart.page.mouse.move(*chart.place(SOME_DAY))
    expect(chart.reading).to_contain_text(spelled(SOME_DAY))
    neighbours = [SOME_DAY - timedelta(days=1), SOME_DAY + timedelta(days=1)]
    assert not any(of_day(dashboard, day) in chart.reading.inner_text() for day in neighbours)
