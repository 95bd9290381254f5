"""`unit-economics report`: a page of the dashboard as one file, to be sent and filed.

Here: the command line. Not here: the page and the picture (dashboard/), what Dagster keeps (report_asset.py).
"""

import sys
from datetime import date
from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import Day, config_option
from unit_economics.dashboard.files.card import headline_png
from unit_economics.dashboard.files.report import Asked, opened_scene, report
from unit_economics.dashboard.mart.reader import Role
from unit_economics.dashboard.pages import PAGES
from unit_economics.dashboard.panels.headline import headline
from unit_economics.dashboard.view import RANGES, WINDOWS, NoSuchView
from unit_economics.dashboard.words.locales import locale_of
from unit_economics.refusals import UsageRefusal
from unit_economics.whole_files import write_whole

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_PAGES = {page.name: page for page in PAGES}


@click.command("report")
@click.option("--out", type=_FILE, metavar="FILE", help="The page as one HTML file; - is stdout.")
@click.option("--png", type=_FILE, metavar="FILE", help="The headline and its chart as a picture, 1200 x 630.")
@click.option("--page", type=click.Choice(list(_PAGES)), default=PAGES[0].name, show_default=True)
@click.option("--metric", metavar="NAME", help="[the catalogue's first]")
@click.option("--scope", metavar="NAME", help="A cost scope, or a slice like team:team=payments. [the first]")
@click.option("--by", metavar="NAME", help="The split scope that takes it apart. [the first]")
@click.option("--window", type=click.Choice(list(WINDOWS)), help="The days compared with as many before. [28d]")
@click.option("--range", "shown", type=click.Choice(list(RANGES)), help="The days of the chart. [12m]")
@click.option("--to", type=Day(), metavar="DAY", help="As the page would end on this day. [the last complete one]")
@click.option("--locale", default="en-US", show_default=True, help="Numbers and dates as written there, like de-DE.")
@click.option("--role", type=click.Choice(["viewer", "finance"]), help="[dashboard.everyone of the catalogue]")
@config_option
def command(
    out: Path | None,
    png: Path | None,
    page: str,
    shown: str | None,
    to: date | None,
    locale: str,
    role: Role | None,
    config: Path | None,
    **view: str | None,
) -> int:
    """One page as one file that needs no server, no network and no login: whoever has it can read it.

    It says as of when it is. Give it to those who may see what is in it: --role finance puts revenue and margin in.
    """
    if out is None and png is None:
        raise UsageRefusal("no file is asked for", where="report", remedy="Name one with --out, or with --png")
    of = opened(config)
    query = {name: str(value) for name, value in {**view, "range": shown, "to": to}.items() if value}
    asked = Asked(query, role or of.catalogue.dashboard.everyone, _locale(locale))
    contents: dict[Path, bytes] = {}
    try:
        with opened_scene(of, asked) as scene:
            said = headline(scene).text
            contents |= {out: report(_PAGES[page], scene)} if out else {}
            contents |= {png: headline_png(scene)} if png else {}
    except NoSuchView as unknown:
        raise UsageRefusal(unknown.what, where="report", remedy=unknown.remedy) from None
    _deliver(contents)
    click.echo(said, err=True)
    return 0


def _deliver(contents: dict[Path, bytes]) -> None:
    stdout = Path("-")
    write_whole({path: content for path, content in contents.items() if path != stdout})
    if stdout in contents:
        sys.stdout.buffer.write(contents[stdout])


def _locale(written: str) -> str:
    tag = written.replace("_", "-").lower()
    found = locale_of(tag)
    if not found.lower().startswith(tag.split("-")[0]):
        what = f"numbers and dates of {written!r} are not known"
        raise UsageRefusal(what, where="--locale", remedy="Write it like en-GB, de-DE or fr-CA")
    return found
