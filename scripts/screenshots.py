"""The README's pictures of the dashboard, taken from the demo: `python scripts/screenshots.py [http://127.0.0.1:3001]`.

Start `make demo` in another terminal first; it prints the dashboard's address. Needs Chromium (Debian: `chromium`).
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PAGES = {"executive": "/", "on-call": "/on-call", "debug": "/debug"}
CHROMIUM = os.environ.get("UNIT_ECONOMICS_CHROMIUM") or shutil.which("chromium") or "chromium"


def main(address: str) -> None:
    """Take one picture a page, as somebody with a laptop sees it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-US", color_scheme="light")
        for name, path in PAGES.items():
            page.goto(f"{address}{path}", wait_until="networkidle")
            page.screenshot(path=IMAGES / f"{name}.png", full_page=True)
            sys.stdout.write(f"docs/images/{name}.png\n")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3001")
