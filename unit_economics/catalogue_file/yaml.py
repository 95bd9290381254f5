"""YAML as the catalogue takes it: plain text, numbers, lists and mappings, every value with its line.

Here: parser events to a tree, and what YAML offers that a catalogue must not use. What several YAML readers would read
differently is refused, not chosen for the user (scalars.py). Not here: which keys there are (catalogue.py).
"""

import re
from collections.abc import Iterator
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import MarkedYAMLError, StreamMark
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from unit_economics.catalogue_file.scalars import complaint, plain_value
from unit_economics.catalogue_file.tree import Leaf, Node, Place, Problem

LARGEST_FILE = 256 * 1024
TOO_LARGE = f"larger than {LARGEST_FILE // 1024} kB"
DEEPEST = 20


def read_yaml(text: str) -> tuple[Node | None, list[Problem]]:
    """The one document in `text`, None where there is none to speak of, and all that is wrong with its YAML."""
    reader = _Reader()
    try:
        if len(text.encode(errors="surrogatepass")) > LARGEST_FILE:
            return None, [Problem(Place(1, 1), (), TOO_LARGE)]
        return reader.document(YAML(typ="safe", pure=True).parse(text)), reader.problems
    except MarkedYAMLError as error:
        return None, [*reader.problems, _syntax(error.problem or error.context, error.problem_mark)]
    except ReaderError as error:
        place = Place(text.count("\n", 0, error.position) + 1, 1)
        return None, [*reader.problems, Problem(place, (), "this line holds a character that YAML does not allow")]
    except (ValueError, OverflowError):
        # An escape beyond Unicode ("\UFFFFFFFF"): ruamel fails in chr(), without a line.
        text = "an escape (\\U...) that is no character, on this line or soon after it"
        return None, [*reader.problems, Problem(reader.last, (), text)]


def _syntax(problem: str | None, mark: StreamMark | None) -> Problem:
    # What ruamel quotes may be a part of a secret; single characters are what explains a syntax error.
    said = re.sub(r"'[^']{3,}'|\"[^\"]{3,}\"", "(...)", problem or "not readable")
    return Problem(_place(mark), (), f"not valid YAML: {said}")


def _place(mark: StreamMark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


class _Reader:
    """Builds nodes from parser events: no tag, alias or constructor is ever acted upon."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.last = Place(1, 1)

    def document(self, events: Iterator[Event]) -> Node | None:
        found: Node | None = None
        documents = 0
        for event in events:
            documents += isinstance(event, DocumentStartEvent)
            if documents > 1:
                self._stop("more than one document; keep the first and remove the line ---", event)
            if isinstance(event, NodeEvent):
                found = self._node(event, events, ())
        return found

    def _node(self, event: Event, events: Iterator[Event], path: tuple[str, ...]) -> Node:
        self.last = _place(event.start_mark)
        if len(path) > DEEPEST:
            self._stop(f"nested more than {DEEPEST} levels deep", event)
        self._refuse_marks(event, path)
        place = self.last
        if isinstance(event, MappingStartEvent):
            return Node(self._mapping(events, path), place)
        if isinstance(event, SequenceStartEvent):
            return Node(self._sequence(events, path), place)
        return Node(self._leaf(event, path), place)

    def _refuse_marks(self, event: Event, path: tuple[str, ...]) -> None:
        if isinstance(event, AliasEvent):
            self._wrong(event, path, "an alias (*name) is not allowed; write the value out")
        elif getattr(event, "anchor", None):
            self._wrong(event, path, "an anchor (&name) is not allowed; write the value out where it is needed")
        if getattr(event, "tag", None):
            self._wrong(event, path, "a tag (!name) is not allowed; write text in quotes and anything else plainly")

    def _sequence(self, events: Iterator[Event], path: tuple[str, ...]) -> list[Node]:
        found: list[Node] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            found.append(self._node(event, events, (*path, str(len(found)))))
        return found

    def _mapping(self, events: Iterator[Event], path: tuple[str, ...]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key, key_place = self._key(event, events, path), _place(event.start_mark)
            node = self._node(next(events), events, (*path, key))
            if key in found:
                first = found[key].key_place or key_place
                self._wrong(event, (*path, key), f"this key is given twice; the first is in line {first.line}")
                continue
            found[key] = Node(node.inside, node.place, key_place)
        return found

    def _key(self, event: Event, events: Iterator[Event], path: tuple[str, ...]) -> str:
        inside = self._node(event, events, path).inside
        key = inside.source if isinstance(inside, Leaf) else "?"
        if key == "<<":
            self._wrong(event, (*path, key), "a merge key is not allowed; write the keys out")
        elif not isinstance(inside, Leaf) or not inside.is_text:
            self._wrong(event, (*path, key), "a key must be text; put it in quotes")
        return key

    def _leaf(self, event: Event, path: tuple[str, ...]) -> Leaf:
        if not isinstance(event, ScalarEvent):
            return Leaf("null", is_text=False)
        source = str(event.value)
        if re.search("[\ud800-\udfff]", source):
            self._wrong(event, path, "holds half of a character (a lone surrogate)")
            return Leaf("", is_text=True)
        return Leaf(source, is_text=True) if event.style else self._plain(event, source, path)

    def _plain(self, event: Event, source: str, path: tuple[str, ...]) -> Leaf:
        if refused := complaint(source):
            self._wrong(event, path, refused)
        return plain_value(source)

    def _wrong(self, event: Event, path: tuple[str, ...], text: str) -> None:
        self.problems.append(Problem(_place(event.start_mark), path, text))

    def _stop(self, text: str, event: Event) -> NoReturn:
        raise ComposerError(problem=text, problem_mark=event.start_mark)
