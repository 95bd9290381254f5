"""The days of one asset, a cell a day, each state a shape of its own beside its colour.

Here: cells and their legend. Not here: which state a day is in (day_states.py).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from unit_economics.dashboard.charts.svg import drawing, linked, tag

_WIDE, _HIGH = 18.0, 18.0
APART = 21.0
"""From one day's cell to the next."""


@dataclass(frozen=True)
class Cell:
    """One day: its name, its state (a key of `STATES`, or the ledger's word for it), why, and where it leads."""

    day: str
    state: str
    reason: str = ""
    href: str = ""


def _box(css_class: str) -> Markup:
    return tag("rect", x=1.5, y=1.5, width=_WIDE - 1, height=_HIGH - 1, rx=3, class_=css_class)


def _done() -> Markup:
    return _box("cell done")


def _closed() -> Markup:
    return _box("cell done") + tag("path", d="M6,10.4l2.8,2.8L14.2,7.4", class_="on-cell")


def _provisional() -> Markup:
    return _box("cell hollow") + tag(
        "path", d="M2,15V18.5Q2,18.5 4,18.5H16Q18,18.5 18,16.5V10.5H2Z", class_="fill done"
    )


def _restated() -> Markup:
    return tag(
        "path", d="M4,1.5H10L18.5,10V16Q18.5,18.5 16,18.5H4Q1.5,18.5 1.5,16V4Q1.5,1.5 4,1.5Z", class_="cell done"
    )


def _warning() -> Markup:
    return _box("cell warn") + tag("circle", cx=10, cy=10, r=2.6, class_="on-cell-fill")


def _failed() -> Markup:
    return _box("cell bad") + tag("path", d="M6.5,6.5l7,7m0,-7l-7,7", class_="on-cell")


def _missing() -> Markup:
    return _box("cell hollow") + tag("path", d="M2,9L9,2M2,15L15,2M4,18L18,4M10,18L18,10", class_="gone")


def _waits() -> Markup:
    return _box("cell hollow faint") + tag("path", d="M6.5,10h7", class_="dash")


def _open() -> Markup:
    return _box("cell hollow")


@dataclass(frozen=True)
class _Look:
    words: str
    shape: Callable[[], Markup]


STATES: Mapping[str, _Look] = {
    "done": _Look("complete", _done),
    "closed": _Look("closed: its invoices are reconciled", _closed),
    "provisional": _Look("provisional: the bill may still grow", _provisional),
    "restated": _Look("restated", _restated),
    "warning": _Look("stored, with a warning", _warning),
    "failed": _Look("failed a check", _failed),
    "missing": _Look("missing", _missing),
    "waits": _Look("waits for an input", _waits),
    "open": _Look("not over yet", _open),
    "before": _Look("before the first day", Markup),
}
_LEDGER = {"complete": "done", "red": "failed"}
_COUNTED = ("provisional", "restated", "warning", "failed", "missing", "waits")


def strip(cells: Sequence[Cell], *, label: str) -> Markup:
    """The cells in order; `label` names the asset. A state that is not known is a KeyError."""
    drawn = [_drawn(cell, n) for n, cell in enumerate(cells)]
    wide = max(1, len(cells)) * APART
    return drawing(_said(label, cells), wide, _HIGH + 3, *drawn, css_class="strip", role="group")


def legend() -> Markup:
    """Every state's shape and word, as a list."""
    return tag("ul", *(_entry(look) for name, look in STATES.items() if name != "before"), class_="chart-legend")


def words_of(state: str) -> str:
    """What a state is called; one that is not known is a KeyError."""
    return STATES[_LEDGER.get(state, state)].words


def _entry(look: _Look) -> Markup:
    shape = tag("svg", look.shape(), viewBox="0 0 20 20", width=14, height=14, class_="chart", aria_hidden="true")
    return tag("li", shape, f" {look.words}")


def _drawn(cell: Cell, n: int) -> Markup:
    look = _look(cell)
    said = f"{cell.day}: {look.words}{f', {cell.reason}' if cell.reason else ''}"
    shape = look.shape()
    if not shape:
        return shape
    place = f"translate({n * APART:g},0)" if n else None
    return tag("g", linked(cell.href, said, shape), transform=place)


def _look(cell: Cell) -> _Look:
    return STATES[_LEDGER.get(cell.state, cell.state)]


def _said(label: str, cells: Sequence[Cell]) -> str:
    counts = Counter(_LEDGER.get(cell.state, cell.state) for cell in cells)
    parts = [f"{counts[state]} {state}" for state in _COUNTED if counts[state]]
    return f"{label}, {len(cells)} days: {', '.join(parts) or 'nothing to report'}"
