"""A day's versions, each against the one before it: what it cost, and what the record says is different.

Here: one version, the causes that can be read off it. Not here: which versions are asked for (panels/changes.py,
panels/versions.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import LiteralString

from unit_economics.asset_names import units_asset
from unit_economics.dashboard.scene import Scene
from unit_economics.graph import CLOUD_COSTS

# An input may have a new version although its rows are the same: only its status has changed then.
VERSIONS: LiteralString = """
    select v.business_date, v.version, v.rows_version = v.version, v.status, v.recorded_at, v.run_id,
        now.cost, now.quantity, now.unit_cost, now.reason, p.version is not null,
        old.cost, old.quantity, old.unit_cost, v.definition is distinct from p.definition,
        v.code_version is distinct from p.code_version, v.status is distinct from p.status,
        array(
            select input.asset from jsonb_object_keys(v.input_versions || p.input_versions) input (asset)
            left join day_versions a on a.asset = input.asset and a.business_date = v.business_date
                and a.version = (v.input_versions ->> input.asset)::int
            left join day_versions b on b.asset = input.asset and b.business_date = v.business_date
                and b.version = (p.input_versions ->> input.asset)::int
            where a.rows_version is distinct from b.rows_version order by 1
        ), count(*) over ()
    from day_versions v
    left join day_versions p on p.asset = v.asset and p.business_date = v.business_date and p.version = v.version - 1
    left join unit_cost_versions now on now.metric = v.asset and now.business_date = v.business_date
        and now.version = v.version and now.cost_scope = %(scope)s and now.billing_currency = %(currency)s
    left join unit_cost_versions old on old.metric = p.asset and old.business_date = p.business_date
        and old.version = p.version and old.cost_scope = %(scope)s and old.billing_currency = %(currency)s
    where v.asset = %(metric)s
"""


@dataclass(frozen=True)
class Restated:
    """One version of one day, and the one before it; `is_first` has none before. `total` is how many were found."""

    day: date
    version: int
    has_rows: bool
    status: str
    recorded_at: datetime
    run_id: str
    cost: Decimal | None
    quantity: Decimal | None
    unit_cost: Decimal | None
    reason: str | None
    has_former: bool
    former_cost: Decimal | None
    former_quantity: Decimal | None
    former_unit_cost: Decimal | None
    is_redefined: bool
    is_of_other_code: bool
    is_of_other_status: bool
    changed_inputs: list[str]
    total: int

    def causes(self, scene: Scene) -> list[str]:
        """What differs from the version before, in words."""
        units = units_asset(scene.view.metric)
        words = {CLOUD_COSTS: "the bill changed", units: f"{scene.units_name} changed"}
        found = [words.get(asset, f"{asset} changed") for asset in self.changed_inputs]
        if self.is_redefined:
            found.append("the catalogue's definition changed")
        if self.is_of_other_code:
            found.append("another release")
        return found


def asked(scene: Scene) -> Mapping[str, object]:
    """The question's parameters that are the view's."""
    return {"metric": scene.view.metric, "scope": scene.view.scope, "currency": scene.of.catalogue.currency}
