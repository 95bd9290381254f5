"""The rules of an allocation as SQL: the same questions in the same order as allocation/rules.py asks of one charge.

Here: text that every engine understands (`case`, `in`, `like`). Not here: where the columns come from (query.py).
Every condition is true or false, never null: what is negated would otherwise be lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unit_economics.allocation.rules import BETWEEN, UNUSED
from unit_economics.cost_sources.focus.tags import literal
from unit_economics.entries.allocation import LEFT_OUT, PARTS, UNALLOCATED, UNUSED_COMMITMENT, Allocation, Dated
from unit_economics.entries.conditions import Asked, Match

_ESCAPE = "!"


@dataclass(frozen=True)
class Names:
    """What a FOCUS column and a tag are called in the relation that is asked."""

    column: Callable[[str], str]
    tag: Callable[[str], str]


def taken_by(allocation: Allocation, names: Names) -> str:
    """An expression for the name of the rule that takes a row, as `rules.taken_by`."""
    before = {
        LEFT_OUT: [_holds(PARTS[part], names) for part in allocation.leave_out],
        UNUSED_COMMITMENT: [_holds(UNUSED, names)],
    }
    first = " ".join(f"when {' or '.join(tests)} then {literal(line)}" for line, tests in before.items() if tests)
    rules = [
        (f"{_dated(rule)}{_holds(rule.where, names)}", allocation.name_of(place))
        for place, rule in enumerate(allocation.rules)
    ]
    if allocation.overlap == "first_wins":
        each = " ".join(f"when {test} then {literal(name)}" for test, name in rules)
        return f"case {first} {each} else {literal(UNALLOCATED)} end"
    return f"case {first} else {_every(rules)} end"


def is_untagged(keys: Sequence[str], names: Names) -> str:
    """An expression for whether a row has none of these tags, as `rules.is_untagged`."""
    return f"({' and '.join(f'{names.tag(key)} is null' for key in keys)})" if keys else "false"


def columns_of(allocations: Sequence[Allocation]) -> list[str]:
    """The FOCUS columns, in snake_case, that the rules look at."""
    found = set[str]().union(*(allocation.columns for allocation in allocations))
    return sorted(found | set(UNUSED.columns)) if allocations else []


def _every(rules: Sequence[tuple[str, str]]) -> str:
    parts = [f"case when {test} then {literal(BETWEEN + name)} else '' end" for test, name in rules]
    joined = f"concat({', '.join(parts)}, '')"
    return f"case when {joined} = '' then {literal(UNALLOCATED)} else substring({joined}, {len(BETWEEN) + 1}) end"


def _dated(rule: Dated) -> str:
    since = f"business_date >= date '{rule.since}' and " if rule.since else ""
    until = f"business_date < date '{rule.until}' and " if rule.until else ""
    return since + until


def _holds(match: Match, names: Names) -> str:
    tests = [_is_as_asked(asked, names.column(name)) for name, asked in match.columns.items()]
    tests += [_is_as_asked(asked, names.tag(key)) for key, asked in match.tags.items()]
    if match.either:
        tests.append(f"({' or '.join(_holds(one, names) for one in match.either)})")
    if match.negated:
        tests.append(f"not {_holds(match.negated, names)}")
    return f"({' and '.join(tests)})"


def _is_as_asked(asked: Asked, column: str) -> str:
    if isinstance(asked, str):
        return f"coalesce({column} = {literal(asked)}, false)"
    if isinstance(asked, list):
        return f"coalesce({column} in ({', '.join(map(literal, asked))}), false)"
    tests: list[str] = []
    if asked.prefix is not None:
        tests.append(_is_like(column, _plain(asked.prefix) + "%"))
    if asked.glob is not None:
        tests.append(_is_like(column, "".join({"*": "%", "?": "_"}.get(c) or _plain(c) for c in asked.glob)))
    if asked.present is not None:
        tests.append(f"{column} is {'not ' if asked.present else ''}null")
    if asked.negated is not None:
        tests.append(f"not {_is_as_asked(asked.negated, column)}")
    return f"({' and '.join(tests)})"


def _is_like(column: str, pattern: str) -> str:
    return f"coalesce({column} like {literal(pattern)} escape '{_ESCAPE}', false)"


def _plain(text: str) -> str:
    return "".join(_ESCAPE + letter if letter in "%_" + _ESCAPE else letter for letter in text)
