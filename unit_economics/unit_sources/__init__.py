"""The unit sources: one module a kind, one line here. Each hands over a day's units.

Here: the registry. Not here: anything about one kind of source.
"""

from unit_economics.entries.adapters import UnitSource
from unit_economics.unit_sources.datadog import DatadogUnits
from unit_economics.unit_sources.files import FileUnits
from unit_economics.unit_sources.google_sheets import GoogleSheetUnits
from unit_economics.unit_sources.http_json import HttpJsonUnits
from unit_economics.unit_sources.postgres import PostgresUnits
from unit_economics.unit_sources.prometheus import PrometheusUnits
from unit_economics.unit_sources.sql import SqlUnits

KINDS: dict[str, type[UnitSource]] = {
    "postgres": PostgresUnits,
    "sql": SqlUnits,
    "files": FileUnits,
    "prometheus": PrometheusUnits,
    "datadog": DatadogUnits,
    "google_sheets": GoogleSheetUnits,
    "http_json": HttpJsonUnits,
}
