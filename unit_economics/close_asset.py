"""The close of a month as an asset: a partition a month, which a person materialises; nothing does so by itself.

Here: Dagster's shape around it, for a catalogue with `close`. Not here: closing (closing/), the command (cli/close.py).
"""

from datetime import date
from functools import partial
from typing import Any

import dagster as dg

from unit_economics.asset_shape import GROUP
from unit_economics.closing import close_month
from unit_economics.closing.folder import folder_of, put
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal, Unreachable

ASSET = "month_close"


def month_close(deployment: Deployment) -> dg.AssetsDefinition:
    """The asset; what its partition writes is what the command writes."""
    day = deployment.catalogue.business_day
    months = dg.MonthlyPartitionsDefinition(start_date=day.first_day.replace(day=1).isoformat(), timezone=day.timezone)

    @dg.asset(
        name=ASSET,
        description="The pack of a closed month: observations, what they were made of, definitions, reconciliation,"
        " what had moved, and a manifest with the hash of every file. A month is closed once, when it is over and every"
        " day of it is final; materialised again, the same pack is written again, byte for byte.",
        deps=list(deployment.catalogue.measured),
        partitions_def=months,
        group_name=GROUP,
        kinds={"csv"},
        code_version=deployment.code_version,
    )
    def asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        month = date.fromisoformat(context.partition_key)
        run = deployment.run(context.run.run_id)
        folder = folder_of(deployment, month)
        try:
            closed = close_month(deployment, month, run, f"run {run.run_id}", partial(put, folder))
        except Refusal as refusal:
            retry, code = isinstance(refusal, Unreachable), {"exit_code": refusal.exit_code}
            raise dg.Failure(description=str(refusal), metadata=code, allow_retries=retry) from None
        return dg.MaterializeResult[Any](
            metadata={
                "path": dg.MetadataValue.path(folder),
                "closed_at": closed.close.closed_at.isoformat(),
                "closed_by": closed.close.closed_by,
                "manifest_sha256": closed.close.manifest_sha256,
                "files": len(closed.files),
            }
        )

    return asset
