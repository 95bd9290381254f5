"""Wires the outside world into the graph: the only module that reads the environment.

Here: from variables and a catalogue file to a Dagster code location. Not here: anything that could be tested without
an environment.
"""

import os
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import dagster as dg
from dotenv import dotenv_values

warnings.filterwarnings("ignore", category=dg.BetaWarning)  # backfill policies: the heart of a range run
warnings.filterwarnings("ignore", category=dg.PreviewWarning)  # partitioned checks: see docs/decisions.md

from unit_economics import cost_sources, sinks, unit_sources  # noqa: E402
from unit_economics.assets import build_assets  # noqa: E402
from unit_economics.automation import daily_job, gap_sensor, morning_schedule  # noqa: E402
from unit_economics.catalogue import Catalogue  # noqa: E402
from unit_economics.catalogue_file import load_catalogue  # noqa: E402
from unit_economics.deployment import Deployment  # noqa: E402
from unit_economics.guards import announcer, failed_run_sensor, fresh_checks, freshness_sensor  # noqa: E402
from unit_economics.outside import Outside  # noqa: E402

CATALOGUE = "UNIT_ECONOMICS_CATALOGUE"


def environment() -> dict[str, str]:
    """The process's variables, with those of ./.env where the process has none."""
    of_file = {name: value for name, value in dotenv_values(Path(".env")).items() if value}
    return {**of_file, **os.environ}


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue at `path`, with every kind of source and sink of this release."""
    return load_catalogue(path, cost_sources=cost_sources.KINDS, unit_sources=unit_sources.KINDS, sinks=sinks.KINDS)


def deployment(variables: Mapping[str, str] | None = None, catalogue: Path | None = None) -> Deployment:
    """The deployment that these variables describe; the process's own where none are given."""
    known = environment() if variables is None else variables
    path = catalogue or Path(known.get(CATALOGUE) or "unit_economics.yaml")
    outside = Outside(dict(known), folder=path.resolve().parent)
    return Deployment(read_catalogue(path), outside, code_version=version("unit-economics"))


def code_location(of: Deployment) -> dg.Definitions:
    """Assets, checks, job, schedule and sensors, as a function of the deployment."""
    assets = build_assets(of)
    job = daily_job(of, list(of.inputs))
    return dg.Definitions(
        assets=assets,
        asset_checks=fresh_checks(of),
        jobs=[job],
        schedules=[morning_schedule(of, job)],
        sensors=[gap_sensor(of, job), freshness_sensor(of), failed_run_sensor(of), announcer(of)],
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    return code_location(deployment())
