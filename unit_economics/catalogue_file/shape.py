"""The catalogue's shape as JSON Schema, walked beside a YAML tree: which keys there are, how a text must look.

Here: what is known before validation, so that pydantic's lenient texts ("0" as a date, "1_000" as a number) never
reach it. Not here: YAML (yaml.py), and validation itself (the types in catalogue.py).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

from pydantic import BaseModel

from unit_economics.catalogue_file.tree import Leaf, Node, Problem

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Schema: TypeAlias = "dict[str, Json]"

_TEXTS = {
    "date": (re.compile(r"\d{4}-\d\d-\d\d", re.ASCII), "must be a date like 2024-01-31"),
    "duration": (re.compile(r"P[\dTYMWDHS.]+", re.ASCII), "must be a duration like PT2H or P35D"),
    "decimal": (re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII), "must be a plain number like 0.8"),
}


@dataclass(frozen=True)
class Shape:
    """A place in the schema; `definitions` are those of the whole."""

    schema: Schema
    definitions: Schema

    @classmethod
    def of(cls, model: type[BaseModel]) -> "Shape":
        """The shape of this model as a user writes it: all but the version, which is computed."""
        schema = cast("Schema", model.model_json_schema())
        written: Schema = {key: value for key, value in _dict(schema["properties"]).items() if key != "version"}
        return cls({**schema, "properties": written}, _dict(schema.get("$defs")))

    def alternatives(self, node: Node | None) -> Iterator["Shape"]:
        """What may be here, references followed; of several kinds the one that the node says it is."""
        schema = self.schema
        if "$ref" in schema:
            yield from self._named(str(schema["$ref"])).alternatives(node)
        elif "discriminator" in schema:
            yield from self._of_kind(_dict(_dict(schema["discriminator"])["mapping"]), node)
        elif isinstance(several := schema.get("anyOf"), list):
            for one in several:
                yield from Shape(_dict(one), self.definitions).alternatives(node)
        elif isinstance(several := schema.get("oneOf"), list):  # no discriminator: one of its forms says its `kind`
            for one in several:
                if ("discriminator" in _dict(one)) == (node is None or node.child("kind") is not None):
                    yield from Shape(_dict(one), self.definitions).alternatives(node)
        else:
            yield self

    def keys(self, node: Node | None) -> list[str]:
        """The keys that are allowed here."""
        return [key for one in self.alternatives(node) for key in _dict(one.schema.get("properties"))]

    def forms(self, node: Node | None) -> list[list[str]]:
        """The keys of each form that a mapping may have here; several where it is one of several kinds."""
        return [list(_dict(one.schema["properties"])) for one in self.alternatives(node) if "properties" in one.schema]

    def child(self, key: str, node: Node | None) -> "Shape":
        """The shape under this key; an empty one, which allows anything, where the key is not known."""
        for one in self.alternatives(node):
            found = _dict(one.schema.get("properties")).get(key) or _any_key(one.schema)
            if isinstance(found, dict):
                return Shape(found, self.definitions)
        return Shape({}, self.definitions)

    def text_form(self) -> str | None:
        """`date`, `duration` or `decimal` where text may be nothing else."""
        plain = [one.schema for one in self.alternatives(None)]
        texts = [one for one in plain if one.get("type") == "string"]
        if texts and any(one.get("type") == "number" for one in plain):
            return "decimal"
        forms = {str(one.get("format")) for one in texts}
        return forms.pop() if len(forms) == 1 else None

    def _named(self, reference: str) -> "Shape":
        return Shape(_dict(self.definitions[reference.rpartition("/")[2]]), self.definitions)

    def _of_kind(self, mapping: Schema, node: Node | None) -> Iterator["Shape"]:
        kind = node.child("kind") if node else None
        chosen = mapping.get(kind.inside.source) if kind and isinstance(kind.inside, Leaf) else None
        if chosen:
            yield from self._named(str(chosen)).alternatives(node)


def as_json(node: Node, shape: Shape, problems: list[Problem], path: tuple[str, ...] = ()) -> str:
    """The tree as JSON, with exact decimals as text; what pydantic would misread goes to `problems`."""
    if isinstance(node.inside, Leaf):
        return _leaf_as_json(node, node.inside, shape, problems, path)
    if isinstance(node.inside, list):
        items = [as_json(n, shape.child("", node), problems, (*path, str(i))) for i, n in enumerate(node.inside)]
        return f"[{','.join(items)}]"
    pairs = (
        f"{json.dumps(key)}:{as_json(child, shape.child(key, node), problems, (*path, key))}"
        for key, child in node.inside.items()
    )
    return f"{{{','.join(pairs)}}}"


def _leaf_as_json(node: Node, leaf: Leaf, shape: Shape, problems: list[Problem], path: tuple[str, ...]) -> str:
    form = shape.text_form()
    if leaf.is_text and form in _TEXTS:
        pattern, text = _TEXTS[form]
        if not pattern.fullmatch(leaf.source):
            problems.append(Problem(node.place, path, text))
    # As a JSON number, a decimal would pass through a binary float and lose digits.
    exact = form == "decimal" and "." in leaf.source
    return json.dumps(leaf.source) if leaf.is_text or exact else leaf.source


def _any_key(schema: Schema) -> Json:
    named = next(iter(_dict(schema.get("patternProperties")).values()), None)
    return named or schema.get("additionalProperties") or schema.get("items")


def _dict(value: Json) -> Schema:
    return value if isinstance(value, dict) else {}
