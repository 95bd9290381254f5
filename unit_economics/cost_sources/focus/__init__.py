"""The cloud bill as FOCUS 1.0-1.3 files: Parquet, CSV or CSV.gz in a folder, on S3, GCS or Azure.

Here: the catalogue's entry `kind: focus`. Reading it is in reading.py:

    path -> object_storage (list, open) -> delivery (parts, before and after)
         -> layout, versions (columns) -> query, tags, day_rule (SQL)
         -> scan (DuckDB, diagnosis) -> Delivery

Not here: any of those steps, and judging the amounts (checks.py).
"""

from collections.abc import Collection
from typing import ClassVar, Literal

from pydantic import Field

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus.engines import Engine
from unit_economics.cost_sources.focus.limits import Limits
from unit_economics.entries.adapters import CostSource, Delivery, Invoiced, Kept
from unit_economics.entries.completeness import CompleteBy, Sign
from unit_economics.outside import Outside


class FocusFiles(CostSource):
    """FOCUS cost and usage files. Rows are summed as they are: FOCUS has no row key, so nothing is deduplicated."""

    kind: Literal["focus"] = "focus"  # pyright: ignore[reportIncompatibleVariableOverride] - entries are frozen
    path: str = Field(min_length=1, description="A folder, a file or a glob; local, s3://, gs:// or abfs://")
    long_charges: Literal["start", "spread"] = Field(
        "start",
        description="A charge of 24 hours or more: on the UTC day it starts, or in equal parts on all it covers",
    )
    null_words: list[str] = Field(["", "NULL"], description="What means empty in a CSV, where it stands unquoted")
    engine: Engine = Field(
        Engine(), repr=False, description="Where the bill is scanned; it decides no answer, so it is in no definition"
    )
    scan: Limits = Field(Limits(), repr=False, description="What a scan on this machine may take of it")

    signs: ClassVar[Collection[CompleteBy]] = ("age", "delivery", "source")

    def sign(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Sign:
        """When the newest manifest or file came, and what the recency metadata calls complete."""
        from unit_economics.cost_sources.focus.recency import sign  # Arrow: only where a bill is read

        return sign(self, days, calendar, outside)

    def glance(self, days: DayRange, *, calendar: BusinessCalendar, kept: Kept, outside: Outside) -> str | None:
        """The names, sizes and times of the files, and how they are read."""
        from unit_economics.cost_sources.focus.reading import glance  # DuckDB and Arrow: only where a bill is read

        return glance(self, days, calendar, kept, outside)

    def read(self, days: DayRange, *, calendar: BusinessCalendar, kept: Kept, outside: Outside) -> Delivery:
        """The charges of these days; raises `Refusal` rather than leave out a row or a file."""
        from unit_economics.cost_sources.focus.reading import read

        return read(self, days, calendar, kept, outside)

    @property
    def no_invoices(self) -> str | None:
        """FOCUS states by what a charge is invoiced: none where a file lacks the columns."""
        return None

    def read_invoiced(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Invoiced:
        """What these days were billed by invoice, on the same days as their charges; raises `Refusal`."""
        from unit_economics.cost_sources.focus.invoiced import read_invoiced

        return read_invoiced(self, days, calendar, outside)
