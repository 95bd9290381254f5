"""Reading the catalogue: `unit_economics.yaml` to a `Catalogue`, or to one refusal that names every line to correct.

Here: the file, and the JSON Schema for editors. Not here: the rules (catalogue.py), YAML (yaml.py), what is registered
(kinds.py), how a complaint is worded (problems.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from unit_economics.asset_names import plural
from unit_economics.catalogue import Catalogue, content_version
from unit_economics.catalogue_file.derived import with_kpis, wrong_formulas
from unit_economics.catalogue_file.kinds import Kinds, without_kinds
from unit_economics.catalogue_file.problems import explain, refusal
from unit_economics.catalogue_file.shape import Schema, as_json
from unit_economics.catalogue_file.tree import NOWHERE, Node, Place, Problem
from unit_economics.catalogue_file.yaml import LARGEST_FILE, TOO_LARGE, read_yaml
from unit_economics.refusals import UsageRefusal


def load_catalogue(path: Path, kinds: Kinds) -> Catalogue:
    """The catalogue in this file; raises `UsageRefusal` with every problem and its line."""
    return examine_file(path, kinds).sound(str(path))


def parse_catalogue(text: str, name: str, kinds: Kinds) -> Catalogue:
    """The catalogue in this text; `name` is what the errors call it."""
    return examine(text, kinds).sound(name)


@dataclass(frozen=True)
class Examined:
    """What a text is: a catalogue with the tree that says where everything stands, or the problems that it has.

    text: what was examined, where it is a catalogue.
    """

    catalogue: Catalogue | None
    problems: Sequence[Problem] = ()
    tree: Node = NOWHERE
    text: str = ""

    def sound(self, name: str) -> Catalogue:
        """The catalogue; raises `UsageRefusal` with every problem and its line, in the file of this name."""
        if self.catalogue is None:
            raise refusal(self.problems, name)
        return self.catalogue


def examine_file(path: Path, kinds: Kinds) -> Examined:
    """What this file is; raises `UsageRefusal` only where it can't be read at all."""
    text = _decoded(_content_of(path))
    if isinstance(text, Problem):
        return Examined(None, [text])
    return examine(text, kinds)


def examine(text: str, kinds: Kinds) -> Examined:
    """What this text is, without raising."""
    model, shape = kinds.model
    tree, problems = read_yaml(text)
    if tree is None:
        return Examined(None, problems or [Problem(Place(1, 1), (), "there is nothing in this file")])
    problems += [*_own_version(tree), *_same_assets(tree)]
    try:
        checked = model.model_validate_json(as_json(tree, shape, problems), strict=True)
    except ValidationError as error:
        known = {(problem.place, problem.path) for problem in problems}
        problems += [new for new in explain(error, tree, shape) if (new.place, new.path) not in known]
        return Examined(None, problems)
    if not problems:
        checked = with_kpis(without_kinds(checked, content_version(text)), tree, problems)
        problems += wrong_formulas(checked, tree)
    if problems:
        return Examined(None, problems)
    return Examined(checked, (), tree, text)


def catalogue_schema(kinds: Kinds) -> Schema:
    """The JSON Schema of the file with all kinds in it, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **kinds.model[1].schema}


def _content_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        remedy = "Run in the project's folder, or copy the example unit_economics.yaml there"
        raise UsageRefusal("there is no such file", where=str(path), remedy=remedy) from None
    except OSError as error:
        remedy = "Give the path of a file that this user may read"
        raise UsageRefusal(f"can't be read ({error.strerror})", where=str(path), remedy=remedy) from error


def _decoded(content: bytes) -> str | Problem:
    if len(content) > LARGEST_FILE:
        return Problem(Place(1, 1), (), TOO_LARGE)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place = Place(content.count(b"\n", 0, error.start) + 1, 1)
        return Problem(place, (), "this is not UTF-8; save the file as UTF-8")


def _same_assets(tree: Node) -> list[Problem]:
    """The metrics whose assets would have the same names as an earlier one's."""
    metrics = tree.child("metrics")
    first: dict[str, str] = {}
    found: list[Problem] = []
    for name, node in metrics.inside.items() if metrics and isinstance(metrics.inside, dict) else ():
        other = first.setdefault(plural(name), name)
        if other != name:
            text = f"its assets would be named like those of {other} (daily_{plural(name)}); rename one of them"
            found.append(Problem(node.key_place or node.place, ("metrics", name), text))
    return found


def _own_version(tree: Node) -> list[Problem]:
    written = tree.child("version")
    text = "unknown key; the version is the hash of the file and can't be chosen"
    return [Problem(written.key_place or written.place, ("version",), text)] if written else []
