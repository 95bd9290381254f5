"""Wires the graph: from a deployment to a Dagster code location.

Here: which assets, checks, job, schedule and sensors there are, and the one that Dagster loads. Not here: reading the
environment (environment.py), or anything that could be tested without Dagster.
"""

import warnings

import dagster as dg

warnings.filterwarnings("ignore", category=dg.BetaWarning)  # backfill policies: the heart of a range run
warnings.filterwarnings("ignore", category=dg.PreviewWarning)  # partitioned checks: see docs/decisions.md

from unit_economics.assets import build_assets  # noqa: E402
from unit_economics.automation import daily_job, gap_sensor, morning_schedule  # noqa: E402
from unit_economics.close_asset import month_close  # noqa: E402
from unit_economics.deployment import Deployment  # noqa: E402
from unit_economics.environment import deployment  # noqa: E402
from unit_economics.guards import announcer, failed_run_sensor, fresh_checks, freshness_sensor  # noqa: E402
from unit_economics.proof_assets import proof_definitions  # noqa: E402
from unit_economics.report_asset import last_report  # noqa: E402


def code_location(of: Deployment) -> dg.Definitions:
    """Assets, checks, job, schedule and sensors, as a function of the deployment."""
    of = of.heard_by(dg.get_dagster_logger().info)
    job = daily_job(of, list(of.inputs))
    graph = dg.Definitions(
        assets=build_assets(of),
        asset_checks=fresh_checks(of),
        jobs=[job],
        schedules=[morning_schedule(of, job)],
        sensors=[gap_sensor(of, job), freshness_sensor(of), failed_run_sensor(of), announcer(of)],
        executor=dg.in_process_executor,
    )
    report = [last_report(of)] if of.catalogue.dashboard.report else []
    close = [dg.Definitions([month_close(of)])] if of.catalogue.close else []
    return dg.Definitions.merge(graph, proof_definitions(of), *report, *close)


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    return code_location(deployment())
