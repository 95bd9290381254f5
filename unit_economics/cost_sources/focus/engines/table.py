"""The scan as SQL to be run where the bill is a table with FOCUS columns: BigQuery, Snowflake, Trino, ClickHouse.

Here: the whole text. Not here: running it, the words of each engine (table_columns.py), the meaning (query.py).
The answer has a row for each day and dimensions, and one for each day and currency (`is_total`). Where one row of it
`is_faulty`, the table holds a charge that can't be counted, and none of the answer is to be used.
"""

from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from unit_economics.cost_sources.focus import day_rule, query
from unit_economics.cost_sources.focus.engines.table_columns import WORDS, TagForm, Words
from unit_economics.cost_sources.focus.engines.translation import literal, translated
from unit_economics.cost_sources.focus.query import COST_FIELDS, TIME_FIELDS, Asked, focus_name
from unit_economics.exact import LARGEST
from unit_economics.refusals import UsageRefusal

Dialect = Literal["bigquery", "snowflake", "trino", "clickhouse"]
DIALECTS: tuple[Dialect, ...] = ("bigquery", "snowflake", "trino", "clickhouse")


def scan_sql(dialect: Dialect, table: str, asked: Asked, tags: TagForm) -> str:
    """The statements, for a table that has every column that is asked for."""
    if asked.is_spread:
        raise UsageRefusal(
            "`long_charges: spread` is not compiled for other engines",
            where=f"scan for {dialect}",
            remedy="Scan with DuckDB or Spark, or count long charges on the day they start",
        )
    words = WORDS[dialect]
    rows = query.judged("select * from typed", asked, closely=False)
    core = translated(query.totals(rows, asked, file="null"), dialect)
    whole = f"with typed as ({_typed(dialect, table, asked, tags)}) {core}"
    shown = sqlglot.parse_one(whole, read=dialect).sql(dialect=dialect, pretty=True)
    return f"{words.before}{shown}{words.after};\n"


def _typed(dialect: Dialect, table: str, asked: Asked, tags: TagForm) -> str:
    words = WORDS[dialect]
    text = "nullif(" + words.text + ", '')"
    columns = [
        "null as file",
        *(f"{words.moment.format(column=field)} as {name}" for name, field in TIME_FIELDS.items()),
        *(f"{text.format(column=field)} as {name}" for name, field in asked.fields.items()),
        *(f"{text.format(column=field)} as stated_{name}" for name, field in COST_FIELDS.items()),
        *(f"{text.format(column=focus_name(field))} as {name}" for field, name in asked.rule_columns.items()),
        *(f"{_money(words, field)} as {name}" for name, field in COST_FIELDS.items()),
        *(f"{_tag(dialect, key, tags)} as tag_{nth}" for nth, key in enumerate(asked.read_keys)),
        "0 as tags_size",
    ]
    named = _named(dialect, table)
    return f"select {', '.join(columns)} from {named} where {_within(dialect, asked)}"


def _named(dialect: Dialect, table: str) -> str:
    try:
        return exp.to_table(table, dialect=dialect).sql(dialect=dialect)
    except SqlglotError as error:
        remedy = "Name it like billing.focus"
        raise UsageRefusal("this can't be the name of a table", where="--table", remedy=remedy) from error


def _money(words: Words, field: str) -> str:
    money = words.money.format(column=field)
    return f"case when abs({money}) < {LARGEST:f} then {money} end"


def _tag(dialect: Dialect, key: str, tags: TagForm) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    path = f'$["{escaped}"]' if dialect == "trino" else f'$."{escaped}"'
    found = WORDS[dialect].tags[tags].format(column="Tags", key=literal(key, dialect), path=literal(path, dialect))
    return f"nullif({found}, '')"


def _within(dialect: Dialect, asked: Asked) -> str:
    """Only rows that can touch the days."""
    span = day_rule.span(asked.days, asked.calendar)
    starts, ends = (WORDS[dialect].moment.format(column=field) for field in TIME_FIELDS.values())
    first, end = (
        translated(f"select timestamp '{moment}'", dialect).partition(" ")[2] for moment in (span.first, span.end)
    )
    return f"({starts} is null or {ends} is null or ({starts} >= {first} and {starts} < {end}))"
