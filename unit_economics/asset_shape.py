"""What each asset says of itself in Dagster: name, description, owner, kinds, columns, lineage, checks.

Here: Dagster's shapes for people who look at the UI. Not here: the words (asset_words.py), what an asset does (steps/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg
import pandera.pandas as pa

from unit_economics import schemas
from unit_economics.asset_words import SAID, Lineage
from unit_economics.catalogue import Catalogue
from unit_economics.graph import Node
from unit_economics.promises import promises_of

Shape = dict[str, Any]
GROUP = "unit_economics"
"""One for all: Dagster's graph folds groups and would hide the assets' names."""


def day_partitions(catalogue: Catalogue) -> dg.DailyPartitionsDefinition:
    """One partition a business day, in the business time zone."""
    day = catalogue.business_day
    return dg.DailyPartitionsDefinition(start_date=day.first_day.isoformat(), timezone=day.timezone)


def backfill_policy(catalogue: Catalogue) -> dg.BackfillPolicy:
    """One run for all days, or one for every so many: several workers then share a backfill."""
    days = catalogue.automation.days_per_run
    return dg.BackfillPolicy.multi_run(days) if days else dg.BackfillPolicy.single_run()


def freshness_policy(catalogue: Catalogue) -> dg.FreshnessPolicy:
    """The badge in Dagster's UI; whether a day is really there is asked by the guards."""
    hour, minute = catalogue.automation.fresh_by.split(":")
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{int(minute)} {int(hour)} * * *",
        lower_bound_delta=timedelta(hours=12),
        timezone=catalogue.business_day.timezone,
    )


@dataclass(frozen=True)
class AssetShape:
    """The keyword arguments of `dg.asset` for every asset of a catalogue."""

    catalogue: Catalogue
    code_version: str

    def of(self, node: Node) -> Shape:
        """What the asset of this node says of itself."""
        said = SAID[node.kind](self.catalogue, node)
        owner = _owner(self.catalogue, node)
        days = day_partitions(self.catalogue)
        return {
            "name": node.name,
            "description": said.description,
            "group_name": GROUP,
            "kinds": {*said.kinds, *([node.source.kind] if node.source else [])},
            "owners": [owner] if owner else [],
            "deps": list(node.inputs),
            "code_version": self.code_version,
            "partitions_def": days,
            "backfill_policy": backfill_policy(self.catalogue),
            "freshness_policy": freshness_policy(self.catalogue),
            "check_specs": [
                dg.AssetCheckSpec(check, asset=node.name, description=promise, partitions_def=days)
                for check, promise in promises_of(node).items()
            ],
            "metadata": {
                "dagster/column_schema": _columns(said.schema, said.lineage),
                "dagster/table_name": f"unit_economics.{node.name}",
                **({"dagster/column_lineage": _lineage(said.lineage)} if said.lineage else {}),
            },
        }


def _owner(catalogue: Catalogue, node: Node) -> str | None:
    others = {"driver": catalogue.drivers, "quantity": catalogue.quantities, "formula": catalogue.formulas}
    entries = others.get(node.kind, catalogue.metrics)
    return entries[node.entry].owner if node.entry else None


def _columns(schema: pa.DataFrameSchema, lineage: Lineage) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                _TYPES.get(name) or ("bigint" if str(column.dtype) == "int64" else "text"),
                description=_WORDS.get(name) or _made_of(lineage.get(name, ())),
                constraints=dg.TableColumnConstraints(nullable=bool(column.nullable)),
            )
            for name, column in schema.columns.items()
        ]
    )


_TYPES = {
    "business_date": "date",
    **dict.fromkeys((*schemas.COSTS, "cost", "quantity", "unit_cost", "amount", "untagged", "value"), "numeric"),
    **dict.fromkeys(("rate", *schemas.MARGIN_AMOUNTS), "numeric"),
    **dict.fromkeys(("rate_date", "billing_period"), "date"),
}
_WORDS = {
    "cost_scope": "which charges, by its name in the catalogue",
    "cost_basis": "which of the four costs is divided",
    "dimensions": "the value of every dimension, as JSON",
    "tags": "the tags that the catalogue keeps, as JSON",
    "taken_by": "the rule that took the charge, by cost scope with rules, as JSON",
    "is_untagged": "whether it has none of the tags that rules look at",
    "variant": "empty for the declared keys, else the name of the alternative ones",
    "step": "0 for direct cost, then the shares in their order",
    "source": "the pool that the cost came from; empty for direct cost and for the pool itself",
    "target": "who pays",
    "untagged": "how much of it has none of the tags that the rules look at",
    "reason": "why there is no value",
    "billing_period": "the first day of the period of the invoice",
    "charge_class": "Correction where it corrects what was invoiced before",
    "rate_date": "the rate's own day, earlier where it was carried on",
    "refunds_basis": "whether refunds count on the day of their order or on their own",
    "margin_after": "the cost that the contribution margin is after, beside the fees",
    "inputs": "everything that the formula names with its value, or why it has none, as JSON",
}


def _made_of(sources: Sequence[tuple[str, str]]) -> str | None:
    """Where a column comes from, in words: Dagster's open-source UI does not draw column lineage."""
    columns: dict[str, list[str]] = {}
    for asset, column in sources:
        columns.setdefault(asset, []).append(column)
    return "from " + " and ".join(f"{asset} ({', '.join(of)})" for asset, of in columns.items()) if columns else None


def _lineage(edges: Lineage) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(dg.AssetKey(asset), source) for asset, source in sources]
            for column, sources in edges.items()
        }
    )
