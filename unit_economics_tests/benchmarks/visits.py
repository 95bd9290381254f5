"""What a browser without a past pays to open a page: bytes, requests, and the time until it answers.

Here: Chromium over its own protocol. Not here: which pages, or what they may cost (dashboard.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from unit_economics_tests.browser.conftest import CHROMIUM, FLAGS

TURNS = 7
_WATCH = """
    window.longTasks = [];
    const keep = (list) => list.getEntries().forEach((one) => window.longTasks.push(one.startTime + one.duration));
    new PerformanceObserver(keep).observe({ type: "longtask", buffered: true });
    (function look() {
        if (IS_READY) window.readyAt = performance.now();
        else requestAnimationFrame(look);
    })();
"""
_ANSWERS = "Math.max(window.readyAt, ...window.longTasks)"


@dataclass(frozen=True)
class Visit:
    """One opening: bytes over the wire with headers, requests, and milliseconds until it answers.

    It answers when it says that it is ready and no task keeps its main thread for 50 ms or more any longer.
    """

    sent: int
    requests: int
    answers_after: float


def visits(address: str, is_ready: str, turns: int = TURNS) -> Sequence[Visit]:
    """Several openings, each in a profile of its own; none where there is no Chromium. `is_ready` is JavaScript."""
    if not CHROMIUM:
        return []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        found = [_visit(browser, address, is_ready) for _ in range(turns)]
        browser.close()
    return found


def middle(of: Sequence[Visit], value: Callable[[Visit], float]) -> float:
    """The median of one of the values."""
    return median(value(one) for one in of)


def _visit(browser: Browser, address: str, is_ready: str) -> Visit:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sizes: list[float] = []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")

    def finished(event: dict[str, Any]) -> None:
        sizes.append(event["encodedDataLength"])

    wire.on("Network.loadingFinished", finished)
    page.add_init_script(_WATCH.replace("IS_READY", is_ready))
    page.goto(address, wait_until="load")
    page.wait_for_function("window.readyAt > 0")
    page.wait_for_load_state("networkidle")
    visit = Visit(int(sum(sizes)), len(sizes), float(page.evaluate(_ANSWERS)))
    context.close()
    return visit
