"""The outside world as this process finds it: its variables, the catalogue file that they name, the deployment of both.

Here: the only place that reads the environment. It loads neither Dagster nor any library that reads a bill, so that
the dashboard and the quick commands start at once. Not here: the graph (definitions.py), or what a deployment is
(deployment.py).
"""

import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from dotenv import dotenv_values

from unit_economics import cost_sources, rate_sources, sinks, unit_sources
from unit_economics.catalogue import Catalogue
from unit_economics.catalogue_file import Examined, examine_file, load_catalogue, parse_catalogue
from unit_economics.catalogue_file.kinds import Kinds
from unit_economics.deployment import Deployment
from unit_economics.outside import Outside

CATALOGUE = "UNIT_ECONOMICS_CATALOGUE"
KINDS = Kinds(cost_sources.KINDS, unit_sources.KINDS, sinks.KINDS, rate_sources.KINDS)
"""Every kind of source and sink of this release."""


def environment() -> dict[str, str]:
    """The process's variables, with those of ./.env where the process has none."""
    of_file = {name: value for name, value in dotenv_values(Path(".env")).items() if value}
    return {**of_file, **os.environ}


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue at `path`, with every kind of source and sink of this release."""
    return load_catalogue(path, KINDS)


def examine_catalogue(path: Path) -> Examined:
    """What the file at `path` is: a catalogue of this release, or the problems that it has."""
    return examine_file(path, KINDS)


def parsed_catalogue(text: str, name: str) -> Catalogue:
    """The catalogue in this text, which the errors call `name`."""
    return parse_catalogue(text, name, KINDS)


def catalogue_path(variables: Mapping[str, str], catalogue: Path | None = None) -> Path:
    """The catalogue's file: the one that is given, or else the one that the variables name."""
    return catalogue or Path(variables.get(CATALOGUE) or "unit_economics.yaml")


def deployment(variables: Mapping[str, str] | None = None, catalogue: Path | None = None) -> Deployment:
    """The deployment that these variables describe; the process's own where none are given."""
    known = environment() if variables is None else variables
    path = catalogue_path(known, catalogue)
    outside = Outside(dict(known), folder=path.resolve().parent)
    read = examine_catalogue(path)
    release = version("unit-economics")
    return Deployment(read.sound(str(path)), outside, code_version=release, catalogue_text=read.text)
