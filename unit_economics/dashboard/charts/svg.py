"""SVG elements as safe markup.

Here: escaping, short coordinates, paths and texts that fit. Not here: what is drawn.
"""

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Point = tuple[float, float]
FONT_SIZE = 11.0
NOTHING = Markup()
"""Where there is no picture."""
# How wide Inter's characters are, of the font's size: measured, and kept as four kinds. A dozen characters of another
# script may be wider; they then run into their neighbour's room, no more.
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]·- "), frozenset("mwMW@%—…▲▼→")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def tag(name: str, *inside: str, **attributes: str | float | None) -> Markup:
    """One element; texts inside and attributes are escaped unless they are markup. `class_` is class, `_` is "-"."""
    written = "".join(
        f' {key.strip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(map(_escaped, inside))
    return Markup(f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>")  # noqa: S704


def drawing(label: str, width: float, height: float, *inside: str, css_class: str = "", role: str = "img") -> Markup:
    """A whole chart that says its content in words; role "group" where there are links inside."""
    return tag(
        "svg",
        *inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        width=width,
        height=height,
        class_=f"chart {css_class}".strip(),
        role=role,
        aria_label=label,
    )


def text(x: float, y: float, words: str, css_class: str | None = None, anchor: str | None = None) -> Markup:
    """A line of text that starts, or as `anchor` says ends or is centred, at x."""
    return tag("text", words, x=x, y=y, class_=css_class, text_anchor=anchor)


def linked(href: str, label: str, *inside: str, css_class: str = "") -> Markup:
    """A group that says what it is; with an address it is a link, reached by keyboard too."""
    title = tag("title", label)
    if href:
        return tag("a", title, *inside, href=href, aria_label=label, class_=f"mark {css_class}".strip())
    return tag("g", title, *inside, role="img", aria_label=label, class_=css_class or None)


def line_path(points: Iterable[Point | None]) -> str:
    """The path through the points; None breaks it, and a point with no neighbour is a dot."""
    return "".join(_run_path(run) for run in runs(points))


def runs(points: Iterable[Point | None]) -> list[list[Point]]:
    """The points in pieces without a gap."""
    pieces: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(point)
    return [piece for piece in pieces if piece]


def coordinate(value: float) -> str:
    """At most one digit after the point."""
    written = f"{value:.1f}".removesuffix(".0")
    return "0" if written == "-0" else written


def fitted(words: str, width: float, size: float = FONT_SIZE) -> str:
    """The words, cut with "…" where they are wider than `width`; an estimate, there is no font here."""
    if width_of(words, size) <= width:
        return words
    ends = (end for end in range(len(words) - 1, 0, -1) if width_of(f"{words[:end]}…", size) <= width)
    return f"{words[: next(ends, 0)].rstrip()}…"


def width_of(words: str, size: float = FONT_SIZE) -> float:
    """About how wide the words are."""
    return sum(map(_width_of_character, words)) * size


def _width_of_character(character: str) -> float:
    if character in _NARROW:
        return 0.33
    if character in _WIDE:
        return 0.9
    return 0.66 if character.isupper() or character.isdigit() else 0.57


def _run_path(run: Sequence[Point]) -> str:
    steps = "L".join([f"{x:.1f},{y:.1f}" for x, y in run]).replace(".0,", ",").replace(".0L", "L").removesuffix(".0")
    return f"M{steps}h0.1" if len(run) == 1 else f"M{steps}"


def _value(value: str | float) -> str:
    return _escaped(value) if isinstance(value, str) else coordinate(value)


def _escaped(words: str) -> str:
    return str(words) if isinstance(words, Markup) else str(escape(_NOT_XML.sub("\ufffd", words)))
