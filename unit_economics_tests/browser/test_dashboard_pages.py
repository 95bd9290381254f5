"""Every page of the dashboard, light and dark, on a desk and on a phone: what a program can check of how it is built.

Here: accessibility (axe-core's rules of WCAG 2.2 AA), errors, strangers, width, names that attack. Not here: what a
page says (the other test_dashboard modules).
"""

import json
from importlib import resources
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from unit_economics.dashboard.pages import PAGES
from unit_economics_tests.browser.conftest import CHROMIUM, NO_CHROMIUM, Opened, Ui
from unit_economics_tests.browser.dashboard import APP, PAYLOADS, SERVICE, TEAM, Dashboard

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM)
AXE = resources.files("axe_playwright_python") / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
FAILING = {"missing": 404, "away": 503}
SHOWN = {page.name: page.path for page in PAGES}
EVERY = [*SHOWN, *FAILING]


def open_page(opened: Opened, dashboard: Dashboard, name: str, **options: Any) -> Ui:
    """A page by its name, an error's included; Chromium itself complains once of an answer that is an error."""
    address = dashboard.away if name == "away" else dashboard.address
    ui: Ui = opened(SHOWN.get(name, "/nowhere" if name == "missing" else "/"), address, **options)
    await_ready(ui.page)
    if name in FAILING:
        assert [text for text in ui.complaints if f"status of {FAILING[name]}" in text] == ui.complaints
        ui.complaints.clear()
    return ui


def await_ready(page: Page) -> None:
    """Wait until the chart is there, where the page has one."""
    page.wait_for_function("!document.querySelector('[data-trend]') || document.documentElement.dataset.ready")


def look(page: Page) -> dict[str, Any]:
    """What axe-core finds, with everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate("(rules) => axe.run(document, { runOnly: rules })", RULES)


def violations(page: Page) -> list[str]:
    found = look(page)["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]


def too_wide(page: Page) -> int:
    """By how many pixels the page can be moved sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", EVERY)
def test_a_page_is_accessible_and_as_wide_as_the_screen_and_complains_of_nothing(
    opened: Opened, dashboard: Dashboard, name: str, theme: str, size: str
) -> None:
    ui = open_page(opened, dashboard, name, color_scheme=theme, viewport=SIZES[size])
    ui.whole_picture(f"{name}_{size}_{theme}")
    assert too_wide(ui.page) == 0
    assert violations(ui.page) == []
    assert too_wide(ui.page) == 0, "with everything unfolded"


@pytest.mark.parametrize("name", FAILING)
def test_a_page_that_can_t_be_shown_says_so_in_words_and_shows_the_way_back(
    opened: Opened, dashboard: Dashboard, name: str
) -> None:
    page = open_page(opened, dashboard, name).page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text(str(FAILING[name]), exact=True)).to_be_visible()
    expect(page.locator("main a")).to_have_attribute("href", {"missing": "/", "away": ""}[name])


def test_axe_is_the_one_with_wcag_2_2_and_finds_a_picture_without_words(opened: Opened) -> None:
    page = opened().page
    page.evaluate("document.querySelector('main svg[role=img]').removeAttribute('aria-label')")
    assert any(line.startswith("svg-img-alt") for line in violations(page))
    found = look(page)
    assert tuple(map(int, found["testEngine"]["version"].split(".")))[:2] >= (4, 10)
    every = {one["id"] for kind in ("passes", "violations", "incomplete", "inapplicable") for one in found[kind]}
    assert {"target-size", "color-contrast", "label"} <= every


def test_a_page_that_is_too_wide_would_be_caught(opened: Opened) -> None:
    page = opened(viewport=SIZES["phone"]).page
    page.evaluate("document.querySelector('main').style.width = '600px'")
    assert too_wide(page) > 200


def test_an_inline_script_is_forbidden_and_would_be_caught(opened: Opened) -> None:
    ui = opened()
    ui.page.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: 'x = 1' }))")
    ui.page.wait_for_function("() => true")
    assert ui.page.evaluate("typeof x") == "undefined"
    assert "Content Security Policy" in ui.complaints.pop()


def test_a_request_to_a_stranger_is_forbidden_and_would_be_caught(opened: Opened) -> None:
    ui = opened()
    ui.page.evaluate(
        "document.body.append(Object.assign(document.createElement('img'), { src: 'http://localhost:1/' }))"
    )
    ui.page.wait_for_function("() => true")
    assert "Content Security Policy" in ui.complaints.pop()
    ui.page.goto(f"{ui.address.replace('127.0.0.1', 'localhost')}/health")
    assert any(stranger.endswith("/health") for stranger in ui.strangers)
    ui.strangers.clear()


@pytest.mark.parametrize("by", ["service", "team", "app"])
@pytest.mark.parametrize("name", SHOWN)
def test_a_name_that_attacks_stays_text(opened: Opened, name: str, by: str) -> None:
    page = opened(f"{SHOWN[name]}?by={by}").page
    await_ready(page)
    nothing_runs(page)


@pytest.mark.parametrize(
    ("by", "scope", "payload"),
    [
        ("service", f"service:{SERVICE}", SERVICE),
        ("team", f"team:team={TEAM}", TEAM),
        ("app", f"app:app={APP}", APP),
    ],
)
def test_a_slice_whose_name_attacks_has_a_page_of_its_own(opened: Opened, by: str, scope: str, payload: str) -> None:
    page = opened(f"/?by={by}").page
    page.get_by_role("link", name=payload, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(payload)
    expect(page.locator("select[name=scope]")).to_have_value(scope)
    await_ready(page)
    nothing_runs(page)


@pytest.mark.parametrize("field", ["metric", "scope", "by", "window", "range", "to", "day"])
@pytest.mark.parametrize("name", SHOWN)
def test_an_address_that_attacks_stays_text(opened: Opened, name: str, field: str) -> None:
    ui = opened(f"{SHOWN[name]}?{field}={quote(''.join(PAYLOADS))}")
    nothing_runs(ui.page)
    ui.complaints = [text for text in ui.complaints if "status of 404" not in text]


def nothing_runs(page: Page) -> None:
    """None of the payloads became an element, an attribute or a script, and the data in the page is whole."""
    strange = "img, [onerror], [onload], script:not([src]):not([type='application/json'])"
    assert page.locator(strange).count() == 0
    assert "49" not in page.locator("h1").inner_text()
    for data in page.locator("script[type='application/json']").all_text_contents():
        json.loads(data)


def test_a_payload_that_became_an_element_would_be_caught(opened: Opened) -> None:
    ui = opened()
    ui.page.evaluate("(payload) => document.querySelector('main').insertAdjacentHTML('beforeend', payload)", SERVICE)
    with pytest.raises(AssertionError):
        nothing_runs(ui.page)
    ui.page.wait_for_function("() => true")
    assert any("Content Security Policy" in text for text in ui.complaints)
    ui.complaints.clear()
