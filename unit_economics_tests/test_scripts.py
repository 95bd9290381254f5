"""The dashboard's own scripts and styles: small, strict, and unable to make HTML or a foreign request out of data."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[1] / "unit_economics" / "dashboard" / "static"
SCRIPTS, STYLES = sorted(STATIC.glob("*.js")), sorted(STATIC.glob("*.css"))

MAKES_HTML = re.compile(
    r"(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc"
    r"|setAttribute\(\s*['\"](style|on\w+)|cssText|javascript:"
)
ASKS_ELSEWHERE = re.compile(r"https?://|['\"(]\s*//\w|@import|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_html_or_styles_from_text_or_asks_another_host(path: Path) -> None:
    assert MAKES_HTML.search(path.read_text()) is None
    assert ASKS_ELSEWHERE.search(path.read_text()) is None


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_no_style_sheet_asks_another_host(path: Path) -> None:
    assert ASKS_ELSEWHERE.search(path.read_text()) is None


@pytest.mark.parametrize(
    "code", ["p.innerHTML = day", "e.setAttribute('style', x)", "e.setAttribute('onclick', x)", "eval(x)"]
)
def test_a_script_that_makes_html_is_found(code: str) -> None:
    assert MAKES_HTML.search(code)


@pytest.mark.parametrize("code", ["url(https://cdn.example/f)", "import '//cdn.example/x.js'", "fetch('/x')"])
def test_code_that_asks_elsewhere_is_found(code: str) -> None:
    assert ASKS_ELSEWHERE.search(code)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_strict_and_at_most_200_lines_of_120(path: Path) -> None:
    text = path.read_text()
    assert '\n"use strict";\n' in text or re.search(r"^(import|export) ", text, re.MULTILINE)  # a module is strict
    assert len(text.splitlines()) <= 200
    assert max(map(len, text.splitlines())) <= 120


def test_every_module_that_a_script_imports_is_there() -> None:
    imported = {name for path in SCRIPTS for name in re.findall(r'from "\./([^"]+)"', path.read_text())}
    assert imported <= {path.name for path in SCRIPTS}
    assert "trend_panels.js" in imported
