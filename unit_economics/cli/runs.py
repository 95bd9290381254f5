"""Starting a run in this process: the same job that the schedule starts, for a range of days, quietly.

Here: from days and assets to an outcome. Not here: what a day's state means (outcome.py), the instance (instance.py).
"""

from collections.abc import Callable, Sequence
from datetime import date
from uuid import uuid4

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from unit_economics.automation import JOB, range_tags
from unit_economics.business_days import DayRange
from unit_economics.cli.instance import instance_of
from unit_economics.cli.outcome import Outcome
from unit_economics.definitions import code_location
from unit_economics.deployment import Deployment
from unit_economics.nearest import near
from unit_economics.refusals import UsageRefusal

Heard = Callable[[Outcome, str], None]
"""Called with the outcome so far and the asset that is over."""


def run_days(of: Deployment, days: DayRange, assets: Sequence[str], heard: Heard, *, verbose: bool = False) -> Outcome:
    """Compute these days of these assets; raises `Refusal` before anything is started, `KeyboardInterrupt` within."""
    of.calendar.refuse_open(days, of.outside.now())
    _refuse_before_first(of, days.first)
    outcome = Outcome.awaiting(days, of.inputs, [asset for asset in of.inputs if asset in assets])
    with of.warehouse.connection():
        pass  # a warehouse that does not answer is one sentence here, and a failure of every asset later
    with instance_of(of.outside.variables) as instance:
        _execute(of, instance, outcome, heard, verbose=verbose)
    return outcome


def chosen_assets(of: Deployment, only: Sequence[str]) -> list[str]:
    """The assets that are meant, all where none is named; refused with the nearest name where one is unknown."""
    for name in only:
        if name not in of.inputs:
            meant = near(name, of.inputs)
            remedy = f"Did you mean {meant}? " if meant else ""
            raise UsageRefusal(
                f"no asset with days is called {name!r}",
                where="--only",
                remedy=f"{remedy}Name one of {', '.join(of.inputs)}",
            )
    return [name for name in of.inputs if not only or name in only]


def _execute(of: Deployment, instance: dg.DagsterInstance, outcome: Outcome, heard: Heard, *, verbose: bool) -> None:
    def listen(entry: dg.EventLogEntry) -> None:
        if over := outcome.hear(entry):
            heard(outcome, over)

    run_id = str(uuid4())
    instance.add_event_listener(run_id, listen)
    job = code_location(of).resolve_job_def(JOB)
    try:
        job.execute_in_process(
            instance=instance,
            run_id=run_id,
            asset_selection=[dg.AssetKey(asset) for asset in outcome.assets],
            tags={**range_tags(outcome.days), "unit_economics/started_by": "command line"},
            run_config={"loggers": {"console": {"config": {"log_level": "DEBUG" if verbose else "CRITICAL"}}}},
            raise_on_error=False,
        )
    except DagsterExecutionInterruptedError:
        outcome.is_interrupted = True
    if outcome.is_interrupted:
        raise KeyboardInterrupt


def _refuse_before_first(of: Deployment, first: date) -> None:
    earliest = of.catalogue.business_day.first_day
    if first < earliest:
        raise UsageRefusal(
            f"{first} is before the first business day of the catalogue, {earliest}",
            where="--from",
            remedy="Ask for later days, or set business_day.first_day",
        )
