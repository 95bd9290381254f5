"""What a page is asked to show: metric, scope, slice and windows, from the URL's query and back into it.

Here: parsing, bounds, links. Not here: reading anything. Values of tags are in the query only, never in a path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from unit_economics.catalogue import Catalogue
from unit_economics.refusals import Refusal

WINDOWS = {"7d": 7, "28d": 28, "90d": 90, "12m": 365}
"""How many days are compared with as many before them."""
RANGES = {"90d": 90, "12m": 365, "3y": 1096}
"""How many days the chart shows."""
_LONGEST = 600
"""A tag's key and value have 128 and 256 characters at most, before them stands the scope's name."""
_SHOWN = 100
_FIRST, _LAST = date(1990, 1, 1), date(2199, 12, 31)
"""So that windows before and after a day are days too."""


class NoSuchView(Refusal):
    """The URL asks for something that there is not."""


@dataclass(frozen=True)
class View:
    """One view: it is its URL, and the URL restores it.

    scope: as in `unit_costs.cost_scope`, like `all` or `team:team=payments`; by: a split scope of the catalogue, or
    empty; to: the last day of the windows, or None for the last complete one; day: the one that is explained.
    """

    metric: str
    scope: str
    by: str = ""
    window: str = "28d"
    range: str = "12m"
    to: date | None = None
    day: date | None = None

    @property
    def days(self) -> int:
        """The days of each of the two windows."""
        return WINDOWS[self.window]

    @property
    def shown_days(self) -> int:
        """The days of the chart."""
        return RANGES[self.range]

    def url(self, path: str = "", **changes: object) -> str:
        """A link to this view, or to the same one with some of it changed."""
        changed = replace(self, **changes)  # pyright: ignore[reportArgumentType]  # the names are this class's own
        return f"{path}?{urlencode({name: value for name, value in vars(changed).items() if value})}"


def view_of(query: Mapping[str, str], catalogue: Catalogue) -> View:
    """The view that a query asks for; what it leaves out is the catalogue's first. Raises `NoSuchView`."""
    metric = _one_of("metric", query.get("metric"), list(catalogue.measured))
    scope = query.get("scope") or first_scope(catalogue, metric)
    entry = _one_of("scope", scope.split(":", 1)[0], list(catalogue.cost_scopes))
    if ":" in scope and not catalogue.cost_scopes[entry].is_split:
        raise NoSuchView(f"the scope {entry} is not split", where="the page's address", remedy="Choose one on the page")
    if entry not in catalogue.scopes_of(metric):  # as after a change of metric
        scope = entry = first_scope(catalogue, metric)
    return View(
        metric=metric,
        scope=_bounded("scope", scope),
        by=_slice(query.get("by"), list(catalogue.slices_of(metric, entry)), list(catalogue.cost_scopes)),
        window=_one_of("window", query.get("window", "28d"), list(WINDOWS)),
        range=_one_of("range", query.get("range", "12m"), list(RANGES)),
        to=_day("to", query.get("to")),
        day=_day("day", query.get("day")),
    )


def first_scope(catalogue: Catalogue, metric: str) -> str:
    """The scope that is shown where none is asked for."""
    return catalogue.headline_scope(metric) or next(iter(catalogue.scopes_of(metric)))


def _one_of(name: str, asked: str | None, known: list[str]) -> str:
    if asked is None:
        return known[0]
    if asked not in known:
        remedy = f"Choose one of {', '.join(known)}" if known else "Leave it out"
        raise NoSuchView(f"there is no {name} {asked[:_SHOWN]!r}", where="the page's address", remedy=remedy)
    return asked


def _slice(asked: str | None, slices: list[str], scopes: list[str]) -> str:
    """The one asked for; the first of this scope where it takes another scope apart, as after a change of scope."""
    if asked:
        _one_of("by", asked, scopes)
    return asked if asked in slices else next(iter(slices), "")


def _bounded(name: str, text: str) -> str:
    if len(text) > _LONGEST or "\0" in text:
        what = f"the {name} is longer than {_LONGEST} characters or holds a zero byte"
        raise NoSuchView(what, where="the page's address", remedy="Choose one on the page")
    return text


def _day(name: str, written: str | None) -> date | None:
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = date.min
    if not _FIRST <= day <= _LAST:
        what, remedy = f"`{name}` {written[:20]!r} is no day that can be shown", "Write a day like 2026-01-31"
        raise NoSuchView(what, where="the page's address", remedy=remedy)
    return day
