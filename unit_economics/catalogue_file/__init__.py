"""Reading the catalogue: `unit_economics.yaml` to a `Catalogue`, or to one refusal that names every line to correct.

Here: the file, the registered kinds, and the JSON Schema for editors. Not here: the rules (catalogue.py), YAML
(yaml.py), how a complaint is worded (problems.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Optional

from pydantic import Field, GetCoreSchemaHandler, ValidationError, create_model
from pydantic_core import CoreSchema, core_schema

from unit_economics.adapters import CostSource, Sink, UnitSource
from unit_economics.asset_names import plural
from unit_economics.catalogue import DRIVERS_ARE, Catalogue, Name, content_version
from unit_economics.catalogue_file.derived import with_kpis, wrong_formulas
from unit_economics.catalogue_file.problems import explain, refusal
from unit_economics.catalogue_file.shape import Schema, Shape, as_json
from unit_economics.catalogue_file.tree import NOWHERE, Node, Place, Problem
from unit_economics.catalogue_file.yaml import LARGEST_FILE, TOO_LARGE, read_yaml
from unit_economics.entry import Entry
from unit_economics.formula_entry import QUANTITIES_ARE, Quantity
from unit_economics.metric_entry import REVENUE_IS, MeasuredDriver, Metric
from unit_economics.rates_entry import RATES_ARE, RateSource
from unit_economics.refusals import UsageRefusal
from unit_economics.revenue_entry import PUBLISH_IS, Revenue
from unit_economics.revenue_names import COMPONENTS

CostSources = Mapping[str, type[CostSource]]
UnitSources = Mapping[str, type[UnitSource]]
Sinks = Mapping[str, type[Sink]]
RateSources = Mapping[str, type[RateSource]]
NO_RATES: RateSources = {}


def load_catalogue(
    path: Path,
    *,
    cost_sources: CostSources,
    unit_sources: UnitSources,
    sinks: Sinks,
    rate_sources: RateSources = NO_RATES,
) -> Catalogue:
    """The catalogue in this file; raises `UsageRefusal` with every problem and its line."""
    read = examine_file(
        path, cost_sources=cost_sources, unit_sources=unit_sources, sinks=sinks, rate_sources=rate_sources
    )
    if read.catalogue is None:
        raise refusal(read.problems, str(path))
    return read.catalogue


def parse_catalogue(
    text: str,
    name: str,
    *,
    cost_sources: CostSources,
    unit_sources: UnitSources,
    sinks: Sinks,
    rate_sources: RateSources = NO_RATES,
) -> Catalogue:
    """The catalogue in this text; `name` is what the errors call it."""
    read = examine(text, cost_sources=cost_sources, unit_sources=unit_sources, sinks=sinks, rate_sources=rate_sources)
    if read.catalogue is None:
        raise refusal(read.problems, name)
    return read.catalogue


@dataclass(frozen=True)
class Examined:
    """What a text is: a catalogue with the tree that says where everything stands, or the problems that it has."""

    catalogue: Catalogue | None
    problems: Sequence[Problem] = ()
    tree: Node = NOWHERE


def examine_file(
    path: Path,
    *,
    cost_sources: CostSources,
    unit_sources: UnitSources,
    sinks: Sinks,
    rate_sources: RateSources = NO_RATES,
) -> Examined:
    """What this file is; raises `UsageRefusal` only where it can't be read at all."""
    text = _decoded(_content_of(path))
    if isinstance(text, Problem):
        return Examined(None, [text])
    return examine(text, cost_sources=cost_sources, unit_sources=unit_sources, sinks=sinks, rate_sources=rate_sources)


def examine(
    text: str,
    *,
    cost_sources: CostSources,
    unit_sources: UnitSources,
    sinks: Sinks,
    rate_sources: RateSources = NO_RATES,
) -> Examined:
    """What this text is, without raising."""
    model, shape = _made_for(*(tuple(kinds.items()) for kinds in (cost_sources, unit_sources, sinks, rate_sources)))
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
        checked = with_kpis(_without_kinds(checked, content_version(text)), tree, problems)
        problems += wrong_formulas(checked, tree)
    if problems:
        return Examined(None, problems)
    return Examined(checked, (), tree)


def catalogue_schema(
    *, cost_sources: CostSources, unit_sources: UnitSources, sinks: Sinks, rate_sources: RateSources = NO_RATES
) -> Schema:
    """The JSON Schema of the file with all kinds in it, for editors."""
    schema = Shape.of(_with_kinds(cost_sources, unit_sources, sinks, rate_sources)).schema
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


def _decoded(content: bytes) -> str | Problem:
    if len(content) > LARGEST_FILE:
        return Problem(Place(1, 1), (), TOO_LARGE)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place = Place(content.count(b"\n", 0, error.start) + 1, 1)
        return Problem(place, (), "this is not UTF-8; save the file as UTF-8")


@dataclass(frozen=True, eq=False)  # hashed by identity: a part of `| None`
class _OneOf:
    """Validates an entry as the class that is registered for its `kind`."""

    kinds: Mapping[str, type[Entry]]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind: handler.generate_schema(entry) for kind, entry in self.kinds.items()}
        if not choices:
            return core_schema.none_schema()  # nothing of the kind can be written
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


@lru_cache(maxsize=8)
def _made_for(*kinds: tuple[tuple[str, type[Any]], ...]) -> tuple[type[Catalogue], Shape]:
    """The model with these kinds in it, and its shape: making them takes longer than reading a file."""
    model = _with_kinds(*(dict(registered) for registered in kinds))
    return model, Shape.of(model)


@dataclass(frozen=True, eq=False)  # hashed by identity: a part of `| None`
class _SourceOrComponents:
    """Validates revenue as one source, which says its `kind`, or as components, of which it has one."""

    kinds: Mapping[str, type[Entry]]
    components: type[Revenue]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        one = _OneOf(self.kinds).__get_pydantic_core_schema__(source, handler)
        forms = {"source": one, "components": handler.generate_schema(self.components)}
        return core_schema.tagged_union_schema(forms, _form_of_revenue, strict=True)


def _form_of_revenue(written: object) -> str:
    keys = set[object](written) if isinstance(written, dict) else set()
    return "components" if "kind" not in keys and keys & {*COMPONENTS} else "source"


def _with_kinds(
    cost_sources: CostSources, unit_sources: UnitSources, sinks: Sinks, rate_sources: RateSources
) -> type[Catalogue]:
    component = Optional[Annotated[UnitSource, _OneOf(unit_sources)]]  # noqa: UP045  # basedpyright refuses | here
    components = create_model(
        "Revenue",
        __base__=Revenue,
        gross=(Annotated[UnitSource, _OneOf(unit_sources)], ...),
        discounts=(component, None),
        refunds=(component, None),
        chargebacks=(component, None),
        publish=(Annotated[dict[str, Sink], _ByKey(sinks)], Field({}, repr=False, description=PUBLISH_IS)),
    )
    earned = Optional[Annotated[UnitSource, _SourceOrComponents(unit_sources, components)]]  # noqa: UP045
    exchange = Optional[Annotated[RateSource, _OneOf(rate_sources)]]  # noqa: UP045
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
        exchange_rates=(exchange, Field(None, description=RATES_ARE)),
    )


def _without_kinds(checked: Catalogue, version: str) -> Catalogue:
    """The same as plain `Catalogue` and `Metric`, which compare and pickle; all of it is validated already."""
    metrics = {name: _plain(metric) for name, metric in checked.metrics.items()}
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


def _plain(metric: Metric) -> Metric:
    earned = metric.revenue
    if isinstance(earned, Revenue):
        earned = Revenue.model_construct(earned.model_fields_set, **dict(earned))
    return Metric.model_construct(metric.model_fields_set, **{**dict(metric), "revenue": earned})


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
