"""A YAML file as a tree: every value with its place, so that each later complaint can name a line.

Here: these types. Not here: reading (yaml.py), meaning (catalogue.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """Where in the file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: where, at which path of keys, and in plain words. It never holds a value."""

    place: Place
    path: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Leaf:
    """A single value by its source text, so that no digit is lost before its type is known."""

    source: str
    is_text: bool


@dataclass(frozen=True)
class Node:
    """A value with its place, and the place of its key where it has one."""

    inside: "dict[str, Node] | list[Node] | Leaf"
    place: Place
    key_place: Place | None = None

    def child(self, key: str | int) -> "Node | None":
        """What is under this key or at this position, if anything is."""
        if isinstance(self.inside, dict):
            return self.inside.get(str(key))
        if isinstance(self.inside, list) and str(key).isdecimal() and int(key) < len(self.inside):
            return self.inside[int(key)]
        return None

    def place_of(self, path: Sequence[str]) -> Place:
        """Where this path of keys leads: to the last key of it that is there."""
        node, place = self, self.key_place or self.place
        for part in path:
            below = node.child(part)
            if below is None:
                break
            node, place = below, below.key_place or below.place
        return place


NOWHERE = Node({}, Place(1, 1))
"""The tree of a file in which nothing can be pointed at."""
