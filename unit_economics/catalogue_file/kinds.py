"""The registered kinds of sources and sinks, and the catalogue's model with them in it.

Here: how an entry is validated as the class of its kind. Not here: which kinds there are (each package's `KINDS`), the
model without them (catalogue.py), reading a file (catalogue_file/__init__.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Optional

from pydantic import Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from unit_economics.catalogue import DRIVERS_ARE, Catalogue, Name
from unit_economics.catalogue_file.shape import Shape
from unit_economics.entries.adapters import CostSource, Sink, UnitSource
from unit_economics.entries.entry import Entry
from unit_economics.entries.formula import QUANTITIES_ARE, Quantity
from unit_economics.entries.metric import REVENUE_IS, MeasuredDriver, Metric
from unit_economics.entries.rates import RATES_ARE, RateSource
from unit_economics.entries.revenue import PUBLISH_IS, Revenue
from unit_economics.revenue_names import COMPONENTS


@dataclass(frozen=True)
class Kinds:
    """Every kind that a catalogue may name, with the class that validates its entry."""

    cost_sources: Mapping[str, type[CostSource]]
    unit_sources: Mapping[str, type[UnitSource]]
    sinks: Mapping[str, type[Sink]]
    rate_sources: Mapping[str, type[RateSource]] = field(default_factory=dict[str, type[RateSource]])

    @property
    def model(self) -> tuple[type[Catalogue], Shape]:
        """The catalogue's model with these kinds in it, and its shape."""
        every = (self.cost_sources, self.unit_sources, self.sinks, self.rate_sources)
        return _made_for(*(tuple(kinds.items()) for kinds in every))


@lru_cache(maxsize=8)
def _made_for(*kinds: tuple[tuple[str, type[Any]], ...]) -> tuple[type[Catalogue], Shape]:
    """The model with these kinds in it, and its shape: making them takes longer than reading a file."""
    model = _with_kinds(Kinds(*(dict(registered) for registered in kinds)))
    return model, Shape.of(model)


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


def _with_kinds(kinds: Kinds) -> type[Catalogue]:
    counted = Annotated[UnitSource, _OneOf(kinds.unit_sources)]
    component = Optional[Annotated[UnitSource, _OneOf(kinds.unit_sources)]]  # noqa: UP045  # basedpyright refuses | here
    components = create_model(
        "Revenue",
        __base__=Revenue,
        gross=(counted, ...),
        discounts=(component, None),
        refunds=(component, None),
        chargebacks=(component, None),
        publish=(Annotated[dict[str, Sink], _ByKey(kinds.sinks)], Field({}, repr=False, description=PUBLISH_IS)),
    )
    earned = Optional[Annotated[UnitSource, _SourceOrComponents(kinds.unit_sources, components)]]  # noqa: UP045
    exchange = Optional[Annotated[RateSource, _OneOf(kinds.rate_sources)]]  # noqa: UP045
    metric = create_model(
        "Metric",
        __base__=Metric,
        units=(counted, ...),
        publish=(Annotated[dict[str, Sink], _ByKey(kinds.sinks)], {}),
        revenue=(earned, Field(None, description=REVENUE_IS)),
    )
    driver = create_model("MeasuredDriver", __base__=MeasuredDriver, quantity=(counted, ...))
    quantity = create_model("Quantity", __base__=Quantity, source=(counted, ...))
    return create_model(
        "Catalogue",
        __base__=Catalogue,
        drivers=(dict[Name, driver], Field({}, description=DRIVERS_ARE)),  # pyright: ignore[reportInvalidTypeForm]  # a class made here
        cost_sources=(dict[Name, Annotated[CostSource, _OneOf(kinds.cost_sources)]], Field(min_length=1)),
        quantities=(dict[Name, quantity], Field({}, description=QUANTITIES_ARE)),  # pyright: ignore[reportInvalidTypeForm]  # a class made here
        metrics=(dict[Name, metric], Field(min_length=1)),  # pyright: ignore[reportInvalidTypeForm]  # a class made here
        exchange_rates=(exchange, Field(None, description=RATES_ARE)),
    )


def without_kinds(checked: Catalogue, version: str) -> Catalogue:
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
