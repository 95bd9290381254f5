"""Who notices when something is wrong: freshness by data day, failed runs, and the sensor that sends what is due.

Here: Dagster sensors that put a message in the outbox. Not here: the messages (alerts.py), gaps (automation.py).

Freshness asks the ledger whether the latest closed day is there. Dagster's own `FreshnessPolicy` asks when anything was
last materialised, so a backfill of October turns it green; it is kept for the badge only (asset_shape.py).
"""

from collections.abc import Mapping
from datetime import date

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from unit_economics import alerts
from unit_economics.automation import FRESH, days_of
from unit_economics.business_days import DayRange, shown
from unit_economics.deployment import Deployment
from unit_economics.warehouse import gate, ledger, outbox

RUNNING = dg.DefaultSensorStatus.RUNNING


def stale_assets(deployment: Deployment) -> Mapping[str, str]:
    """The assets that lack the due day, each with what is wrong in plain words."""
    day = deployment.due_day(deployment.outside.now())
    with deployment.warehouse.snapshot() as connection:
        there = ledger.current(connection, list(deployment.inputs), DayRange(day, day))
        red = gate.red_days(connection, list(deployment.inputs), DayRange(day, day))
    return {
        asset: red.get(day, "the ledger has no such day")
        for asset in deployment.inputs
        if (asset, day) not in there or day in red
    }


def fresh_checks(deployment: Deployment) -> list[dg.AssetChecksDefinition]:
    """One check an asset: the latest day that is due is there. The sensor reports it; it can be run by hand too."""
    return [_fresh_check(deployment, asset) for asset in deployment.inputs]


def _fresh_check(deployment: Deployment, asset: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset, name=FRESH, description="The latest closed business day is there by its deadline, by data day."
    )
    def fresh() -> dg.AssetCheckResult:
        reason = stale_assets(deployment).get(asset)
        return dg.AssetCheckResult(passed=reason is None, description=reason)

    return fresh


def freshness_sensor(deployment: Deployment) -> dg.SensorDefinition:
    """Look at the due day of every asset; a stale one fails its check and is announced."""

    @dg.sensor(
        name="freshness",
        minimum_interval_seconds=deployment.catalogue.automation.gap_check_seconds,
        default_status=RUNNING,
        description="Fails the check `fresh` of an asset whose latest closed day is not there by its deadline.",
    )
    def freshness(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        stale = stale_assets(deployment)
        day = deployment.due_day(deployment.outside.now())
        cursor = f"{day} {sorted(stale.items())}"
        if context.cursor == cursor and not _is_unsaid(deployment, context.instance):
            return dg.SkipReason(f"as before: {len(stale)} assets lack {day}")
        announce_stale(deployment, day, stale)
        return dg.SensorResult(cursor=cursor, asset_events=[_word(asset, day, stale) for asset in deployment.inputs])

    return freshness


def _is_unsaid(deployment: Deployment, instance: dg.DagsterInstance) -> bool:
    """Whether a run was to say it since, and did not: Dagster would show an asset as not fresh that is."""
    keys = [dg.AssetCheckKey(dg.AssetKey(asset), FRESH) for asset in deployment.inputs]
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return any(one.status is AssetCheckExecutionRecordStatus.PLANNED for one in newest.values())


def announce_stale(deployment: Deployment, day: date, stale: Mapping[str, str]) -> None:
    """Say which assets lack the due day; a red check has been spoken of when it turned red, a draft never is."""
    with deployment.warehouse.transaction() as connection:
        for asset, reason in stale.items():
            if not reason.startswith("a check is red") and not deployment.is_quiet(asset):
                outbox.put(connection, alerts.stale(asset, day, reason), deployment.catalogue.alerts.repeat_after)


def _word(asset: str, day: date, stale: Mapping[str, str]) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=FRESH,
        passed=asset not in stale,
        description=stale.get(asset),
        metadata={"due_day": str(day)},
    )


def failed_run_sensor(deployment: Deployment) -> dg.SensorDefinition:
    """Put a failed run into the outbox; Dagster calls this once, so nothing is sent from here."""

    @dg.run_failure_sensor(
        name="failed_runs",
        minimum_interval_seconds=30,
        default_status=RUNNING,
        monitor_all_code_locations=True,
        description="Announces a failed run, unless a red check has already said why.",
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        failed = [event.step_key for event in context.get_step_failure_events()]
        if failed and all(step and deployment.is_quiet(step) for step in failed):
            return
        days = list(days_of(run.tags))
        message = alerts.failed_run(run.job_name, run.run_id, shown(days), _reason(context))
        with deployment.warehouse.transaction() as connection:
            if not gate.turned_red(connection, run.run_id):
                outbox.put(connection, message, deployment.catalogue.alerts.repeat_after)

    return failed_runs


def _reason(context: dg.RunFailureSensorContext) -> str:
    """What the steps said when they failed, in the words of their refusals."""
    said = [event.step_failure_data for event in context.get_step_failure_events()]
    words = [one.user_failure_data.description for one in said if one.user_failure_data]
    return "; ".join(word for word in words if word) or context.failure_event.message or "no reason was given"


def announcer(deployment: Deployment) -> dg.SensorDefinition:
    """Send what is due. A channel that is down delays a message and never loses it."""

    @dg.sensor(name="announce", minimum_interval_seconds=30, default_status=RUNNING, description="Sends due alerts.")
    def announce() -> dg.SkipReason:
        if not deployment.catalogue.alerts.urls:
            return dg.SkipReason("the catalogue names no channel under alerts.urls")
        channels = alerts.channels(deployment.outside, deployment.catalogue.alerts.urls)
        sent, waiting = alerts.deliver(deployment.warehouse, channels)
        return dg.SkipReason(f"{sent} sent, {waiting} wait for a channel")

    return announce
