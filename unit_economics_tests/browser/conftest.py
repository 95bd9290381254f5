"""A page of Dagster's UI in Chromium. Not here: what is expected of a page, or the stack that serves it (stack/)."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from unit_economics_tests.stack.conftest import pytest_configure as pytest_configure
from unit_economics_tests.stack.running import Stack

CHROMIUM = os.environ.get("UNIT_ECONOMICS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["background-networking", "component-update", "sync"]
PATIENCE = 30_000
NO_CHROMIUM = "no chromium on this machine: install it, or name it in UNIT_ECONOMICS_CHROMIUM"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]


@dataclass
class Ui:
    """Dagster's UI as a person has it open; what the page complained of and asked for is kept."""

    page: Page
    address: str
    pictures: Path
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page; what is on it may still be coming."""
        self.page.goto(f"{self.address}{path}")
        return self.page

    def picture(self, name: str) -> None:
        """Keep what the page looks like now."""
        self.page.screenshot(path=self.pictures / f"{name}.png")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept."""
    named = os.environ.get("UNIT_ECONOMICS_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def chromium(backfilled: str) -> Iterator[Browser]:
    """One Chromium, on a stack that is there already: Playwright keeps this thread's event loop until it ends."""
    assert CHROMIUM
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def ui(chromium: Browser, stack: Stack, pictures: Path) -> Iterator[Ui]:
    """A new window on the stack after the backfill; it must stay on loopback and complain of nothing."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1100}, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    ui = Ui(page, stack.dagster.address, pictures)
    page.on("console", lambda said: ui.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: ui.complaints.append(str(error)))
    page.on("request", lambda request: ui.strangers.extend(_stranger(request.url)))
    yield ui
    context.close()
    assert ui.complaints == []
    assert ui.strangers == []


def _stranger(url: str) -> list[str]:
    outside = re.match(r"https?|wss?", url) and urlsplit(url).hostname != "127.0.0.1"
    return [url] if outside else []
