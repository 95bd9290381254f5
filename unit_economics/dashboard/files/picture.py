"""A chart as a PNG, for messages that can't show an SVG.

Here: SVG text to PNG bytes, with fonts of our own, so a picture is the same on every machine. Not here: drawing the
chart (charts/), and sending it.
"""

from pathlib import Path

import resvg_py

_FONTS = [str(Path(__file__).parents[1] / "static" / "vendor" / f"inter-{weight}.ttf") for weight in (400, 600)]


def png(svg: str, width: int, style: str = "") -> bytes:
    """The PNG of an SVG, `width` pixels wide and as high as its viewBox asks.

    An SVG outside a page knows neither the page's style sheet nor its variables: `style` is plain CSS with colours
    written out. Text is Inter whatever its family. An SVG that can't be read, or a width below 1, is a ValueError.
    """
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        style_sheet=style,
        font_files=_FONTS,
        font_family="Inter",
        serif_family="Inter",  # what a family that nobody has falls back to; with none, its text is left out
        sans_serif_family="Inter",
        monospace_family="Inter",
        skip_system_fonts=True,
    )
