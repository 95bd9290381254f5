"""The tags of a charge as SQL, from JSON text and from the nested types of Parquet.

Here: picking the asked keys, exactly as they are spelled. Not here: the other columns (query.py).
Tags that nobody asks for are neither read nor parsed.
"""

from collections.abc import Sequence

from unit_economics.cost_sources.focus.layout import Layout

LARGEST = 1_000_000


def with_parsed(layout: Layout, rows: str, keys: Sequence[str]) -> str:
    """Tags in JSON are parsed once a row, for the asked keys only; what is no JSON holds no tags.

    Parsing each distinct text once was slower, however it was done: the texts would be read and compared twice.
    """
    if not _are_parsed(layout, keys) or layout.kind("Tags") not in ("text", "struct"):
        return rows
    column = column_sql(layout, "Tags")
    json = f"to_json({column})" if layout.kind("Tags") == "struct" else column
    pointers = ", ".join(literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys)
    parsed = f"case when strlen({json}) <= {LARGEST} then try(json_extract_string({json}, [{pointers}])) end"
    return f"(select *, {parsed} as tag_values from {rows})"


def value(layout: Layout, key: str, nth: int) -> str:
    """The nth asked key's value of a row; null where the key is missing or empty."""
    column, kind = column_sql(layout, "Tags"), layout.kind("Tags")
    if key in layout.tag_columns:
        found = quoted(tag_column(layout.tag_columns.index(key), key))
    elif kind == "map":
        found = f"{column}[{literal(key)}]"
    elif kind == "entries":
        found = f"list_filter({column}, lambda entry: entry.key = {literal(key)})[1].value"
    elif kind is None:
        found = "null"
    else:
        found = f"tag_values[{nth + 1}]"
    return f"nullif(cast({found} as varchar), '')"


def size(layout: Layout, keys: Sequence[str]) -> str:
    """How long the stated tags are: a giant is refused before anything parses it."""
    is_text = _are_parsed(layout, keys) and layout.kind("Tags") == "text"
    return f"strlen({column_sql(layout, 'Tags')})" if is_text else "0"


def tag_column(place: int, key: str) -> str:
    """What a prepared delivery calls the column of a tag; numbered, as DuckDB takes `App` and `app` for one name."""
    return f"tag_{place}:{key}"


def _are_parsed(layout: Layout, keys: Sequence[str]) -> bool:
    return not set(keys).issubset(layout.tag_columns)


def column_sql(layout: Layout, field: str) -> str:
    """How the field is called in SQL: by position in a CSV, whose names are compared beforehand."""
    if layout.kind(field) is None:
        return "cast(null as varchar)"
    return quoted(field) if layout.is_parquet else f"c{layout.columns.index(field)}"


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
