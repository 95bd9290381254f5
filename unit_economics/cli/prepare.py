"""`unit-economics prepare`: a bill rewritten once, so that reading a day of it touches that day alone.

Here: the command line. Not here: the rewriting (cost_sources/focus/prepared/).
"""

from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.prepared.manifest import Manifest, manifest_of
from unit_economics.cost_sources.focus.prepared.preparing import Preparation
from unit_economics.deployment import Deployment
from unit_economics.object_storage import storage_of
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal


@click.command("prepare")
@click.argument("source")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="A local folder of its own. [the one it was prepared into before]",
)
@config_option
def command(source: str, to: Path | None, config: Path | None) -> int:
    """Rewrite the FOCUS files of SOURCE, a name under `cost_sources`, as one sorted Parquet file a day.

    Their sums and hashes are in FOLDER/manifest.json. Name FOLDER as the source's `path`, and each reading opens the
    days it needs and no other. Run it again after every delivery: only billing periods that changed are rewritten.
    """
    of = opened(config, mart=False)
    entry, before = _origin(_focus(of, source), of.outside)
    folder = to or before
    if folder is None:
        raise UsageRefusal("it has not been prepared before", where=source, remedy="Name a folder with --to")
    if folder.parts[:1] and folder.parts[0].endswith(":"):
        where, remedy = f"--to {folder}", "Name a folder of this machine, and copy it there afterwards"
        raise UsageRefusal("only a local folder can be prepared into", where=where, remedy=remedy)
    manifest, new = Preparation(entry, of.catalogue.kept, folder).run(
        of.outside, lambda text: click.echo(text, err=True)
    )
    click.echo(_in_words(manifest, folder) if new else f"{folder} is already prepared: nothing has changed")
    if folder != before:
        click.echo(f"Read it with `path: {folder.resolve()}` under cost_sources.{source}", err=True)
    return 0


def _focus(of: Deployment, name: str) -> FocusFiles:
    sources = {known: one for known, one in of.catalogue.cost_sources.items() if isinstance(one, FocusFiles)}
    if name not in sources:
        known = f"Name one of {', '.join(sources)}" if sources else "Add one of kind: focus to the catalogue"
        raise UsageRefusal(f"there is no source of FOCUS files called {name!r}", where="cost_sources", remedy=known)
    return sources[name]


def _origin(entry: FocusFiles, outside: Outside) -> tuple[FocusFiles, Path | None]:
    """The delivery as it came, and the folder it was prepared into where the catalogue names that one already."""
    storage = storage_of(entry.path, outside)
    manifest = manifest_of(storage)
    if manifest is None:
        return entry, None
    return entry.model_copy(update={"path": manifest.source}), Path(storage.base) if storage.is_local else None


def _in_words(manifest: Manifest, folder: Path) -> str:
    rows = sum(part.charges.rows for part in manifest.parts)
    sums = [f"{sums.billed_cost or 0:,.2f} {currency} billed" for currency, sums in manifest.totals.items()]
    size = sum(part.bytes for part in manifest.parts)
    return f"{folder}: {rows:,} charges, {', '.join(sums) or 'none'}; {len(manifest.parts)} parts, {size / 1e6:,.1f} MB"
