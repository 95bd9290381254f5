"""How engines that hold the bill as one table read and type its FOCUS columns, each in its own words.

Here: templates of SQL, one row an engine. Not here: the query around them (table.py), and its meaning (query.py).
Names are not quoted: each engine has a rule of its own for the case of names that are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TagForm = Literal["json", "map"]
FORMS: tuple[TagForm, ...] = ("json", "map")


@dataclass(frozen=True)
class Words:
    """An engine's SQL for one column.

    moment: a time in UTC without a zone, out of one with or without.
    money: an exact decimal, rounded half up at the twelfth decimal; null where the column holds none.
    tags: the value of a key: `key` is its literal, `path` that of a JSON path.
    before, after: what must be said around the query for the answer to be right.
    """

    text: str
    moment: str
    money: str
    tags: Mapping[TagForm, str]
    before: str = ""
    after: str = ""


WORDS = {
    "bigquery": Words(
        text="cast({column} as string)",
        moment="datetime(cast({column} as timestamp), 'UTC')",
        money="round(safe_cast(cast({column} as string) as bignumeric), 12)",
        tags={
            "json": "json_value({column}, {path})",
            "map": "(select entry.value from unnest({column}) as entry where entry.key = {key} limit 1)",
        },
    ),
    "snowflake": Words(
        text="cast({column} as varchar)",
        moment="cast(convert_timezone('UTC', cast({column} as timestamp_tz)) as timestamp_ntz)",
        money="try_to_decimal(to_varchar({column}), 38, 12)",
        tags={
            "json": "cast(get(try_parse_json({column}), {key}) as varchar)",
            "map": "cast(get({column}, {key}) as varchar)",
        },
        before="alter session set timezone = 'UTC';\n",
    ),
    "trino": Words(
        text="cast({column} as varchar)",
        moment="cast(cast({column} as timestamp(6) with time zone) at time zone 'UTC' as timestamp(6))",
        money="try_cast(cast({column} as varchar) as decimal(38, 12))",
        tags={
            "json": "json_extract_scalar({column}, {path})",
            "map": "element_at({column}, {key})",
        },
        before="set time zone 'UTC';\n",
    ),
    "clickhouse": Words(
        text="cast({column} as Nullable(String))",
        moment="cast({column} as Nullable(DateTime64(6, 'UTC')))",
        money="cast(round(toDecimal256OrNull(toString({column}), 24), 12) as Nullable(Decimal(76, 12)))",
        tags={
            "json": "JSONExtract({column}, {key}, 'Nullable(String)')",
            "map": "{column}[{key}]",
        },
        after="\nsettings group_by_use_nulls = 1, session_timezone = 'UTC'",
    ),
}
