"""Pydantic's complaints about a catalogue in a user's words, each with its line.

Here: where a complaint belongs in the file, and what it says; never the value itself, which may be a secret.
Not here: the rules (catalogue.py and the adapters' own entries).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from unit_economics.catalogue import Name
from unit_economics.catalogue_file.shape import Shape
from unit_economics.catalogue_file.tree import Leaf, Node, Problem
from unit_economics.entries.allocation import Target
from unit_economics.entries.dashboard import Address, HeaderName, HostName
from unit_economics.entries.entry import Variable
from unit_economics.nearest import closest
from unit_economics.refusals import UsageRefusal

MOST_SHOWN = 50

_NUMBER_SAID = "must be a number, without quotes"
_SAID = {
    "missing": "is missing",
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": _NUMBER_SAID,
    "decimal_type": _NUMBER_SAID,
    "decimal_parsing": _NUMBER_SAID,
    "bool_type": "must be true or false, without quotes",
    "date_type": "must be a date like 2024-01-31",
    "date_parsing": "must be a date like 2024-01-31",
    "time_delta_type": "must be a duration like PT2H or P35D",
    "time_delta_parsing": "must be a duration like PT2H or P35D",
    "dict_type": "must hold keys and values",
    "model_type": "must hold keys and values",
    "model_attributes_type": "must hold keys and values",
    "list_type": "must be a list",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
_VARIABLE_SAID = (
    "write the NAME of the variable, like ORDERS_DATABASE_URL, never the value itself; the value belongs in .env"
)
_TEXTS_SAID = {
    Variable: _VARIABLE_SAID,
    Name: "a name starts with a lower-case letter, then lower-case letters, digits and _, 40 at most",
    Target: "a target starts with a lower-case letter, then lower-case letters, digits, _ and -, 60 at most",
    Address: "must be a URL like https://dagster.example.com, without user, password or query",
    HeaderName: "must be the name of an HTTP header, like X-Forwarded-User",
    HostName: "must be a host name in lower case, without scheme and port, like costs.example.com",
}
_PATTERNS = {next(part.metadata[0].pattern for part in get_args(text)[1:]): said for text, said in _TEXTS_SAID.items()}


def explain(error: ValidationError, tree: Node, shape: Shape) -> list[Problem]:
    """One problem a place; of a value that fits none of several forms, the complaints are joined."""
    details = error.errors(include_url=False, include_input=False)
    found = [_problem(part, tree, shape) for detail in details for part in _apart(detail)]
    joined: dict[tuple[str, ...], Problem] = {}
    for new in found:
        old = joined.get(new.path)
        # The same value said twice, or text and list both refused: one line in the answer.
        if old is None:
            joined[new.path] = new
        elif new.text not in old.text:
            joined[new.path] = Problem(old.place, old.path, f"{old.text}, or {new.text}")
    above = {path[:length] for path in joined for length in range(len(path))} - {()}
    return [one for one in joined.values() if one.path not in above]


def refusal(problems: Iterable[Problem], name: str) -> UsageRefusal:
    """Every problem in the order of the file, each as `file:line:column`."""
    ordered = sorted(set(problems))
    lines = [f"{name}:{p.place.line}:{p.place.column} {said(p)}" for p in ordered[:MOST_SHOWN]]
    if len(ordered) > MOST_SHOWN:
        lines.append(f"and {len(ordered) - MOST_SHOWN} more")
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    what = "\n  ".join([count, *lines])
    return UsageRefusal(what, where=name, remedy="Correct the file where it says so, then run the same again")


def said(problem: Problem) -> str:
    """The problem in words, without its place."""
    return f"{_dotted(problem.path)}{problem.text}"


def _apart(detail: ErrorDetails) -> Iterator[ErrorDetails]:
    """What a rule on the whole found wrong, a line each, as complaints of their own."""
    for line in detail["msg"].splitlines() if detail["type"] == "value_error" else [detail["msg"]]:
        yield {**detail, "msg": line}


def _problem(detail: ErrorDetails, tree: Node, shape: Shape) -> Problem:
    kind, location = detail["type"], _without_kind(detail["loc"])
    if kind == "value_error":
        detail["msg"], named = _named_in(detail["msg"].removeprefix("Value error, "), tree, location)
        location = (*location, *named)
    node, above, here, path = _follow(tree, shape, location)
    unknown = kind == "extra_forbidden"
    forms = here.child(path[-1], above).forms(node) if path and kind in {"missing", "model_type"} else []
    if unknown and path[-1] in here.keys(above):
        # Only another form than the one that is written doesn't know it.
        node, path, unknown, forms = above, path[:-1], False, here.forms(above)
    if kind == "missing" and len(forms) < 2:
        path = (*path, str(location[-1]))
    text = f"unknown key; {closest(path[-1], here.keys(above))}" if unknown else _said(detail, forms)
    key_first = unknown or location[-1:] == ("[key]",) or not isinstance(node.inside, Leaf)
    return Problem((key_first and node.key_place) or node.place, path, text)


def _follow(tree: Node, shape: Shape, location: Iterable[str | int]) -> tuple[Node, Node, Shape, tuple[str, ...]]:
    """The node at this location, the one above it with its shape, and the path of keys that led there.

    Parts that lead nowhere are pydantic's own words for the branch of a union.
    """
    node, above, here, below, path = tree, tree, shape, shape, ()
    for part in location:
        child = node.child(part)
        if child is not None:
            above, here = node, below
            below, node, path = below.child(str(part), node), child, (*path, str(part))
    return node, above, here, path


def _without_kind(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The location without the kind, which pydantic adds and the file has no level for."""
    if location[:1] == ("cost_sources",):
        return location if location[2:] == ("[key]",) else (*location[:2], *location[3:])
    if location[:1] == ("exchange_rates",):
        return (*location[:1], *location[2:])
    if location[:1] == ("metrics",) and location[2:3] == ("revenue",):
        # One level says which form it is, and every source inside has a kind of its own.
        first = 5 if location[3:4] == ("components",) else 4
        return (*location[:3], *location[4:first], *location[first + 1 :])
    if location[:1] == ("metrics",) and location[2:3] == ("units",):
        return (*location[:3], *location[4:])
    if (location[:1], location[2:3]) in {(("drivers",), ("quantity",)), (("quantities",), ("source",))}:
        return (*location[:3], *location[4:])
    return location


def _named_in(message: str, tree: Node, location: tuple[str | int, ...]) -> tuple[str, tuple[str, ...]]:
    """The message without the path that a rule on the whole begins it with, and that path; as it is if it has none."""
    said, _, rest = message.partition(": ")
    path = tuple(said.strip("'").split("."))
    node: Node | None = tree
    for part in (*location, *path):
        node = node.child(part) if node else None
    return (rest, path) if node else (message, ())


def _said(detail: ErrorDetails, forms: Sequence[Sequence[str]]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if len(forms) > 1:
        return f"must hold exactly one of {', '.join(key for keys in forms for key in keys)}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    if kind == "union_tag_invalid":
        kinds = re.findall(r"'([^']*)'", context["expected_tags"])
        return f"unknown kind; {closest(context['tag'], kinds)}"
    if kind == "union_tag_not_found":
        return "needs a `kind`"
    if kind == "value_error":
        return _hidden(detail["msg"])
    return _SAID.get(kind) or detail["msg"].replace("Input should", "must")


def _hidden(message: str) -> str:
    return re.sub(r"\S+://\S*@\S*", "(a URL with a password)", message)


def _dotted(path: tuple[str, ...]) -> str:
    # A value pasted where a key belongs must not be printed either: a URL, or something long or unreadable.
    shown = [key if re.fullmatch(r"[\w.:<?-]{1,60}(/[\w.:-]{1,60})?", key) else "(...)" for key in path]
    return f"{'.'.join(shown)}: " if path else ""
