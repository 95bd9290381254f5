"""The demo's days in one Dagster run: `python -m unit_economics.cli.demo_year FIRST LAST [ASSET]`.

Here: starting that run in this process, on the instance that DAGSTER_HOME names. Not here: who waits for it
(demo_show.py) and draws its progress (demo/progress.py). A program of its own, because Dagster takes settings from
variables when it is loaded, and handles signals in its own way.
"""

import sys
from datetime import date

import dagster as dg

from unit_economics.automation import JOB, range_tags
from unit_economics.business_days import DayRange
from unit_economics.definitions import code_location
from unit_economics.environment import deployment


def compute(days: DayRange, only: str | None) -> bool:
    """Run the days of all assets, or of one; whether it succeeded."""
    job = code_location(deployment()).resolve_job_def(JOB)
    with dg.DagsterInstance.get() as instance:
        # Otherwise Dagster opens a connection for every statement: 11,900 for a year, most of the waiting.
        instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3600, max_overflow=20)
        result = job.execute_in_process(
            instance=instance,
            tags={**range_tags(days), "unit_economics/started_by": "demo"},
            asset_selection=[dg.AssetKey(only)] if only else None,
            run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
            raise_on_error=False,
        )
    return result.success


if __name__ == "__main__":
    first, last, *asset = sys.argv[1:]
    succeeded = compute(DayRange(date.fromisoformat(first), date.fromisoformat(last)), asset[0] if asset else None)
    sys.exit(0 if succeeded else 1)
