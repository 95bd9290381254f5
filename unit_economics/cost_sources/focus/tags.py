"""The tags of a charge as SQL, from JSON text and from the nested types of Parquet.

Here: picking the asked keys, exactly as they are spelled. Not here: the other columns (query.py).
Tags that nobody asks for are neither read nor parsed.
"""

from collections.abc import Sequence

from unit_economics.cost_sources.focus.layout import Layout

LARGEST = 1_000_000


def with_parsed(layout: Layout, rows: str, keys: Sequence[str]) -> str:
    """Tags in JSON are parsed once a row, for the asked keys only; what is no JSON holds no tags."""
    if not keys or layout.kind("Tags") not in ("text", "struct"):
        return rows
    column = column_sql(layout, "Tags")
    json = f"to_json({column})" if layout.kind("Tags") == "struct" else column
    pointers = ", ".join(literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys)
    small = f"strlen({json}) <= {LARGEST} and json_valid({json})"
    return f"(select *, case when {small} then json_extract_string({json}, [{pointers}]) end as tag_values from {rows})"


def value(layout: Layout, key: str, nth: int) -> str:
    """The nth asked key's value of a row; null where the key is missing or empty."""
    column, kind = column_sql(layout, "Tags"), layout.kind("Tags")
    if kind == "map":
        found = f"{column}[{literal(key)}]"
    elif kind == "entries":
        found = f"list_filter({column}, lambda entry: entry.key = {literal(key)})[1].value"
    elif kind is None:
        found = "null"
    else:
        found = f"tag_values[{nth + 1}]"
    return f"nullif(cast({found} as varchar), '')"


def size(layout: Layout) -> str:
    """How long the stated tags are: a giant is refused before anything parses it."""
    return f"strlen({column_sql(layout, 'Tags')})" if layout.kind("Tags") == "text" else "0"


def column_sql(layout: Layout, field: str) -> str:
    """How the field is called in SQL: by position in a CSV, whose names are compared beforehand."""
    if layout.kind(field) is None:
        return "cast(null as varchar)"
    return f'"{field}"' if layout.is_parquet else f"c{layout.columns.index(field)}"


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
