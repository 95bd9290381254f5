"""`unit-economics catalogue schema`: the JSON Schema of the file, for editors.

Here: printing it. Not here: making it (catalogue_file/).
"""

import click

from unit_economics import cost_sources, rate_sources, sinks, unit_sources
from unit_economics.catalogue_file import catalogue_schema
from unit_economics.cli.table import show_json


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of the catalogue, with every kind of source and sink, for editors."""
    return print_schema()


def print_schema() -> int:
    """The whole schema on stdout."""
    show_json(
        catalogue_schema(
            cost_sources=cost_sources.KINDS,
            unit_sources=unit_sources.KINDS,
            sinks=sinks.KINDS,
            rate_sources=rate_sources.KINDS,
        )
    )
    return 0
