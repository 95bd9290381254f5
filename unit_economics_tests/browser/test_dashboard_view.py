"""The page as a person works it: its address is the view, by mouse, by keys, without JavaScript, in print, in the dark.

Here: choosing, themes, keys, print. Not here: the chart (test_dashboard_chart.py), numbers (test_dashboard_numbers.py).
"""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from unit_economics_tests.browser.conftest import CHROMIUM, NO_CHROMIUM, Opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM)
PAYMENTS = "team:team=payments"
LIGHT, DARK = "rgb(251, 251, 252)", "rgb(13, 15, 19)"
_FOCUS = """() => {
    const here = document.activeElement;
    const style = getComputedStyle(here);
    const box = here.getBoundingClientRect();
    return {
        name: here === document.body ? "" : here.outerHTML.slice(0, 120),
        outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        isThere: box.width > 0 && box.right > 0 && box.bottom > 0,
        place: [...document.querySelectorAll("*")].indexOf(here),
    };
}"""


def chosen(page: Page) -> dict[str, str]:
    """The view that the address names."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def content(page: Page) -> str:
    """All words of the page."""
    expect(page.locator("main")).to_be_visible()
    return page.locator("main").inner_text()


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def theme_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("Theme"))


def by_mouse(page: Page) -> None:
    """Another scope, other slices, another window, another range."""
    page.get_by_label("Scope").select_option("shop")
    expect(page.get_by_label("Scope")).to_have_value("shop")
    page.get_by_label("Scope").select_option("all")
    expect(page.get_by_label("Scope")).to_have_value("all")
    page.get_by_role("group", name="Slice").get_by_role("link", name="team").click()
    page.get_by_role("group", name="Days compared").get_by_role("link", name="7d").click()
    page.get_by_role("group", name="Range of the chart").get_by_role("link", name="90d").click()
    expect(page.get_by_role("group", name="Range").locator("[aria-current]")).to_have_text("90d")


def by_keys(page: Page) -> None:
    """The same, without a mouse."""
    page.get_by_label("Scope").press("ArrowDown")
    expect(page.get_by_label("Scope")).to_have_value("shop")
    page.get_by_label("Scope").press("ArrowUp")
    expect(page.get_by_label("Scope")).to_have_value("all")
    page.get_by_role("group", name="Slice").get_by_role("link", name="team").press("Enter")
    page.get_by_role("group", name="Days compared").get_by_role("link", name="7d").press("Enter")
    page.get_by_role("group", name="Range of the chart").get_by_role("link", name="90d").press("Enter")
    expect(page.get_by_role("group", name="Range").locator("[aria-current]")).to_have_text("90d")


@pytest.mark.parametrize("choose", [by_mouse, by_keys])
def test_the_address_of_a_chosen_view_shows_the_same_to_somebody_else(opened: Opened, choose: Any) -> None:
    page = opened().page
    before = content(page)
    choose(page)
    assert chosen(page) == {
        "metric": "cost_per_order",
        "scope": "all",
        "by": "team",
        "window": "7d",
        "range": "90d",
    }
    somebody_else = opened(page.url.removeprefix(opened().address)).page
    assert content(somebody_else) == content(page) != before


def test_the_way_back_leads_to_the_view_before(opened: Opened) -> None:
    page = opened().page
    before = content(page)
    page.get_by_label("Scope").select_option(PAYMENTS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("payments")
    page.go_back()
    expect(page.get_by_label("Scope")).to_have_value("all")
    assert content(page) == before


def test_a_tab_keeps_the_view(opened: Opened) -> None:
    page = opened("/?scope=shop&window=7d&range=90d").page
    for tab in ("On call", "Debug", "Executive"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=tab).click()
        expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_have_text(tab)
        assert {name: chosen(page)[name] for name in ("scope", "window", "range")} == {
            "scope": "shop",
            "window": "7d",
            "range": "90d",
        }


@pytest.mark.parametrize(("asked", "colour"), [("light", LIGHT), ("dark", DARK)])
def test_the_page_is_as_bright_as_the_system_asks(opened: Opened, asked: str, colour: str) -> None:
    assert background(opened(color_scheme=asked).page) == colour
    assert background(opened(color_scheme=asked, java_script_enabled=False).page) == colour


def test_the_button_turns_the_theme_and_the_next_page_keeps_it(opened: Opened) -> None:
    page = opened(color_scheme="dark").page
    expect(theme_button(page)).to_have_accessible_name("Theme: as the system")
    theme_button(page).click()
    expect(theme_button(page)).to_have_accessible_name("Theme: light")
    assert background(page) == LIGHT
    page.reload()
    assert background(page) == LIGHT
    theme_button(page).press("Enter")
    assert background(page) == DARK
    theme_button(page).press("Enter")
    expect(theme_button(page)).to_have_accessible_name("Theme: as the system")


def test_a_theme_that_was_chosen_stands_before_anything_is_drawn(opened: Opened) -> None:
    page = opened(color_scheme="dark").page
    theme_button(page).click()
    page.reload(wait_until="commit")
    page.wait_for_selector("body", state="attached")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.locator("head script[src*='theme.js']").get_attribute("defer") is None


def test_without_javascript_there_is_a_picture_and_the_form_works(opened: Opened) -> None:
    page = opened(java_script_enabled=False).page
    expect(page.locator(".trend-static svg")).to_be_visible()
    expect(page.locator(".trend-live")).to_be_hidden()
    expect(theme_button(page)).to_be_hidden()
    page.get_by_label("Scope").select_option(PAYMENTS)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("payments")
    page.get_by_text("The days as a table").click()
    expect(page.get_by_role("row").filter(has_text="30 Jun 2026").first).to_be_visible()


def test_with_javascript_a_choice_needs_no_button(opened: Opened) -> None:
    expect(opened().page.get_by_role("button", name="Show", exact=True)).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/on-call", "/debug"])
def test_the_first_key_offers_to_skip_to_the_content(opened: Opened, path: str) -> None:
    page = opened(path).page
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("path", ["/", "/on-call", "/debug"])
def test_the_keys_reach_everything_in_reading_order_and_show_where_they_are(opened: Opened, path: str) -> None:
    page = opened(path).page
    page.wait_for_function("!document.querySelector('[data-trend]') || document.documentElement.dataset.ready")
    reached = [stop for stop in _stops(page) if stop["name"]]
    assert [stop["name"] for stop in reached if not stop["isThere"] or stop["outline"] < 1] == []
    assert [stop["place"] for stop in reached] == sorted(stop["place"] for stop in reached)
    assert len(reached) > 8


def _stops(page: Page) -> list[dict[str, Any]]:
    """Where the Tab key leads, from the top to the bottom."""
    stops: list[dict[str, Any]] = []
    for _ in range(400):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(_FOCUS))
        if not stops[-1]["name"]:
            break
    return stops


def test_a_stop_that_does_not_show_itself_would_be_caught(opened: Opened) -> None:
    page = opened().page
    page.evaluate("document.querySelector('.brand').style.outline = 'none'")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(_FOCUS)["outline"] == 0


def test_on_paper_there_is_the_picture_and_no_control(opened: Opened) -> None:
    ui = opened(color_scheme="dark")
    page = ui.page
    expect(page.get_by_role("slider")).to_be_visible()
    page.emulate_media(media="print")
    for gone in (".controls", "nav.tabs", "#theme", ".trend-live", ".skip"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator(".trend-static svg")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    ui.whole_picture("print")


def test_paper_is_white_and_its_colours_are_the_light_ones(opened: Opened) -> None:
    light, dark, chosen_dark = (opened(color_scheme=scheme).page for scheme in ("light", "dark", "light"))
    chosen_dark.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert _colours(light) != _colours(dark) == _colours(chosen_dark)
    for page in (light, dark, chosen_dark):
        page.emulate_media(media="print")
        assert background(page) == "rgb(255, 255, 255)"
    assert _colours(light) == _colours(dark) == _colours(chosen_dark)


def _colours(page: Page) -> list[str]:
    names = ("ink", "accent", "bad", "bad-soft", "good", "warn", "c-cost", "c-units", "hatch", "line2")
    script = "(name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`)"
    return [page.evaluate(script, name) for name in names]


def test_who_asks_for_less_motion_gets_none(opened: Opened) -> None:
    assert _moving(opened(reduced_motion="reduce").page) == []
    assert _moving(opened(reduced_motion="no-preference").page) != []


def _moving(page: Page) -> list[str]:
    return page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((one) => {
            const style = getComputedStyle(one);
            return style.transitionDuration !== "0s" || style.animationName !== "none";
        }).map((one) => one.outerHTML.slice(0, 80))"""
    )
