"""The catalogue's `revenue` in its longer form: what was charged, and what is taken off again, each with its source.

Here: the shape of the entry, and that it is read as one source. Not here: adding its parts up (revenue.py), what a
source is (adapters.py), rates between currencies (rates.py).

The basis says when something taken back counts. `order_date`: on the day of its order, so that a late refund restates
that day. `event_date`: on the day on which it was given back, so that it restates nothing. Which one it is lies in the
source's column of the day; the catalogue declares it, so that whoever reads a number knows.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SerializeAsAny, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.currencies import CURRENCIES
from unit_economics.entries.adapters import Count, Sink, UnitSource
from unit_economics.entries.dimension import Dimension
from unit_economics.entries.entry import Entry
from unit_economics.outside import Outside
from unit_economics.revenue_names import COMPONENTS, GIVEN_BACK

PUBLISH_IS = "Where each day's net revenue goes, in the catalogue's currency; as `publish` beside `units` is for these"
Basis = Literal["order_date", "event_date"]


def _known(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"{code!r} is no currency of ISO 4217; write one like USD")
    return code


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known)]


class Revenue(Entry):
    """What a day's units earned, component by component: all of them 0 or more, in one currency."""

    gross: SerializeAsAny[UnitSource]
    discounts: SerializeAsAny[UnitSource] | None = None
    refunds: SerializeAsAny[UnitSource] | None = None
    chargebacks: SerializeAsAny[UnitSource] | None = None
    currency: Currency | None = Field(default=None, description="Of all components; the catalogue's where left out")
    refunds_basis: Basis | None = Field(
        default=None, description="When refunds and chargebacks count: on their order's day, or on their own"
    )
    publish: dict[str, SerializeAsAny[Sink]] = Field(default={}, repr=False, description=PUBLISH_IS)

    @model_validator(mode="after")
    def _says_when(self) -> "Revenue":
        given_back = [name for name in GIVEN_BACK if name in self.components]
        if given_back and self.refunds_basis is None:
            what = "order_date where the source has them on their order's day, event_date where on their own"
            raise ValueError(f"{given_back[0]}: `refunds_basis` is missing beside it; write {what}")
        return self

    @model_validator(mode="after")
    def _is_no_unit(self) -> "Revenue":
        for name, sink in self.publish.items():
            if key := sink.of_units_only:
                raise ValueError(f"publish.{name}.{key}: it is about what a unit costs; write it beside `units`")
        return self

    @model_validator(mode="after")
    def _one_amount_a_day(self) -> "Revenue":
        for name, source in self.components.items():
            if source.has_segments or source.dimensions:
                raise ValueError(f"{name}: a component is one amount a day; take `segment` and `dimensions` out")
        return self

    @property
    def components(self) -> Mapping[str, UnitSource]:
        """The source of every declared component, by name."""
        named = {name: getattr(self, name) for name in COMPONENTS}
        return {name: source for name, source in named.items() if source is not None}

    @property
    def kind(self) -> str:
        """The kinds of source it is read from."""
        return ", ".join(dict.fromkeys(source.kind for source in self.components.values()))

    @property
    def dimensions(self) -> Mapping[str, str | Dimension]:
        """Nothing tells revenue apart but its components."""
        return {}

    @property
    def complete_after(self) -> timedelta:
        """The age from which a day is complete: that of the slowest component."""
        return max(source.complete_after for source in self.components.values())

    def covers(self, day: date) -> bool:
        """Whether every component is expected to have this day."""
        return all(source.covers(day) for source in self.components.values())

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """Every component of these days, its name as the segment; a day that one of them lacks is absent."""
        from unit_economics.entries.components import together  # pandas: only where something is read

        counts = {
            name: source.count(days, calendar=calendar, unit=unit, outside=outside)
            for name, source in self.components.items()
        }
        return together(counts, unit)
