"""The pages as files: each by itself, to be sent, filed and opened without a server.

Here: opening the mart for them, and their bytes. Not here: how a page becomes one file (standalone.py), where they go
(cli/report.py, report_asset.py).
"""

from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from unit_economics.dashboard.assets import shipped
from unit_economics.dashboard.files.standalone import address, stand_alone
from unit_economics.dashboard.mart.reader import Role, reader_of
from unit_economics.dashboard.pages import Page
from unit_economics.dashboard.render import render
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.view import view_of
from unit_economics.dashboard.words.locales import DEFAULT
from unit_economics.dashboard.words.numbers import Numbers
from unit_economics.deployment import Deployment


@dataclass(frozen=True)
class Asked:
    """Which view, by the query of its address, for whom, and written as in which country (a Babel locale)."""

    query: Mapping[str, str] = field(default_factory=dict[str, str])
    role: Role = "viewer"
    locale: str = DEFAULT


@contextmanager
def opened_scene(of: Deployment, asked: Asked) -> Generator[Scene]:
    """One snapshot of the mart; raises `NoSuchView`, or `Unreachable` where it does not answer in time."""
    view = view_of(asked.query, of.catalogue)
    numbers = Numbers(asked.locale, of.catalogue.currency)
    with closing(reader_of(of)) as reader, reader.snapshot(asked.role) as connection:
        yield Scene(of, view, numbers, asked.role, connection, of.outside.now())


def report(page: Page, scene: Scene) -> bytes:
    """The page as one HTML file."""
    return stand_alone(render(page, scene, address, "standalone.html"), shipped()).encode()
