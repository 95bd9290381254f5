"""The proofs as assets: asked of the whole mart when the numbers are due, each with its checks, and told when red.

Here: Dagster's shapes around them, their job and its schedule. Not here: what each asks (proof/), or the days' assets
(assets.py). They have no partitions, as they are about now: so they are no part of the daily job, which is about days.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from unit_economics import alerts
from unit_economics.asset_shape import GROUP
from unit_economics.deployment import Deployment
from unit_economics.proof import proofs_of
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.refusals import Refusal, Unreachable
from unit_economics.warehouse import outbox

JOB = "daily_proof"

Events = Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]


def proof_definitions(deployment: Deployment) -> dg.Definitions:
    """The assets with what starts them; nothing where there is nothing to prove."""
    proofs = proofs_of(deployment)
    if not proofs:
        return dg.Definitions()
    seconds = int(deployment.catalogue.automation.max_runtime.total_seconds())
    names = [proof.name for proof in proofs]
    job = dg.define_asset_job(
        JOB, selection=dg.AssetSelection.assets(*names), tags={"dagster/max_runtime": str(seconds)}
    )
    hour, minute = deployment.catalogue.automation.fresh_by.split(":")
    schedule = dg.ScheduleDefinition(
        name="prove_when_due",
        job=job,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=deployment.catalogue.business_day.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Asks whether the numbers can be trusted, once those of the last business day are due.",
    )
    return dg.Definitions([_asset(deployment, proof) for proof in proofs], jobs=[job], schedules=[schedule])


def _asset(deployment: Deployment, proof: Proof) -> dg.AssetsDefinition:
    specs = [dg.AssetCheckSpec(name, asset=proof.name, description=words) for name, words in proof.checks.items()]

    @dg.asset(
        name=proof.name,
        description=proof.description,
        deps=list(proof.after),
        check_specs=specs,
        group_name=GROUP,
        kinds={"proof"},
        code_version=deployment.code_version,
    )
    def asset(context: dg.AssetExecutionContext) -> Events:
        try:
            proved = proof.prove(deployment.run(context.run.run_id))
            _announce(deployment, proof, proved.judgements)
        except Refusal as refusal:
            retry = isinstance(refusal, Unreachable)
            code = {"exit_code": refusal.exit_code}
            raise dg.Failure(description=str(refusal), metadata=code, allow_retries=retry) from None
        yield dg.MaterializeResult[Any](metadata=_metadata(proved))
        for name in proof.checks:
            yield _result(name, [one for one in proved.judgements if one.check == name])

    return asset


def _metadata(proved: Proved) -> dict[str, Any]:
    return {**proved.shown, **{name: dg.MetadataValue.md(text) for name, text in proved.markdown.items()}}


def _result(check: str, found: Sequence[Judgement]) -> dg.AssetCheckResult:
    failed = [one for one in found if not one.passed]
    blocks = any(one.severity == "error" for one in failed)
    return dg.AssetCheckResult(
        check_name=check,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description="; ".join(one.text for one in failed[:5]),
        metadata={"judged": len(found), "failed": len(failed)},
    )


def _announce(deployment: Deployment, proof: Proof, judgements: Sequence[Judgement]) -> None:
    """A warning is shown and not sent, as with the days' checks."""
    failed = [one for one in judgements if not one.passed and one.severity == "error"]
    if failed:
        with deployment.warehouse.transaction() as connection:
            for one in failed:
                message = alerts.failed_proof(proof.name, one.check, one.about, one.text)
                outbox.put(connection, message, deployment.catalogue.alerts.repeat_after)
