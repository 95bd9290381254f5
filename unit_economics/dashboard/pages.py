"""Which panels make a page, in which order. A new panel is one module, one template and one line here.

Here: composition. Not here: what a panel shows (panels/), how a page is delivered (app.py, report.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from unit_economics.dashboard.panels.against_source import against_source
from unit_economics.dashboard.panels.alerts import alerts
from unit_economics.dashboard.panels.banner import banner
from unit_economics.dashboard.panels.changes import changes
from unit_economics.dashboard.panels.checks import checks
from unit_economics.dashboard.panels.controls import controls
from unit_economics.dashboard.panels.explain import explain
from unit_economics.dashboard.panels.formulas import formulas
from unit_economics.dashboard.panels.headline import headline
from unit_economics.dashboard.panels.month import month
from unit_economics.dashboard.panels.origin import origin
from unit_economics.dashboard.panels.parts import parts
from unit_economics.dashboard.panels.proof import proof
from unit_economics.dashboard.panels.restatement import restatement
from unit_economics.dashboard.panels.runs import runs
from unit_economics.dashboard.panels.slices import slices
from unit_economics.dashboard.panels.strip import strip
from unit_economics.dashboard.panels.tiles import tiles
from unit_economics.dashboard.panels.trend import trend
from unit_economics.dashboard.panels.unallocated import unallocated
from unit_economics.dashboard.panels.versions import versions
from unit_economics.dashboard.panels.why import why
from unit_economics.dashboard.scene import Scene


class Panel(Protocol):
    """What a panel hands over: data, and the template that draws it."""

    @property
    def template(self) -> str:
        """The template's path under templates/."""
        ...


@dataclass(frozen=True)
class Page:
    """One page: its title, its path and its panels."""

    name: str
    title: str
    path: str
    head: Sequence[Callable[[Scene], Panel]]
    panels: Sequence[Callable[[Scene], Panel]]


EXECUTIVE = Page(
    "executive", "Executive", "/", [headline, controls], [tiles, trend, why, month, proof, slices, parts, formulas]
)
ONCALL = Page("on-call", "On call", "/on-call", [banner], [strip, alerts, checks, runs])
DEBUG = Page(
    "debug",
    "Debug",
    "/debug",
    [origin],
    [against_source, unallocated, changes, restatement, explain, versions],
)
PAGES = (
    EXECUTIVE,
    ONCALL,
    DEBUG,
)
