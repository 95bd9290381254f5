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
from unit_economics.proof_assets import JOB as PROOF_JOB

_STARTED_BY = {"unit_economics/started_by": "demo"}
_QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


def compute(days: DayRange, only: str | None) -> bool:
    """Run the days of all assets and then the proofs, or only one asset's days; whether it succeeded."""
    location = code_location(deployment())
    with dg.DagsterInstance.get() as instance:
        # Otherwise Dagster opens a connection for every statement: 11,900 for a year, most of the waiting.
        instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3600, max_overflow=20)
        computed = location.resolve_job_def(JOB).execute_in_process(
            instance=instance,
            tags={**range_tags(days), **_STARTED_BY},
            asset_selection=[dg.AssetKey(only)] if only else None,
            run_config=_QUIET,
            raise_on_error=False,
        )
        if only or not computed.success:
            return computed.success
        proofs = location.resolve_job_def(PROOF_JOB)
        proved = proofs.execute_in_process(instance=instance, tags=_STARTED_BY, run_config=_QUIET, raise_on_error=False)
    return proved.success


if __name__ == "__main__":
    first, last, *asset = sys.argv[1:]
    succeeded = compute(DayRange(date.fromisoformat(first), date.fromisoformat(last)), asset[0] if asset else None)
    sys.exit(0 if succeeded else 1)
