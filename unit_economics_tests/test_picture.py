"""A chart as a PNG: as wide as asked, with its text drawn in our own font, on a machine without any."""

import struct

import pytest

from unit_economics.dashboard.files.picture import png

FRAME = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100">{}</svg>'
EMPTY = FRAME.format('<rect width="300" height="100" fill="#ffffff"/>')


def text(said: str, more: str = "") -> str:
    return FRAME.format(f'<rect width="300" height="100" fill="#fff"/><text x="9" y="60" {more}>{said}</text>')


def size(picture: bytes) -> tuple[int, int]:
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize("width", [1, 300, 1200])
def test_a_picture_is_as_wide_as_asked_and_keeps_its_shape(width: int) -> None:
    assert size(png(EMPTY, width)) == (width, max(1, round(width / 3)))


def test_the_same_svg_gives_the_same_bytes() -> None:
    assert png(text("$48.05"), 600) == png(text("$48.05"), 600)


@pytest.mark.parametrize("family", ["Inter", "system-ui, sans-serif", "a family that nobody has"])
def test_text_is_drawn_whatever_its_family(family: str) -> None:
    drawn = png(text("$48.05", f'font-family="{family}"'), 600)
    assert drawn != png(text(""), 600) == png(EMPTY, 600)
    assert drawn == png(text("$48.05", 'font-family="Inter"'), 600)


def test_bold_text_is_bold() -> None:
    assert png(text("$48.05", 'font-weight="600"'), 600) != png(text("$48.05"), 600)


@pytest.mark.parametrize("sign", [*"−–÷·▲▼●○→↑↓≈±%", *"$€£¥₹₩₺zł", *"ÀéßŁżčğőÿΔЖ", "\u00a0", "\u202f", "\u2009"])
def test_every_sign_that_charts_and_names_use_is_in_the_font(sign: str) -> None:
    unknown = png(text("1漢2"), 600)
    assert unknown == png(text("1字2"), 600) != png(text("12"), 600)  # a box for what the font lacks
    assert png(text(f"1{sign}2"), 600) != unknown


def test_a_style_sheet_colours_the_classes() -> None:
    red = png(text("$48.05", 'class="bad"'), 600, ".bad{fill:#b4450b}")
    assert red == png(text("$48.05", 'fill="#b4450b"'), 600) != png(text("$48.05"), 600)


@pytest.mark.parametrize(("svg", "width"), [("<svg", 300), ("", 300), (EMPTY, 0)])
def test_what_can_not_be_drawn_is_an_error(svg: str, width: int) -> None:
    with pytest.raises(ValueError, match=r"root|empty|width"):
        png(svg, width)
