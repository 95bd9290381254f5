"""The bill's columns as Spark reads and types them: the same values as DuckDB's in query.py, row by row.

Here: the SQL over a relation whose columns have their FOCUS names. Not here: making that relation (spark.py,
spark_csv.py), tags (spark_tags.py), and everything after the columns are typed (query.py, translated).

Where Spark is more generous than DuckDB it is held back, and where the two would read one text differently the row is
at fault: many machines may refuse more than one does, but they never count otherwise.
"""

from collections.abc import Mapping

from unit_economics.cost_sources.focus import day_rule
from unit_economics.cost_sources.focus.engines import spark_tags
from unit_economics.cost_sources.focus.engines.translation import literal, name
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.cost_sources.focus.query import COST_FIELDS, MONEY, TIME_FIELDS, Asked, focus_name
from unit_economics.exact import LARGEST

Types = Mapping[str, str]
"""The columns that are there, by their FOCUS names, with Spark's word for what is in them."""

_MINUTES = r"\s*\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{1,2}"
_ZONE = r"(?:Z| UTC|[+-]\d{2}(?::?\d{2})?)?\s*"
_MOMENT = rf"^(?:\s*\d{{4}}-\d{{1,2}}-\d{{1,2}}|{_MINUTES}(?::\d{{1,2}}(?:\.\d*)?)?{_ZONE})\z"
"""The times that both read, and read alike."""
_WITHOUT_SECONDS = rf"^({_MINUTES})({_ZONE})\z"
_NUMBER = r"^\s*[-+0-9.eE]+\s*\z"
"""Java would take the digits of other scripts too."""
_SHORTEST = {
    "float": "com.fasterxml.jackson.core.io.schubfach.FloatToDecimal",
    "double": "com.fasterxml.jackson.core.io.schubfach.DoubleToDecimal",
}
"""What writes a float with the fewest digits that mean it: before version 19, Java itself writes some with more."""


def typed(layout: Layout, relation: str, asked: Asked, types: Types) -> str:
    """What query.py calls typed rows, out of a relation that has the name of the file as `filename`."""
    listed = [
        "filename as file",
        *(f"{_moment(field, types)} as {column}" for column, field in TIME_FIELDS.items()),
        *(f"{_text(field, types)} as {column}" for column, field in asked.fields.items()),
        *(f"{_text(field, types)} as stated_{column}" for column, field in COST_FIELDS.items()),
        *(f"{_text(focus_name(field), types)} as {column}" for field, column in asked.rule_columns.items()),
        *(f"{_money(field, types)} as {column}" for column, field in COST_FIELDS.items()),
        *(f"{spark_tags.value(layout, key)} as tag_{nth}" for nth, key in enumerate(asked.read_keys)),
        f"{spark_tags.size(layout, asked.read_keys)} as tags_size",
    ]
    source = spark_tags.with_parsed(layout, relation, asked.read_keys)
    return f"select {', '.join(listed)} from {source} where {_within(asked, types)}"


def share(cost: str) -> str:
    """The nth share of a long charge, as day_rule.share: without its rest a cost can be divided exactly.

    In DuckDB's dialect, to be translated. The casts keep each step within the 38 digits of Spark's decimals.
    """
    step = "cast('0.000000000001' as decimal(12, 12))"
    stated = f"cast({cost} as decimal(36, 12))"
    rest = f"({stated} % (days_covered * {step}))"
    last = f"case when nth * {step} >= abs({rest}) then 0 when {rest} < 0 then -{step} else {step} end"
    return f"cast(({stated} - {rest}) / days_covered + {last} as {MONEY})"


def _text(field: str, types: Types) -> str:
    return f"nullif(cast({name(field, 'spark')} as string), '')" if field in types else "cast(null as string)"


def _moment(field: str, types: Types) -> str:
    """A timestamp without a zone, in UTC as the session thinks. Nanoseconds come as whole numbers and are rounded."""
    column = name(field, "spark")
    if types[field] == "string":
        whole = f"regexp_replace({column}, {_pattern(_WITHOUT_SECONDS)}, '$1:00$2')"
        moment = f"case when {column} rlike {_pattern(_MOMENT)} then try_cast({whole} as timestamp) end"
    elif types[field] == "bigint":
        moment = f"timestamp_micros(cast(round(cast({column} as decimal(20, 0)) / 1000) as bigint))"
    else:
        moment = column
    return f"cast({moment} as timestamp_ntz)"


def _money(field: str, types: Types) -> str:
    """An exact decimal, rounded half up at the twelfth decimal; a float counts as its shortest decimal says."""
    column, kind = name(field, "spark"), types[field]
    if kind == "string":
        cast = f"case when {column} rlike {_pattern(_NUMBER)} then try_cast({column} as {MONEY}) end"
    elif kind in _SHORTEST:
        shortest = f"java_method({literal(_SHORTEST[kind], 'spark')}, 'toString', {column})"
        cast = f"try_cast(case when {column} is not null then {shortest} end as {MONEY})"
    else:
        cast = f"try_cast({column} as {MONEY})"
    low, high = (f"cast('{bound:f}' as {MONEY})" for bound in (-LARGEST, LARGEST))
    # Without abs(): Spark rounds what it changes the sign of to 34 digits.
    return f"case when {cast} > {low} and {cast} < {high} then {cast} end"


def _within(asked: Asked, types: Types) -> str:
    """Only rows that can touch the days, on the stored column where it allows row groups to be passed over."""
    span = day_rule.span(asked.days, asked.calendar)

    def bound(field: str, comparison: str, moment: object) -> str:
        if types[field] == "timestamp":
            return f"{name(field, 'spark')} {comparison} timestamp '{moment} UTC'"
        return f"{_moment(field, types)} {comparison} timestamp_ntz '{moment}'"

    starts, ends = TIME_FIELDS["starts"], TIME_FIELDS["ends"]
    after = bound(ends if asked.is_spread else starts, ">=", span.first)
    unknown = " or ".join(f"{_moment(field, types)} is null" for field in (starts, ends))
    return f"({unknown} or ({after} and {bound(starts, '<', span.end)}))"


def _pattern(regex: str) -> str:
    return literal(regex, "spark")
