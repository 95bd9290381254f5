"""From a page and a scene to HTML.

Here: the templates' environment, and what every page shows around its panels. Not here: delivery (app.py, report.py).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from unit_economics.dashboard.pages import PAGES, Page
from unit_economics.dashboard.panels.trend import trend
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.spans import counted

_UNBROKEN = Markup('<span class="unbroken">{}</span>')


@dataclass(frozen=True)
class Link:
    """A tab or a link at the foot."""

    title: str
    href: str
    is_here: bool = False


@dataclass(frozen=True)
class Freshness:
    """How far the numbers reach, and whether that is as far as they should."""

    text: str
    tone: str


@cache
def templates() -> Environment:
    """The templates of this release; every value is escaped, and an unknown one is an error."""
    made = Environment(
        loader=PackageLoader("unit_economics.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["unbroken"] = unbroken
    return made


def unbroken(text: str) -> Markup:
    """The text with no line break between a minus and its amount, where browsers see one."""
    parts = re.split(r"(−\S+)", text)
    return Markup("").join(_UNBROKEN.format(part) if n % 2 else part for n, part in enumerate(parts))


def render(page: Page, scene: Scene, asset: Callable[[str], str], layout: str = "page.html") -> str:
    """The page as HTML."""
    values = {
        **around(page, scene),
        "asset": asset,
        "head": [panel(scene) for panel in page.head],
        "panels": [panel(scene) for panel in page.panels],
    }
    return templates().get_template(layout).render(values)


def around(page: Page, scene: Scene) -> Mapping[str, Any]:
    """What is around the panels: tabs, how fresh the numbers are, their currency, basis and zone."""
    zone = scene.of.calendar.timezone
    return {
        "title": page.title,
        "name": page.name,
        "locale": scene.numbers.locale.replace("_", "-"),
        "tabs": tabs(scene, page),
        "freshness": freshness(scene),
        "terms": terms(scene),
        "formula": f"{scene.view.metric} = {scene.entry.basis} cost ÷ {scene.units_name}, scope {scene.view.scope}",
        "links": links(scene),
        "is_interactive": trend in page.panels,
        "read_at": scene.numbers.moment(scene.now.astimezone(zone)),
        "windows": windows(scene),
    }


def terms(scene: Scene) -> str:
    """What every number of the page is in: currency, basis and zone."""
    return f"{scene.of.catalogue.currency} · {scene.entry.basis} cost · {scene.of.calendar.timezone.key}"


def tabs(scene: Scene, here: Page | None) -> Sequence[Link]:
    """The pages, each keeping the view."""
    return [Link(page.title, scene.view.url(page.path), page is here) for page in PAGES]


def windows(scene: Scene) -> str:
    """Which days are compared with which; empty without any complete day."""
    if scene.comparison is None:
        return ""
    numbers, (before, after) = scene.numbers, (scene.comparison.before.window, scene.comparison.after.window)
    return (
        f"{numbers.day(after.first)} – {numbers.day(after.last)} against"
        f" {numbers.day(before.first)} – {numbers.day(before.last)}"
    )


def links(scene: Scene) -> Sequence[Link]:
    """Further ways to go."""
    dagster = scene.of.catalogue.dashboard.dagster
    csv = Link("These days as CSV", scene.view.url("/days.csv"))
    return [csv, Link("Dagster", f"{dagster.rstrip('/')}/assets/{scene.view.metric}")] if dagster else [csv]


def freshness(scene: Scene) -> Freshness:
    """The last complete day; late when the day that is due by now is not stored, bad where a check is red."""
    last, red = scene.series.complete_to, scene.red
    if last is None:
        return Freshness("No complete day yet", "bad")
    text = f"Complete to {scene.numbers.short_day(last)}"
    behind = (scene.of.due_day(scene.now) - max(scene.series.days)).days
    is_late = behind > 0 and not scene.view.to
    text += f" · {behind} d behind" if is_late else ""
    text += f" · a check is red on {counted(red)}" if red else ""
    return Freshness(text, "bad" if red else "warn" if is_late else "ok")
