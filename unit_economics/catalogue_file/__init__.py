"""Reading the catalogue: `unit_economics.yaml` to a `Catalogue`, or to one refusal that names every line to correct.

Here: the file, the registered kinds, and the JSON Schema for editors. Not here: the rules (catalogue.py), YAML
(yaml.py), how a complaint is worded (problems.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

from pydantic import Field, GetCoreSchemaHandler, ValidationError, create_model
from pydantic_core import CoreSchema, core_schema

from unit_economics.adapters import CostSource, Sink, UnitSource
from unit_economics.asset_names import plural
from unit_economics.catalogue import DRIVERS_ARE, Catalogue, Name, content_version
from unit_economics.catalogue_file.derived import with_kpis, wrong_formulas
from unit_economics.catalogue_file.problems import explain, refusal
from unit_economics.catalogue_file.shape import Schema, Shape, as_json
from unit_economics.catalogue_file.tree import Node, Place, Problem
from unit_economics.catalogue_file.yaml import LARGEST_FILE, TOO_LARGE, read_yaml
from unit_economics.entry import Entry
from unit_economics.formula_entry import QUANTITIES_ARE, Quantity
from unit_economics.metric_entry import REVENUE_IS, MeasuredDriver, Metric
from unit_economics.refusals import UsageRefusal

CostSources = Mapping[str, type[CostSource]]
UnitSources = Mapping[str, type[UnitSource]]
Sinks = Mapping[str, type[Sink]]


def load_catalogue(path: Path, *, cost_sources: CostSources, unit_sources: UnitSources, sinks: Sinks) -> Catalogue:
    """The catalogue in this file; raises `UsageRefusal` with every problem and its line."""
    text = _text_of(_content_of(path), str(path))
    return parse_catalogue(text, str(path), cost_sources=cost_sources, unit_sources=unit_sources, sinks=sinks)


def parse_catalogue(
    text: str, name: str, *, cost_sources: CostSources, unit_sources: UnitSources, sinks: Sinks
) -> Catalogue:
    """The catalogue in this text; `name` is what the errors call it."""
    model = _with_kinds(cost_sources, unit_sources, sinks)
    tree, problems = read_yaml(text)
    if tree is None:
        raise refusal(problems or [Problem(Place(1, 1), (), "there is nothing in this file")], name)
    shape = Shape.of(model)
    problems += [*_own_version(tree), *_same_assets(tree)]
    try:
        checked = model.model_validate_json(as_json(tree, shape, problems), strict=True)
    except ValidationError as error:
        known = {(problem.place, problem.path) for problem in problems}
        problems += [new for new in explain(error, tree, shape) if (new.place, new.path) not in known]
        raise refusal(problems, name) from None
    if not problems:
        checked = with_kpis(_without_kinds(checked, content_version(text)), tree, problems)
        problems += wrong_formulas(checked, tree)
    if problems:
        raise refusal(problems, name)
    return checked


def catalogue_schema(*, cost_sources: CostSources, unit_sources: UnitSources, sinks: Sinks) -> Schema:
    """The JSON Schema of the file with all kinds in it, for editors."""
    schema = Shape.of(_with_kinds(cost_sources, unit_sources, sinks)).schema
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


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


def _text_of(content: bytes, name: str) -> str:
    if len(content) > LARGEST_FILE:
        raise refusal([Problem(Place(1, 1), (), TOO_LARGE)], name)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place = Place(content.count(b"\n", 0, error.start) + 1, 1)
        raise refusal([Problem(place, (), "this is not UTF-8; save the file as UTF-8")], name) from None


@dataclass(frozen=True, eq=False)  # hashed by identity: a part of `| None`
class _OneOf:
    """Validates an entry as the class that is registered for its `kind`."""

    kinds: Mapping[str, type[Entry]]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind: handler.generate_schema(entry) for kind, entry in self.kinds.items()}
        return core_schema.tagged_union_schema(choices, "kind", strict=True)


@dataclass(frozen=True)
class _ByKey:
    """Validates a mapping whose every key is a registered one, each value as that key's class."""

    kinds: Mapping[str, type[Entry]]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        fields = {
            kind: core_schema.typed_dict_field(handler.generate_schema(entry), required=False)
            for kind, entry in self.kinds.items()
        }
        return core_schema.typed_dict_schema(fields, strict=True, extra_behavior="forbid")


def _with_kinds(cost_sources: CostSources, unit_sources: UnitSources, sinks: Sinks) -> type[Catalogue]:
    earned = Optional[Annotated[UnitSource, _OneOf(unit_sources)]]  # noqa: UP045  # basedpyright refuses | here
    metric = create_model(
        "Metric",
        __base__=Metric,
        units=(Annotated[UnitSource, _OneOf(unit_sources)], ...),
        publish=(Annotated[dict[str, Sink], _ByKey(sinks)], {}),
        revenue=(earned, Field(None, description=REVENUE_IS)),
    )
    driver = create_model(
        "MeasuredDriver", __base__=MeasuredDriver, quantity=(Annotated[UnitSource, _OneOf(unit_sources)], ...)
    )
    quantity = create_model("Quantity", __base__=Quantity, source=(Annotated[UnitSource, _OneOf(unit_sources)], ...))
    return create_model(
        "Catalogue",
        __base__=Catalogue,
        drivers=(dict[Name, driver], Field({}, description=DRIVERS_ARE)),  # pyright: ignore[reportInvalidTypeForm]  # a class made here
        cost_sources=(dict[Name, Annotated[CostSource, _OneOf(cost_sources)]], Field(min_length=1)),
        quantities=(dict[Name, quantity], Field({}, description=QUANTITIES_ARE)),  # pyright: ignore[reportInvalidTypeForm]  # a class made here
        metrics=(dict[Name, metric], Field(min_length=1)),  # pyright: ignore[reportInvalidTypeForm]  # a class made here
    )


def _without_kinds(checked: Catalogue, version: str) -> Catalogue:
    """The same as plain `Catalogue` and `Metric`, which compare and pickle; all of it is validated already."""
    metrics = {
        name: Metric.model_construct(metric.model_fields_set, **dict(metric))
        for name, metric in checked.metrics.items()
    }
    drivers = {
        name: MeasuredDriver.model_construct(driver.model_fields_set, **dict(driver))
        for name, driver in checked.drivers.items()
    }
    quantities = {
        name: Quantity.model_construct(quantity.model_fields_set, **dict(quantity))
        for name, quantity in checked.quantities.items()
    }
    plain = {"metrics": metrics, "drivers": drivers, "quantities": quantities}
    values = {**dict(checked), **plain, "version": version}
    return Catalogue.model_construct({*checked.model_fields_set, "version"}, **values)


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
