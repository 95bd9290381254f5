"""The headline and its chart as one picture, for a message, a mail or the preview of a link.

Here: the card's layout. Not here: the sentence (panels/headline.py), the chart (charts/trend.py), SVG to PNG
(picture.py).
"""

from collections.abc import Sequence

from markupsafe import Markup

from unit_economics.dashboard.charts.palette import LIGHT, palette
from unit_economics.dashboard.charts.svg import fitted, tag, text, width_of
from unit_economics.dashboard.charts.trend import trend
from unit_economics.dashboard.files.picture import png
from unit_economics.dashboard.panels.headline import headline
from unit_economics.dashboard.panels.trend import drawn_trend
from unit_economics.dashboard.render import freshness, terms
from unit_economics.dashboard.scene import Scene

WIDTH, HEIGHT = 1200, 630
"""What chats and social networks show uncut."""
_EDGE, _ROOM = 48.0, WIDTH - 2 * 48.0
_TOP = 22.0
_SIZES = (36.0, 31.0)
_MOST_LINES = 3
_SMALL = 20.0
_CHART_SCALE = 1.35
"""The chart's letters are made for a screen at arm's length; a card is often shown at half its width."""


def headline_png(scene: Scene) -> bytes:
    """The card as a PNG, 1200 x 630."""
    return png(headline_picture(scene), WIDTH)


def headline_picture(scene: Scene) -> str:
    """The card as an SVG: sentence, windows, chart, and how far the numbers reach."""
    said = headline(scene)
    lines, size = _fitting(said.text)
    drawn: list[str] = [tag("rect", width=WIDTH, height=HEIGHT, fill=_colour("panel"))]
    y = _TOP
    for line in lines:
        y += size * 1.18
        drawn.append(_words(_EDGE, y, line, size, "ink", weight=600))
    y += _SMALL * 1.75
    drawn.append(_words(_EDGE, y, fitted(said.windows, _ROOM, _SMALL), _SMALL, "ink2"))
    drawn += [_chart(scene, y + 26), *_foot(scene)]
    return tag(
        "svg",
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
    )


def _fitting(sentence: str) -> tuple[Sequence[str], float]:
    """The lines of the sentence and their size: the smaller one where there would be too many, then cut."""
    size = next((size for size in _SIZES if len(_lines(sentence, size)) <= _MOST_LINES), _SIZES[-1])
    lines = _lines(sentence, size)
    rest = " ".join(lines[_MOST_LINES - 1 :])
    return [*lines[: _MOST_LINES - 1], *([fitted(rest, _ROOM, size)] if rest else [])], size


def _lines(sentence: str, size: float) -> list[str]:
    lines: list[str] = []
    for word in sentence.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= _ROOM:
            lines[-1] = longer
        else:
            lines.append(fitted(word, _ROOM, size))
    return lines


def _chart(scene: Scene, top: float) -> Markup:
    room = HEIGHT - top - 56
    chart = trend(
        drawn_trend(scene),
        scene.numbers,
        width=_ROOM / _CHART_SCALE,
        height=room / _CHART_SCALE,
        palette=palette(LIGHT),
    )
    return tag("g", chart, transform=f"translate({_EDGE:.0f},{top:.0f}) scale({_CHART_SCALE})")


def _foot(scene: Scene) -> list[Markup]:
    reach, base = freshness(scene), HEIGHT - 30.0
    dot = tag("circle", cx=_EDGE + 7, cy=base - 7, r=6, fill=_colour(reach.tone))
    around = fitted(f"{scene.view.metric} · {terms(scene)}", _ROOM / 2, _SMALL)
    return [
        dot,
        _words(_EDGE + 22, base, fitted(reach.text, _ROOM / 2, _SMALL), _SMALL, "ink2"),
        _words(WIDTH - _EDGE, base, around, _SMALL, "ink3", anchor="end"),
    ]


def _words(x: float, y: float, words: str, size: float, colour: str, *, weight: int = 400, anchor: str = "") -> Markup:
    style = {"font_family": "Inter", "font_size": size, "font_weight": weight, "fill": _colour(colour)}
    return tag("g", text(x, y, words, None, anchor or None), **style)


def _colour(name: str) -> str:
    return palette(LIGHT)[name]
