"""A page made into one file that needs nothing else: styles, scripts, font and icon inside, no link that leads nowhere.

Here: from a page's HTML to such a file's, whatever its panels are. Not here: making the page (render.py), opening
the mart for it (report.py).

The policy in the file names exactly its own styles and scripts by their hashes and forbids every other one, and the
network altogether: the file may be opened from anywhere, and is asked for nothing and asks for nothing.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from posixpath import dirname, join, normpath

from unit_economics.dashboard.assets import Assets

ADDRESS = "asset:"
"""What the page's addresses of assets begin with, so that they are found."""
_POLICY = "<!--policy-->"
_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_URL = re.compile(r"url\(\"?([^\")]+)\"?\)")
_HREF = re.compile(r"\shref=(?:\"[^\"]*\"|'[^']*')")
_IMPORT = re.compile(r"^import (\{[^}]+\}) from \"\./([\w/.-]+)\";$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
_KEPT_LINKS = ("#", "http://", "https://")


def address(name: str) -> str:
    """The address of an asset in a page that is to stand alone."""
    return f"{ADDRESS}{name}"


def stand_alone(page: str, assets: Assets) -> str:
    """The file's text. `page` names its assets by `address`.

    Forms, tabs, and what is of the classes `seg` and `served` would need a server and are left out; a link to another
    page becomes text.
    """
    inliner = _Inliner(assets)
    inliner.feed(page)
    inliner.close()
    return "".join(inliner.out).replace(_POLICY, inliner.policy(), 1)


class _Inliner(HTMLParser):
    """Copies a page as it is written, but for what would need a server."""

    def __init__(self, assets: Assets) -> None:
        super().__init__(convert_charrefs=False)
        self.assets = assets
        self.out: list[str] = []
        self.at_end: list[str] = []
        self.hashes: dict[str, list[str]] = {"style": [], "script": []}
        self.left_out: list[str] = []

    def policy(self) -> str:
        """The element that forbids all but what is in the file."""
        allowed = "; ".join(f"{kind}-src {' '.join(hashes)}" for kind, hashes in self.hashes.items() if hashes)
        rules = f"default-src 'none'; {allowed}; font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
        return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'

    def handle_decl(self, decl: str) -> None:
        self._copy(f"<!{decl}>")

    def handle_data(self, data: str) -> None:
        self._copy(data)

    def handle_entityref(self, name: str) -> None:
        self._copy(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._copy(f"&#{name};")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._copy(self._element(tag, dict(attrs)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if self.left_out or _needs_a_server(tag, of):
            self.left_out += [] if tag in _VOID else [tag]
            return
        if tag == "script" and of.get("src"):
            self._script(of)
            self.left_out.append(tag)  # its end tag is written already
            return
        self._copy(self._element(tag, of))

    def handle_endtag(self, tag: str) -> None:
        if self.left_out:
            self.left_out.pop()
            return
        if tag == "body":
            self.out += self.at_end
        self._copy(f"</{tag}>")

    def _copy(self, text: str) -> None:
        if not self.left_out:
            self.out.append(text)

    def _element(self, tag: str, of: dict[str, str | None]) -> str:
        written = self.get_starttag_text() or ""
        if tag == "meta" and "charset" in of:
            return written + _POLICY
        if tag == "link":
            return self._link(of)
        if tag == "a" and not (of.get("href") or "").startswith(_KEPT_LINKS):
            return _HREF.sub("", written)
        return written

    def _link(self, of: dict[str, str | None]) -> str:
        name = _name(of["href"])
        if of["rel"] == "stylesheet":
            return self._inside("style", "", self._style(name))
        if of["rel"] == "icon":
            return f'<link rel="icon" href="{self._data(name)}">'
        return ""

    def _script(self, of: dict[str, str | None]) -> None:
        """The script where it stands, or at the end of the page where it waits for that."""
        name = _name(of["src"])
        is_module = of.get("type") == "module"
        text = self._module(name) if is_module else self.assets.text(name)
        element = self._inside("script", ' type="module"' if is_module else "", text)
        (self.at_end if is_module or "defer" in of else self.out).append(element)

    def _inside(self, tag: str, attributes: str, text: str) -> str:
        if f"</{tag}" in text.lower():
            raise ValueError(f"a {tag} that ends its own element can't be put into a page")
        self.hashes[tag].append(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'")
        return f"<{tag}{attributes}>{text}</{tag}>"

    def _style(self, name: str) -> str:
        beside = _beside(name)
        return _URL.sub(lambda found: f'url("{self._data(beside(found[1]))}")', self.assets.text(name))

    def _data(self, name: str) -> str:
        asset = self.assets.files[name]
        return f"data:{asset.media_type};base64,{b64encode(asset.content).decode()}"

    def _module(self, name: str) -> str:
        """A module with those that it imports inside, each in a function of its own: no two names meet."""
        beside = _beside(name)

        def imported(found: re.Match[str]) -> str:
            inner = self._module(beside(found[2]))
            names = ", ".join(_EXPORT.findall(inner))
            return f"const {found[1]} = (() => {{\n{_EXPORT.sub('', inner)}\nreturn {{ {names} }};\n}})();"

        return _IMPORT.sub(imported, self.assets.text(name))


def _needs_a_server(tag: str, of: dict[str, str | None]) -> bool:
    classes = (of.get("class") or "").split()
    return tag in ("form", "nav") or "seg" in classes or "served" in classes


def _name(address_: str | None) -> str:
    return (address_ or "").removeprefix(ADDRESS)


def _beside(name: str) -> Callable[[str], str]:
    """From a path as this file names it to the path of the asset."""
    return lambda path: normpath(join(dirname(name), path))
