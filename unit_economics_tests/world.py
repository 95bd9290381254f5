"""A whole deployment for a test: a real PostgreSQL for orders and mart, a catalogue, and the graph run in process.

Here: building and running it. Not here: assertions, or faults (faults/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg

from unit_economics.automation import range_tags
from unit_economics.business_days import DayRange
from unit_economics.definitions import code_location
from unit_economics.deployment import Deployment
from unit_economics.environment import deployment


@dataclass
class World:
    """One deployment in a folder; orders and mart share a database, in schemas of their own."""

    folder: Path
    url: str
    catalogue: str
    instance: dg.DagsterInstance
    variables: Mapping[str, str] = field(default_factory=dict)
    now: datetime | None = None

    def deployment(self) -> Deployment:
        """The deployment as environment.py would make it from variables and a file."""
        path = self.folder / "unit_economics.yaml"
        path.write_text(self.catalogue)
        urls = {"ORDERS_DATABASE_URL": self.url, "UNIT_ECONOMICS_DATABASE_URL": self.url}
        real = deployment({**urls, **self.variables}, path)
        moment = self.now
        return replace(real, outside=replace(real.outside, now=lambda: moment)) if moment else real

    def run(self, first: str, last: str, *assets: str) -> dg.ExecuteInProcessResult:
        """Materialise a range of days in one run."""
        definitions = code_location(self.deployment())
        found = [asset for asset in definitions.assets or () if isinstance(asset, dg.AssetsDefinition)]
        every = [asset for asset in found if isinstance(asset.partitions_def, dg.DailyPartitionsDefinition)]
        chosen = [asset for asset in every if not assets or asset.key.to_user_string() in assets]
        days = DayRange(datetime.fromisoformat(first).date(), datetime.fromisoformat(last).date())
        return dg.materialize(chosen, instance=self.instance, tags=range_tags(days), raise_on_error=False)

    def sql(self, query: str, *values: object) -> list[Any]:
        """Rows of a query on the mart; anything but a select is run for its effect."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []
