"""Colours for where there is no page around a picture: the PNG renderer knows no CSS variables.

Here: the charts' classes with the colours put in. Not here: the classes (static/charts.css).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import tag

Palette = Mapping[str, str]
"""A colour by the name of its variable, without the dashes before it."""
LIGHT, DARK = ":root", ':root[data-theme="dark"]'
"""The themes, by their selectors in app.css: there the colours are."""
_VARIABLE = re.compile(r"var\(--([\w-]+)\)")
_DEFINED = re.compile(r"--([\w-]+): (#[0-9a-f]{3,8});")


def style_of(palette: Palette) -> Markup:
    """The charts' style sheet as an element of the picture; a colour that the palette lacks is a KeyError."""
    return tag("style", _VARIABLE.sub(lambda found: palette[found[1]], _sheet("charts.css")))


@lru_cache(maxsize=2)
def palette(theme: str) -> Palette:
    """The colours of a theme, `LIGHT` or `DARK`."""
    block = _sheet("app.css").split(f"\n{theme} {{", 1)[1].split("}", 1)[0]
    return dict(_DEFINED.findall(block))


@lru_cache(maxsize=2)
def _sheet(name: str) -> str:
    return files("unit_economics.dashboard").joinpath("static", name).read_text(encoding="utf-8")
