"""What an asset tells Dagster of its days: one materialisation and one word of each check a day.

Here: Dagster's event shapes, for a run of one day and for a run of many. Not here: what happened (steps/).

Dagster 1.13 records a range run's checks without a partition and materialises every partition of the range, good or
not. So each day is told by itself here; two names below are private to Dagster.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as TargetMaterialization,
)
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION as NO_EVENTS

from unit_economics.checks import Finding

Metadata = Mapping[str, dg.MetadataValue[Any]]
Events = Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]


@dataclass(frozen=True)
class Told:
    """What became of a run's days: `done` with the numbers to plot, and every word of the checks."""

    done: Mapping[date, Metadata]
    findings: Sequence[Finding]
    notes: Mapping[date, str] = field(default_factory=dict)


def tell(context: dg.AssetExecutionContext, told: Told) -> Events:
    """Report the days; raises `Failure` where no day was done and a check said why."""
    for day, note in sorted(told.notes.items())[:20]:
        context.log.warning(f"{day}: {note}")
    red = sorted({finding.day for finding in told.findings if finding.blocks})
    if told.done or not red:
        yield from _materialised(context, told.done)
    yield from _checked(context, told)
    if red and not told.done:
        reasons = sorted({finding.text for finding in told.findings if finding.blocks})
        raise dg.Failure(description="; ".join(reasons[:5]), allow_retries=False)


def _materialised(context: dg.AssetExecutionContext, done: Mapping[date, Metadata]) -> Events:
    if len(done) == len(context.partition_keys):
        for day, metadata in done.items():
            context.add_asset_metadata(dict(metadata), partition_key=str(day))
        yield dg.MaterializeResult[Any]()
        return
    for day, metadata in sorted(done.items()):
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=str(day), metadata=dict(metadata)))
    yield dg.MaterializeResult[Any](metadata={NO_EVENTS: True})


def _checked(context: dg.AssetExecutionContext, told: Told) -> Events:
    if not context.has_partition_key:
        _log_each_day(context, told)
    for name in sorted(key.name for key in context.selected_asset_check_keys):
        of_check = [finding for finding in told.findings if finding.check == name]
        failed = [finding for finding in of_check if not finding.passed]
        worst = dg.AssetCheckSeverity.ERROR if any(f.blocks for f in failed) else dg.AssetCheckSeverity.WARN
        yield dg.AssetCheckResult(
            check_name=name,
            passed=bool(of_check) and not failed,
            severity=worst,
            description="; ".join(f"{finding.day}: {finding.text}" for finding in failed[:5])
            or _NOTHING_SAID[bool(of_check)],
            metadata=_numbers(of_check[0])
            if len(of_check) == 1
            else {"days": f"{len(of_check)}, {len(failed)} failed"},
        )


_NOTHING_SAID = {True: "", False: "no day was judged"}


def _log_each_day(context: dg.AssetExecutionContext, told: Told) -> None:
    targets = context.instance.event_log_storage.get_latest_storage_id_by_partition(
        context.asset_key, dg.DagsterEventType.ASSET_MATERIALIZATION, {str(day) for day in told.done}
    )
    for finding in told.findings:
        evaluation = _evaluation(context, finding, targets.get(str(finding.day)))
        context.log_event(evaluation)  # pyright: ignore[reportArgumentType]  # taken, though its type omits it


def _evaluation(context: dg.AssetExecutionContext, finding: Finding, storage_id: int | None) -> dg.AssetCheckEvaluation:
    severity = dg.AssetCheckSeverity.ERROR if finding.severity == "error" else dg.AssetCheckSeverity.WARN
    target = (
        None
        if storage_id is None
        else TargetMaterialization(storage_id=storage_id, run_id=context.run.run_id, timestamp=time.time())
    )
    return dg.AssetCheckEvaluation(
        asset_key=context.asset_key,
        check_name=finding.check,
        passed=finding.passed,
        partition=str(finding.day),
        severity=severity,
        description=finding.text or None,
        metadata=_numbers(finding),
        target_materialization_data=target,
        blocking=False,
    )


def _numbers(finding: Finding) -> dict[str, dg.MetadataValue[Any]]:
    return {name: dg.MetadataValue.float(number) for name, number in finding.numbers.items()}
