"""What the checks said of many days, stored in Dagster's log with one write.

Dagster 1.13 batches materialisations but stores evaluations one at a time, each with four statements: more than half
of the time of a year's run. Here: the rows that Dagster itself would write, many at once; test_evaluation_log.py holds
the two against each other. Not here: what is said, and of which day (reporting.py).
"""

import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from dagster_postgres.event_log import PostgresEventLogStorage
    from sqlalchemy import Delete

MOST_AT_ONCE = 500


def log_evaluations(context: dg.AssetExecutionContext, evaluations: Sequence[dg.AssetCheckEvaluation]) -> None:
    """Store the evaluations; those that did not pass one by one, for whoever listens to this run."""
    from dagster_postgres.event_log import PostgresEventLogStorage  # whoever runs has it; whoever loads need not wait

    storage = context.instance.event_log_storage
    singly = [one for one in evaluations if not one.passed or not isinstance(storage, PostgresEventLogStorage)]
    if isinstance(storage, PostgresEventLogStorage):
        singly += _not_stored(storage, context, [one for one in evaluations if one.passed])
    for one in singly:
        context.log_event(one)  # pyright: ignore[reportArgumentType]  # taken, though its type omits it


def _not_stored(
    storage: "PostgresEventLogStorage", context: dg.AssetExecutionContext, passed: Sequence[dg.AssetCheckEvaluation]
) -> list[dg.AssetCheckEvaluation]:
    """Store them, some hundreds at once; returns those that the database did not take."""
    from sqlalchemy.exc import SQLAlchemyError

    left: list[dg.AssetCheckEvaluation] = []
    for start in range(0, len(passed), MOST_AT_ONCE):
        part = passed[start : start + MOST_AT_ONCE]
        try:
            _store(storage, context, part)
        except SQLAlchemyError as error:
            context.log.warning(f"Dagster's log took no batch of evaluations: {type(error).__name__}")
            left += part
    return left


def _store(
    storage: "PostgresEventLogStorage", context: dg.AssetExecutionContext, part: Sequence[dg.AssetCheckEvaluation]
) -> None:
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable

    entries = [_entry(context, evaluation) for evaluation in part]
    insert = storage.prepare_insert_event_batch(entries).returning(SqlEventLogStorageTable.c.id)
    with storage.index_transaction() as connection:
        numbers = [row[0] for row in connection.execute(insert)]
        connection.execute(_planned(context, part))
        rows = [_execution(*of_one) for of_one in zip(numbers, entries, part, strict=True)]
        connection.execute(AssetCheckExecutionsTable.insert().values(rows))


def _planned(context: dg.AssetExecutionContext, part: Sequence[dg.AssetCheckEvaluation]) -> "Delete":
    """Remove what the run had planned for these days, which Dagster would overwrite."""
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
    from sqlalchemy import tuple_

    columns = AssetCheckExecutionsTable.c
    return AssetCheckExecutionsTable.delete().where(
        columns.asset_key == context.asset_key.to_string(),
        columns.run_id == context.run.run_id,
        tuple_(columns.check_name, columns.partition).in_([(one.check_name, one.partition) for one in part]),
    )


def _entry(context: dg.AssetExecutionContext, evaluation: dg.AssetCheckEvaluation) -> dg.EventLogEntry:
    step = context.get_step_execution_context()
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
        job_name=step.job_name,
        step_handle=step.step.handle,
        node_handle=step.step.node_handle,
        step_kind_value=step.step.kind.value,
        logging_tags=dict(step.event_tags),
        event_specific_data=evaluation,
        message=f"Asset check '{evaluation.check_name}' on '{evaluation.asset_key.to_user_string()}' passed.",
        pid=os.getpid(),
    )
    return dg.EventLogEntry(
        error_info=None,
        level=logging.DEBUG,
        user_message=event.message or "",
        run_id=context.run.run_id,
        timestamp=time.time(),
        step_key=event.step_key,
        job_name=step.job_name,
        dagster_event=event,
    )


def _execution(number: int, entry: dg.EventLogEntry, evaluation: dg.AssetCheckEvaluation) -> dict[str, Any]:
    from dagster._serdes import serialize_value

    target = evaluation.target_materialization_data
    return {
        "asset_key": evaluation.asset_key.to_string(),
        "check_name": evaluation.check_name,
        "partition": evaluation.partition,
        "run_id": entry.run_id,
        "execution_status": "SUCCEEDED",
        "evaluation_event": serialize_value(entry),
        "evaluation_event_timestamp": datetime.fromtimestamp(entry.timestamp, UTC).replace(tzinfo=None),
        "evaluation_event_storage_id": number,
        "materialization_event_storage_id": target.storage_id if target else None,
    }
