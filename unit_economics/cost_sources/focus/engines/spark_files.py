"""The parts of a bill as relations of a Spark session, those of one layout as one, with the columns that are asked for.

Here: which files and columns, and how Spark names them. Not here: what CSV is (spark_csv.py), the types of the columns
(spark_columns.py).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.engines import spark_csv
from unit_economics.cost_sources.focus.engines.translation import name
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.cost_sources.focus.query import COST_FIELDS, TIME_FIELDS, Asked, focus_name
from unit_economics.cost_sources.focus.tags import tag_column
from unit_economics.object_storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_MAGIC = frozenset("*?[]{},\\")


def by_layout(layouts: Mapping[Part, Layout]) -> dict[Layout, list[Part]]:
    """The parts of each layout, in their order."""
    groups: dict[Layout, list[Part]] = {}
    for part, layout in layouts.items():
        groups.setdefault(layout, []).append(part)
    return groups


def relation(
    session: "SparkSession", storage: Storage, layout: Layout, parts: Sequence[Part], asked: Asked
) -> "DataFrame":
    """The rows of these parts with the name of their file as `filename`."""
    columns = [column for column in layout.columns if column in _asked_for(layout, asked)]
    if not layout.is_parquet:
        return spark_csv.rows(session, storage, layout, parts, columns, asked)
    # Looked up one by one: folders named like `BILLING_PERIOD=2026-01` would otherwise become columns.
    files = session.read.option("recursiveFileLookup", "true").parquet(*(_url(storage, part) for part in parts))
    return files.selectExpr("_metadata.file_path as filename", *(name(column, "spark") for column in columns))


def named(file: str, parts: Mapping[Part, Layout]) -> Part:
    """The part that Spark names by its URL, or DuckDB by its path."""
    names = (file, unquote(file))
    return next(part for part in parts if any(name.endswith(part.file.path) for name in names))


def _asked_for(layout: Layout, asked: Asked) -> set[str]:
    fields = {
        *TIME_FIELDS.values(),
        *asked.fields.values(),
        *COST_FIELDS.values(),
        *map(focus_name, asked.rule_columns),
    }
    if not asked.read_keys:
        return fields
    return {*fields, "Tags", *(tag_column(place, key) for place, key in enumerate(layout.tag_columns))}


def _url(storage: Storage, part: Part) -> str:
    """How Spark names the file; its wildcards are disarmed."""
    path = "".join(f"\\{letter}" if letter in _MAGIC else letter for letter in part.file.path)
    if storage.is_local:
        return f"file://{path}"
    place = urlsplit(storage.shown)
    return f"{'s3a' if place.scheme == 's3' else place.scheme}://{place.netloc}/{path.partition('/')[2]}"
