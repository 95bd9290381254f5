"""What each asset says of itself in Dagster: name, description, owner, kinds, columns, lineage, checks.

Here: words and shapes for people who look at the UI. Not here: what an asset does (assets.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg
import pandera.pandas as pa

from unit_economics import checks, schemas
from unit_economics.adapters import UnitSource
from unit_economics.catalogue import Catalogue, driver_asset, revenue_asset, sink_asset, units_asset
from unit_economics.deployment import ALLOCATED_COSTS, CLOUD_COSTS
from unit_economics.promises import ALLOCATION_CHECKS

Shape = dict[str, Any]
GROUP = "unit_economics"
"""One for all: Dagster's graph folds groups and would hide the assets' names."""
Lineage = Mapping[str, Sequence[tuple[str, str]]]
NO_LINEAGE: Lineage = {}


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

    def cloud_costs(self) -> Shape:
        """The numerator, before any scope."""
        sources = ", ".join(f"`{name}` ({source.kind})" for name, source in self.catalogue.cost_sources.items())
        return self._shape(
            CLOUD_COSTS,
            f"Charges a business day, FOCUS-shaped, summed by provider, sub-account, service, region, category and tag."
            f" Read from {sources}. A day is replaced whole; what the provider restates becomes a new version.",
            *({"focus", "postgres"}, schemas.CHARGES, checks.COST_CHECKS),
        )

    def units(self, metric: str) -> Shape:
        """The denominator."""
        entry = self.catalogue.metrics[metric]
        return self._shape(
            units_asset(metric),
            f"{entry.unit} units a closed business day ({self.catalogue.business_day.timezone}), counted at the source"
            f" in one read. The denominator of `{metric}`.",
            *({entry.units.kind, "pandas"}, schemas.UNITS, checks.UNIT_CHECKS),
            owner=entry.owner,
        )

    def driver(self, name: str) -> Shape:
        """What shared cost is divided by."""
        entry = self.catalogue.drivers[name]
        return self._shape(
            driver_asset(name),
            f"{entry.unit} a closed business day and target, counted at the source in one read."
            " Shared cost is divided by it.",
            *({entry.quantity.kind, "pandas"}, schemas.UNITS, checks.UNIT_CHECKS),
            owner=entry.owner,
        )

    def allocated_costs(self, inputs: list[str]) -> Shape:
        """What each target pays."""
        scopes = ", ".join(f"`{name}`" for name in self.catalogue.allocations)
        return self._shape(
            ALLOCATED_COSTS,
            f"What each target of {scopes} pays: direct cost by the rules, then shared cost in double entry. The lines"
            " of a scope, day and currency add up to the bill exactly; what no rule takes is `unallocated`.",
            *({"postgres", "pandas"}, schemas.ALLOCATED_COSTS, ALLOCATION_CHECKS),
            deps=inputs,
            lineage={"amount": [(CLOUD_COSTS, cost) for cost in schemas.COSTS]},
        )

    def revenue(self, metric: str, source: UnitSource) -> Shape:
        """What the units earned."""
        entry = self.catalogue.metrics[metric]
        return self._shape(
            revenue_asset(metric),
            f"What the {entry.unit} units of a closed business day ({self.catalogue.business_day.timezone}) earned, in"
            f" {self.catalogue.currency}. The margin of `{metric}` is this less the cost; no other asset waits for it.",
            *({source.kind, "pandas"}, schemas.UNITS, checks.UNIT_CHECKS),
            owner=entry.owner,
        )

    def unit_cost(self, metric: str, inputs: list[str]) -> Shape:
        """The division."""
        entry = self.catalogue.metrics[metric]
        units = units_asset(metric)
        return self._shape(
            metric,
            f"Cost per {entry.unit}: `cost / quantity` for each day and cost scope, empty with the reason where a half"
            f" is missing. A window is a ratio of sums:\n\n```sql\nselect * from unit_economics.unit_cost_over("
            f"'{metric}', '2026-01-01', '2026-01-31')\n```",
            *({"postgres", "pandas"}, schemas.UNIT_COSTS, checks.UNIT_COST_CHECKS),
            owner=entry.owner,
            deps=inputs,
            lineage={
                "cost": [(CLOUD_COSTS, cost) for cost in schemas.COSTS],
                "charge_rows": [(CLOUD_COSTS, "charge_rows")],
                "quantity": [(units, "quantity")],
                "unit_cost": [*((CLOUD_COSTS, cost) for cost in schemas.COSTS), (units, "quantity")],
            },
        )

    def publication(self, metric: str, sink: str) -> Shape:
        """The denominator at a destination."""
        entry = self.catalogue.metrics[metric]
        units = units_asset(metric)
        return self._shape(
            sink_asset(metric, sink),
            f"{entry.unit} units, as {sink.capitalize()} shows them when read back. The destination divides by itself,"
            " so it is sent the denominator. Only days whose gate is green, and only what differs.",
            *({sink}, schemas.UNITS, checks.PUBLISH_CHECKS),
            owner=entry.owner,
            deps=[units, metric],
            lineage={"quantity": [(units, "quantity")]},
        )

    def _shape(
        self,
        name: str,
        description: str,
        kinds: set[str],
        schema: pa.DataFrameSchema,
        specs: Mapping[str, str],
        *,
        owner: str | None = None,
        deps: list[str] | None = None,
        lineage: Lineage = NO_LINEAGE,
    ) -> Shape:
        days = day_partitions(self.catalogue)
        return {
            "name": name,
            "description": description,
            "group_name": GROUP,
            "kinds": kinds,
            "owners": [owner] if owner else [],
            "deps": deps or [],
            "code_version": self.code_version,
            "partitions_def": days,
            "backfill_policy": backfill_policy(self.catalogue),
            "freshness_policy": freshness_policy(self.catalogue),
            "check_specs": [
                dg.AssetCheckSpec(check, asset=name, description=promise, partitions_def=days)
                for check, promise in specs.items()
            ],
            "metadata": {
                "dagster/column_schema": _columns(schema, lineage),
                "dagster/table_name": f"unit_economics.{name}",
                **({"dagster/column_lineage": _lineage(lineage)} if lineage else {}),
            },
        }


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
    **dict.fromkeys((*schemas.COSTS, "cost", "quantity", "unit_cost", "amount", "untagged"), "numeric"),
}
_WORDS = {
    "cost_scope": "which charges, by its name in the catalogue",
    "cost_basis": "which of the four costs is divided",
    "tags": "the tags that the catalogue keeps, as JSON",
    "taken_by": "the rule that took the charge, by cost scope with rules, as JSON",
    "is_untagged": "whether it has none of the tags that rules look at",
    "variant": "empty for the declared keys, else the name of the alternative ones",
    "step": "0 for direct cost, then the shares in their order",
    "source": "the pool that the cost came from; empty for direct cost and for the pool itself",
    "target": "who pays",
    "untagged": "how much of it has none of the tags that the rules look at",
    "reason": "why there is no unit cost",
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
