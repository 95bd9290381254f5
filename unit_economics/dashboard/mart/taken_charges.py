"""Which charges a scope takes, and why it leaves the others: its conditions, as words and as SQL.

Here: one charge, judged. Not here: sums (panels/unallocated.py, panels/explain.py), the unit cost (unit_cost.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from psycopg import sql

from unit_economics.allocation.rules import BETWEEN
from unit_economics.dashboard.mart.slices import value_of
from unit_economics.entries.allocation import OWN_LINES, UNALLOCATED, UNUSED_COMMITMENT, Allocation
from unit_economics.entries.cost_scope import CostScope, as_list

NO_VALUE = "(none)"
"""What a split scope calls the charges without the tag or the column that it splits by."""
_ORDINARY = ("Usage", "n/a")


@dataclass(frozen=True)
class Condition:
    """A charge belongs if this column, this tag, or a rule that took it is one of the accepted; None is no value.

    held_in: `taken_by` for the rules of the cost scope `name`.
    """

    name: str
    held_in: Literal["columns", "tags", "taken_by"]
    accepted: frozenset[str | None]

    def takes(self, value: str | None) -> bool:
        """Whether a charge with this value belongs; several rules may have taken it."""
        values = value.split(BETWEEN) if value and self.held_in == "taken_by" else [value]
        return not self.accepted.isdisjoint(values)


@dataclass(frozen=True)
class Charge:
    """What the conditions look at: FOCUS columns by name, tags by key, and the rules that took it by cost scope."""

    columns: Mapping[str, str | None]
    tags: Mapping[str, str] = field(default_factory=dict)
    taken_by: Mapping[str, str] = field(default_factory=dict)

    def value(self, condition: Condition) -> str | None:
        """This charge's value; a tag that is not there counts as "(none)", as in the unit costs."""
        match condition.held_in:
            case "columns":
                return self.columns.get(condition.name)
            case "tags":
                return self.tags.get(condition.name, NO_VALUE)
            case "taken_by":
                return self.taken_by.get(condition.name, NO_VALUE)


def conditions_of(entry: CostScope, scope: str) -> Sequence[Condition]:
    """The conditions of a scope, all of which must hold; of a split scope's slice with its own value."""
    if entry.allocation:
        return _taken(entry.allocation, *scope.split(":", 1))
    found = [Condition(name, "columns", frozenset(values)) for name, values in entry.where.columns.items()]
    found += [Condition(key, "tags", frozenset(as_list(values))) for key, values in entry.where.tags.items()]
    if entry.by is None or ":" not in scope:
        return found
    value = value_of(scope, entry.by)
    if entry.by.tag is not None:
        return [*found, Condition(entry.by.tag, "tags", frozenset({value}))]
    values = frozenset({value, None} if value == NO_VALUE else {value})
    return [*found, Condition(entry.by.column or "", "columns", values)]


def taken_by_rules(entry: CostScope, scope: str) -> Sequence[Condition]:
    """What rules, or nobody's use, take of a whole scope with rules: the rest is what no rule took, or is left out."""
    if entry.allocation is None or ":" in scope:
        return []
    return [Condition(scope, "taken_by", frozenset({*entry.allocation.target_of, UNUSED_COMMITMENT}))]


def _taken(allocation: Allocation, name: str, target: str | None = None) -> Sequence[Condition]:
    """What the rules give to one target; or to any of them, where something is declared out."""
    if target is None and not allocation.leave_out:
        return []
    rules = {rule: to for rule, to in allocation.target_of.items() if target in (None, to)}
    own = [UNUSED_COMMITMENT, UNALLOCATED] if target is None else [target]
    return [Condition(name, "taken_by", frozenset({*rules, *own}))]


def reason_of(where: Sequence[Condition], charge: Charge) -> str | None:
    """Why a scope does not take a charge, in a few words; None where it does.

    What is no usage (tax, credits, purchases) is called that, since it rarely has the tags that are asked for; of
    everything else the first condition that does not hold is the reason.
    """
    broken = next((one for one in where if not one.takes(charge.value(one))), None)
    if broken is None:
        return None
    if broken.held_in == "taken_by":
        rule = charge.value(broken) or NO_VALUE
        return rule.replace("_", " ") if rule in OWN_LINES else f"goes to {rule}"
    category = charge.columns.get("charge_category")
    if category and category not in _ORDINARY:
        return category
    is_tag = broken.held_in == "tags"
    value, name = charge.value(broken), broken.name if is_tag else column_name(broken.name)
    if value is None or (is_tag and value == NO_VALUE):
        return f"no {name} tag" if is_tag else f"no {name}"
    return f"{name} = {value}"


def column_name(column: str) -> str:
    """`service`, `account`, `charge category`: a FOCUS column for people."""
    return column.removeprefix("sub_").removesuffix("_name").removesuffix("_id").replace("_", " ")


def value_sql(condition: Condition) -> sql.Composable:
    """A charge's value of this condition, as `Charge.value` has it."""
    if condition.held_in == "columns":
        return sql.Identifier(condition.name)
    held = sql.Identifier(condition.held_in)
    return sql.SQL("coalesce({} ->> {}, {})").format(held, sql.Literal(condition.name), sql.Literal(NO_VALUE))


def where_sql(where: Sequence[Condition]) -> sql.Composable:
    """Whether a row of `cloud_costs` is taken: a condition for `and`, "true" where there is none."""
    return sql.SQL(" and ").join(map(_holds, where)) if where else sql.SQL("true")


def _holds(condition: Condition) -> sql.Composable:
    value = value_sql(condition)
    texts = sorted(text for text in condition.accepted if text is not None)
    if condition.held_in == "taken_by":
        rules = sql.SQL(", ").join(map(sql.Literal, texts))
        return sql.SQL("string_to_array({}, {}) && array[{}]").format(value, sql.Literal(BETWEEN), rules)
    is_one = sql.SQL("{} in ({})").format(value, sql.SQL(", ").join(map(sql.Literal, texts)))
    if None not in condition.accepted:
        return is_one
    return sql.SQL("({} is null or {})").format(value, is_one)
