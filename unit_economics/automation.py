"""When the platform works by itself: the job, the morning's run, and the gap sensor.

Here: Dagster's schedule and sensor, thin shells around pure decisions. Not here: the decisions (gaps.py), what a run
does (steps/), who is told when it goes wrong (guards.py).

The schedule is a convenience: after downtime Dagster runs only its last tick. The gap sensor is the guarantee.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from unit_economics import alerts, gaps
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal
from unit_economics.warehouse import gate, ledger, outbox

JOB = "daily_unit_economics"
MOST_RUNS_A_TICK = 3
FRESH = "fresh"
RANGE_START, RANGE_END, ONE_DAY = (
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
    "dagster/partition",
)
IN_FLIGHT = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def range_tags(days: DayRange) -> dict[str, str]:
    """The tags by which one run materialises a range of days."""
    return {RANGE_START: str(days.first), RANGE_END: str(days.last)}


def daily_job(deployment: Deployment, names: Sequence[str]) -> UnresolvedAssetJobDefinition:
    """All assets as one job, without the question whether they are fresh.

    Dagster ends it when it takes too long: a worker whose machine is lost never reports.
    """
    seconds = int(deployment.catalogue.automation.max_runtime.total_seconds())
    fresh = [dg.AssetCheckKey(dg.AssetKey(name), FRESH) for name in names]
    selection = dg.AssetSelection.assets(*names) - dg.AssetSelection.checks(*fresh)
    return dg.define_asset_job(JOB, selection=selection, tags={"dagster/max_runtime": str(seconds)})


def morning_schedule(deployment: Deployment, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Every morning the whole restatement window in one run: bills change for weeks."""
    catalogue = deployment.catalogue
    hour, minute = catalogue.automation.schedule_at.split(":")

    @dg.schedule(
        name="every_morning",
        job=job,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=catalogue.business_day.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Reads the restatement window again and publishes what changed.",
    )
    def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        last = deployment.calendar.last_closed_day(context.scheduled_execution_time)
        first = max(catalogue.business_day.first_day, last - catalogue.restatement_window + timedelta(days=1))
        if last < first:
            return dg.SkipReason(f"the first business day, {first}, is not over yet")
        return dg.RunRequest(run_key=str(last), tags=range_tags(DayRange(first, last)))

    return every_morning


def gap_sensor(deployment: Deployment, job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Every few minutes: closed days minus days done minus runs in flight."""
    rules = deployment.catalogue.automation

    @dg.sensor(
        name="missing_days",
        job=job,
        minimum_interval_seconds=rules.gap_check_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a run for every closed day that the ledger lacks; speaks up after too many tries.",
    )
    def missing_days(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        found = find_gaps(deployment)
        speak_up(deployment, found)
        runs = gaps.asks(
            deployment.inputs,
            found.missing,
            _in_flight(context.instance),
            found.tries,
            gaps.Rules(rules.max_tries, rules.retry_pause),
            MOST_RUNS_A_TICK,
        )
        moment = f"{deployment.outside.now():%Y-%m-%dT%H}"
        for ask in runs:
            yield dg.RunRequest(
                run_key=f"{ask.days}/{'+'.join(ask.assets)}/{found.last_attempt}/{moment}",
                tags=range_tags(ask.days),
                asset_selection=[dg.AssetKey(asset) for asset in ask.assets],
                asset_check_keys=_checks_of(context, ask.assets),
            )
        if not runs:
            yield dg.SkipReason("every closed day is done, in flight, or waits until tomorrow")

    return missing_days


def _checks_of(context: dg.SensorEvaluationContext, assets: Sequence[str]) -> list[dg.AssetCheckKey]:
    """The checks that the assets themselves judge: whether a day is fresh is no question of a run."""
    repository = context.repository_def
    every = repository.asset_graph.asset_check_keys if repository else ()
    return sorted(key for key in every if key.asset_key.to_user_string() in assets and key.name != FRESH)


@dataclass(frozen=True)
class Found:
    """The gaps of each asset, how often each day was tried since yesterday, and which days are red."""

    missing: Mapping[str, Sequence[date]]
    tries: Mapping[tuple[str, date], ledger.Tried]
    red: frozenset[tuple[str, date]]
    last_attempt: int


def find_gaps(deployment: Deployment) -> Found:
    """Ask the ledger what is missing; days before the first one that was ever stored are no gaps."""
    graph = deployment.inputs
    with deployment.warehouse.snapshot() as connection:
        closed = _closed_days(deployment, ledger.first_day(connection))
        if closed is None:
            return Found({asset: [] for asset in graph}, {}, frozenset(), 0)
        days = ledger.current(connection, list(graph), closed)
        red = frozenset(gate.red_reasons(connection, closed))
        tries, last_attempt = ledger.tries(connection, closed, timedelta(hours=24))
    return Found(gaps.gaps(gaps.Ledger.of(deployment, days, red), closed), tries, red, last_attempt)


def _closed_days(deployment: Deployment, first_stored: date | None) -> DayRange | None:
    catalogue = deployment.catalogue
    last = deployment.calendar.last_closed_day(deployment.outside.now())
    first = first_stored or last - catalogue.restatement_window + timedelta(days=1)
    first = max(first, catalogue.business_day.first_day, last - catalogue.automation.gap_horizon)
    return DayRange(first, last) if first <= last else None


def speak_up(deployment: Deployment, found: Found) -> None:
    """Say which days stay missing; a red day has been spoken of when it turned red."""
    rules = deployment.catalogue
    hopeless = gaps.given_up(found.missing, found.tries, rules.automation.max_tries)
    speaking = {asset: days for asset, days in hopeless.items() if not deployment.is_quiet(asset)}
    silent = {asset: [day for day in days if (asset, day) not in found.red] for asset, days in speaking.items()}
    messages = [alerts.missing_days(asset, days, rules.automation.max_tries) for asset, days in silent.items() if days]
    if messages:
        with deployment.warehouse.transaction() as connection:
            for message in messages:
                outbox.put(connection, message, rules.alerts.repeat_after)


def _in_flight(instance: dg.DagsterInstance) -> set[date]:
    runs = instance.get_runs(dg.RunsFilter(statuses=IN_FLIGHT))
    return {day for run in runs for day in days_of(run.tags)}


def days_of(tags: Mapping[str, str]) -> Iterable[date]:
    """The days that a run is about, by its tags; none where it has no partition, or one of somebody else's."""
    first, last = tags.get(RANGE_START, tags.get(ONE_DAY)), tags.get(RANGE_END, tags.get(ONE_DAY))
    try:
        return DayRange(date.fromisoformat(first or ""), date.fromisoformat(last or ""))
    except (ValueError, Refusal):
        return ()
