"""The tags of a charge in Spark's SQL: the same values as tags.py picks with DuckDB.

Here: picking the keys from JSON, maps, entries, structs and a prepared delivery's own columns. Not here: the other
columns (spark_columns.py).
"""

from collections.abc import Sequence

from unit_economics.cost_sources.focus import tags
from unit_economics.cost_sources.focus.engines.translation import literal, name
from unit_economics.cost_sources.focus.layout import Layout

_STRICT = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')"
_LENIENT = r"(?is)^\s*\{.*(,\s*[}\]]|nan|inf)"
_TAGS = name("Tags", "spark")
_TEXT = f"cast({_TAGS} as string)"
"""A column that is empty throughout is one of whole numbers to Spark."""


def with_parsed(layout: Layout, relation: str, keys: Sequence[str]) -> str:
    """JSON is parsed once a row. In brackets, because Spark takes what begins with an object for JSON."""
    if not _is_parsed(layout, keys):
        return relation
    small = f"case when octet_length({_json(layout)}) <= {tags.LARGEST} then concat('[', {_json(layout)}, ']') end"
    objects = f"from_json({small}, 'array<map<string, string>>', {_STRICT})"
    return (
        "(select *, case when size(tag_objects) = 1 then tag_objects[0] end as tag_values"
        f" from (select *, {objects} as tag_objects from {relation}))"
    )


def value(layout: Layout, key: str) -> str:
    """A key's value of a row; null where the key is missing or empty."""
    kind = layout.kind("Tags")
    if key in layout.tag_columns:
        found = name(tags.tag_column(layout.tag_columns.index(key), key), "spark")
    elif kind is None:
        found = "null"
    elif kind == "entries":
        found = f"get(filter({_TAGS}, entry -> entry.key = {literal(key, 'spark')}), 0).value"
    else:
        found = f"try_element_at({_TAGS if kind == 'map' else 'tag_values'}, {literal(key, 'spark')})"
    return f"nullif(cast({found} as string), '')"


def size(layout: Layout, keys: Sequence[str]) -> str:
    """How long the stated tags are; too long where an object has a comma too many or NaN, which only DuckDB reads."""
    if not _is_parsed(layout, keys) or layout.kind("Tags") == "struct":
        return "0"
    differs = f"tag_values is null and {_TEXT} rlike {literal(_LENIENT, 'spark')}"
    return f"case when {differs} then {tags.LARGEST + 1} else octet_length({_TEXT}) end"


def _json(layout: Layout) -> str:
    return f"to_json({_TAGS})" if layout.kind("Tags") == "struct" else _TEXT


def _is_parsed(layout: Layout, keys: Sequence[str]) -> bool:
    return layout.kind("Tags") in ("text", "struct") and not set(keys).issubset(layout.tag_columns)
