"""The files of others that the dashboard serves: listed, unchanged, licensed, and asking no other host for anything."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).parents[1] / "unit_economics" / "dashboard" / "static" / "vendor"
LISTING: dict[str, Any] = json.loads((VENDOR / "vendor.json").read_text())
PACKAGES, FILES = LISTING["packages"], LISTING["files"]
CODE = sorted(path for path in VENDOR.iterdir() if path.suffix in {".js", ".css"})

ELSEWHERE = re.compile(
    rb"sourceMappingURL|@import|url\(|\b(fetch|importScripts|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b"
    rb"|(?:['\"(=]\s*)(?:https?:)?//\w|setAttribute\(\s*['\"]style|\beval\(|new Function"
)


def strays(folder: Path, listed: dict[str, Any]) -> set[str]:
    """Files that are not listed, are listed but not there, or are not what was listed."""
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    there.pop("vendor.json", None)
    return {name for name in there.keys() | listed.keys() if there.get(name) != listed.get(name, {}).get("sha256")}


def test_every_file_is_listed_and_is_byte_for_byte_what_was_listed(tmp_path: Path) -> None:
    assert strays(VENDOR, FILES) == set()
    (tmp_path / "uPlot.min.css").write_bytes((VENDOR / "uPlot.min.css").read_bytes() + b" ")
    (tmp_path / "new.js").touch()
    assert strays(tmp_path, FILES) == {*FILES, "new.js"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_one_version_of_npm_under_a_free_licence_whose_text_is_there(package: str) -> None:
    listed = PACKAGES[package]
    short = package.rpartition("/")[2]
    assert listed["tarball"] == f"https://registry.npmjs.org/{package}/-/{short}-{listed['version']}.tgz"
    assert listed["integrity"].startswith("sha512-")
    texts = [name for name, file in FILES.items() if file["package"] == package and name.endswith(".LICENSE")]
    text = (VENDOR / texts[0]).read_text()
    assert {"MIT": "The MIT License", "OFL-1.1": "SIL OPEN FONT LICENSE Version 1.1"}[listed["licence"]] in text
    assert "Copyright" in text


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_vendored_code_asks_nobody_for_anything_and_writes_no_style_attribute(path: Path) -> None:
    assert ELSEWHERE.search(path.read_bytes()) is None


@pytest.mark.parametrize(
    "code",
    [
        b"//# sourceMappingURL=uPlot.js.map",
        b"@import 'x.css';",
        b"a{background:url(https://cdn.example/x.png)}",
        b"fetch('/x')",
        b's.src="https://cdn.example/x.js"',
        b"s.src='//cdn.example/x.js'",
        b"e.setAttribute('style','x')",
    ],
)
def test_code_that_asks_elsewhere_is_found(code: bytes) -> None:
    assert ELSEWHERE.search(code)


def test_what_a_page_loads_of_them_is_small() -> None:
    assert (
        sum((VENDOR / name).stat().st_size for name in ("uPlot.iife.min.js", "uPlot.min.css", "inter.woff2")) < 110_000
    )
