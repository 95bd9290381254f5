"""The scan's SQL in the words of another engine: parsed as DuckDB's, written as the other's (sqlglot).

Here: the translation, and what sqlglot leaves in words that the other engine does not have or means otherwise. Not
here: what the query says (query.py, day_rule.py, rule_sql.py), or how an engine reads its columns.
"""

import re
from collections.abc import Callable
from typing import Literal

import sqlglot
from sqlglot import ErrorLevel, Expr, exp

Dialect = Literal["spark", "bigquery", "snowflake", "trino", "clickhouse"]
Change = Callable[[Expr], Expr]


def translated(sql: str, dialect: Dialect) -> str:
    """The query in another dialect; an error where sqlglot knows that a part of it can't be said there."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for change in [_plain_division, _one_of, *_CHANGES[dialect]]:
        tree = tree.transform(change)
    return tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)


def literal(text: str, dialect: Dialect) -> str:
    """The text as a literal of the dialect."""
    return exp.Literal.string(text).sql(dialect=dialect)


def name(column: str, dialect: Dialect) -> str:
    """The column as a quoted identifier of the dialect."""
    return exp.to_identifier(column, quoted=True).sql(dialect=dialect)


def _plain_division(node: Expr) -> Expr:
    """Decimals are divided as decimals; sqlglot would go by DOUBLE where the other engine divides whole numbers."""
    if isinstance(node, exp.Div):
        node.args.update(typed=True, safe=False)
    return node


def _one_of(node: Expr) -> Expr:
    """`regexp_full_match(column, 'USD|EUR')` as a list of values: regular expressions differ everywhere."""
    if isinstance(node, exp.RegexpFullMatch):
        words = node.expression.name.split("|")
        return exp.In(this=node.this, expressions=[exp.Literal.string(word) for word in words])
    return node


def _own_escape(node: Expr) -> Expr:
    """LIKE with a backslash, where ESCAPE can't be said."""
    if isinstance(node, exp.Escape) and isinstance(node.this, exp.Like):
        pattern = node.this.expression.name.replace("\\", "\\\\")
        own = re.sub(f"{node.expression.name}(.)", _escaped, pattern, flags=re.DOTALL)
        return exp.Like(this=node.this.this, expression=exp.Literal.string(own))
    return node


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] in "%_" else found[1]


def _position(node: Expr) -> Expr:
    """A letter in a text by its position: CONTAINS is something else there."""
    if isinstance(node, exp.Contains):
        return exp.paren(
            exp.GT(this=exp.StrPosition(this=node.this, substr=node.expression), expression=exp.Literal.number(0))
        )
    return node


_CHANGES: dict[Dialect, list[Change]] = {
    "spark": [],
    "bigquery": [_own_escape, _position],
    "snowflake": [],
    "trino": [_position],
    "clickhouse": [_own_escape],
}
