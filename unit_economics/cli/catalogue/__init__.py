"""`unit-economics catalogue ...`: what is measured, whether the file is sound, what a change of it would change.

Here: which commands there are, each loaded only when it is called; alone it shows what is measured. Not here: what they
do (show.py, check.py, diff.py, schema.py).
"""

from pathlib import Path

import click

from unit_economics.cli.boundary import LazyGroup, Section
from unit_economics.cli.catalogue import schema as schema_of_file
from unit_economics.cli.catalogue import show
from unit_economics.cli.options import config_option

_COMMANDS = {
    "show": "What is measured: owner, purpose, state, review date of every metric.",
    "check": "Whether the file is sound, with line, column and the nearest right name.",
    "diff": "What another catalogue changes: entries, definitions, and numbers on stored days.",
    "schema": "The JSON Schema of the file, for editors.",
}


@click.group(
    "catalogue",
    cls=LazyGroup,
    sections=[Section("Commands", _COMMANDS)],
    package=__name__,
    invoke_without_command=True,
)
@click.option("--schema", is_flag=True, hidden=True, help="The same as `catalogue schema`.")
@config_option
@click.pass_context
def command(context: click.Context, *, schema: bool, config: Path | None) -> int:
    """What is measured, and whether the file says it soundly; alone it is `catalogue show`."""
    if context.invoked_subcommand is not None:
        context.default_map = {name: {"config": config} for name in _COMMANDS} if config else {}
        return 0
    return schema_of_file.print_schema() if schema else show.print_catalogue(config)
