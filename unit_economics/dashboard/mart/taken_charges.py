"""Which charges a scope takes, and why it leaves the others: its conditions, as words and as SQL.

Here: one charge, judged. Not here: sums (panels/unallocated.py, panels/explain.py), the unit cost (unit_cost.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from unit_economics.catalogue import CostScope, as_list
from unit_economics.dashboard.mart.slices import value_of

NO_VALUE = "(none)"
"""What a split scope calls the charges without the tag or the column that it splits by."""
_ORDINARY = ("Usage", "n/a")


@dataclass(frozen=True)
class Condition:
    """A charge belongs if this column, or this tag, has one of the accepted values; None is no value at all."""

    name: str
    is_tag: bool
    accepted: frozenset[str | None]


@dataclass(frozen=True)
class Charge:
    """What the conditions look at: FOCUS columns by name, and tags by key."""

    columns: Mapping[str, str | None]
    tags: Mapping[str, str] = field(default_factory=dict)

    def value(self, condition: Condition) -> str | None:
        """This charge's value; a tag that is not there counts as "(none)", as in the unit costs."""
        return self.tags.get(condition.name, NO_VALUE) if condition.is_tag else self.columns.get(condition.name)


def conditions_of(entry: CostScope, scope: str) -> Sequence[Condition]:
    """The conditions of a scope, all of which must hold; of a split scope's slice with its own value."""
    found = [Condition(name, is_tag=False, accepted=frozenset(values)) for name, values in entry.where.columns.items()]
    tags = entry.where.tags.items()
    found += [Condition(key, is_tag=True, accepted=frozenset(as_list(values))) for key, values in tags]
    if entry.by is None or ":" not in scope:
        return found
    value = value_of(scope, entry.by)
    if entry.by.tag is not None:
        return [*found, Condition(entry.by.tag, is_tag=True, accepted=frozenset({value}))]
    values = frozenset({value, None} if value == NO_VALUE else {value})
    return [*found, Condition(entry.by.column or "", is_tag=False, accepted=values)]


def reason_of(where: Sequence[Condition], charge: Charge) -> str | None:
    """Why a scope does not take a charge, in a few words; None where it does.

    What is no usage (tax, credits, purchases) is called that, since it rarely has the tags that are asked for; of
    everything else the first condition that does not hold is the reason.
    """
    broken = next((one for one in where if charge.value(one) not in one.accepted), None)
    if broken is None:
        return None
    category = charge.columns.get("charge_category")
    if category and category not in _ORDINARY:
        return category
    value, name = charge.value(broken), broken.name if broken.is_tag else column_name(broken.name)
    if value is None or (broken.is_tag and value == NO_VALUE):
        return f"no {name} tag" if broken.is_tag else f"no {name}"
    return f"{name} = {value}"


def column_name(column: str) -> str:
    """`service`, `account`, `charge category`: a FOCUS column for people."""
    return column.removeprefix("sub_").removesuffix("_name").removesuffix("_id").replace("_", " ")


def value_sql(condition: Condition) -> sql.Composable:
    """A charge's value of this condition, as `Charge.value` has it."""
    if not condition.is_tag:
        return sql.Identifier(condition.name)
    return sql.SQL("coalesce(tags ->> {}, {})").format(sql.Literal(condition.name), sql.Literal(NO_VALUE))


def where_sql(where: Sequence[Condition]) -> sql.Composable:
    """Whether a row of `cloud_costs` is taken: a condition for `and`, "true" where there is none."""
    return sql.SQL(" and ").join(map(_holds, where)) if where else sql.SQL("true")


def _holds(condition: Condition) -> sql.Composable:
    value = value_sql(condition)
    texts = sorted(text for text in condition.accepted if text is not None)
    is_one = sql.SQL("{} in ({})").format(value, sql.SQL(", ").join(map(sql.Literal, texts)))
    if None not in condition.accepted:
        return is_one
    return sql.SQL("({} is null or {})").format(value, is_one)
