"""`unit-economics catalogue schema`: the JSON Schema of the file, for editors.

Here: printing it. Not here: making it (catalogue_file/).
"""

import click

from unit_economics.catalogue_file import catalogue_schema
from unit_economics.cli.table import show_json
from unit_economics.environment import KINDS


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of the catalogue, with every kind of source and sink, for editors."""
    return print_schema()


def print_schema() -> int:
    """The whole schema on stdout."""
    show_json(catalogue_schema(KINDS))
    return 0
