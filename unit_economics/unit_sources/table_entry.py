"""What the units of a table look like, wherever the table lies: one row a day, or one row an event.

Here: the entry's fields and which of them go together. Not here: where the table is and how it is asked (sql/, files/).
"""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from unit_economics.entries.adapters import UnitSource
from unit_economics.outside import Outside
from unit_economics.unit_sources.dimensions import BY_SEGMENT, Told

ColumnName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Value = str | int | bool


class TableUnits(UnitSource):
    """Either `day` and `quantity` of a table with one row a day, or the `timestamp` of one with a row an event.

    A row without a timestamp has not happened and is not counted. What is in two segments or on two days counts in
    both.
    """

    day: ColumnName | None = Field(None, description="The column with the business day, where there is one row a day")
    quantity: ColumnName | None = Field(
        None, description="The column with the units: of the day, or of an event, whose units are then summed"
    )
    timestamp: ColumnName | None = Field(None, description="The column that says when it happened, one row an event")
    count_distinct: ColumnName | None = Field(
        None, description="Count the different values of it; rows, where neither it nor `quantity` is given"
    )
    local_zone: str | None = Field(None, description="Where the wall clock hangs, for a timestamp without time zone")
    where: dict[ColumnName, Value | Annotated[list[Value], Field(min_length=1, max_length=1000)]] = Field(
        {}, description="Which rows count, as column: value; a list means one of"
    )
    segment: ColumnName | None = Field(None, description="A column that tells the units of a day apart, by its value")
    absent_day: Literal["missing", "zero"] = Field("missing", description="What a day without any row means")

    @field_validator("local_zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError(f"{zone!r} is no IANA time zone; write one like Europe/Berlin")
        return zone

    @model_validator(mode="after")
    def _one_of(self) -> "TableUnits":
        if (self.timestamp is None) == (self.day is None):
            raise ValueError("give either `day` and `quantity`, or `timestamp`")
        if self.day is not None and (self.quantity is None or self.count_distinct or self.local_zone):
            raise ValueError("`day` needs `quantity`; `count_distinct` and `local_zone` belong to `timestamp`")
        if self.quantity and self.count_distinct:
            raise ValueError("give either `quantity`, to sum it, or `count_distinct`")
        if self.segment and self.dimensions:
            raise ValueError("give either `segment` or `dimensions`")
        return self

    @property
    def has_segments(self) -> bool:
        """Whether a column splits the units."""
        return self.segment is not None

    @property
    def counted_column(self) -> str | None:
        """The column whose values are counted or summed; None where rows are."""
        return self.count_distinct or self.quantity

    @property
    def splits(self) -> list[str]:
        """The columns that tell the units apart, in the order in which their values are told."""
        return [self.segment] if self.segment else [one.column for _, one in sorted(self.split_by.items())]

    @property
    def accepted(self) -> dict[str, list[Value]]:
        """The values of each filter, one alone as a list too."""
        return {name: value if isinstance(value, list) else [value] for name, value in self.where.items()}

    def told(self, outside: Outside) -> Told:
        """How the values of the splitting columns are told."""
        return BY_SEGMENT if self.segment else Told.by(self.split_by, outside)
