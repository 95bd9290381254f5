"""Units counted in files: Parquet, CSV or JSON Lines in a folder, on S3, GCS or Azure; a FOCUS bill too.

Here: the catalogue's entry `kind: files`. Not here: how they are read:

    path -> object_storage (list, open) -> parts (which files, copies, before and after)
         -> csv_rows, json_rows, parquet_rows (texts by column name) -> question, scan (DuckDB) -> reading -> Count

Every value is read as the text that it is written as, so that no number passes through a float.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.unit_sources.table_entry import TableUnits


class FileUnits(TableUnits):
    """Units in files: all files of a place together are one table, each with its columns by name."""

    kind: Literal["files"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    path: str = Field(
        min_length=1,
        description="A folder, file or glob; local, s3://, gs://, abfs://. Parquet, CSV, CSV.gz, JSON Lines (.gz)",
    )
    null_words: list[str] = Field(["", "NULL"], description="What means empty in a CSV")
    reading_timeout: timedelta = Field(
        timedelta(minutes=10),
        gt=timedelta(),
        le=timedelta(hours=6),
        description="How long the files may be read for one range of days; PT30M is half an hour",
    )

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days; raises `Refusal` rather than leave out a row or a file."""
        from unit_economics.unit_sources.files.reading import count  # DuckDB and Arrow: only where files are read

        return count(self, days, calendar, unit, outside)

    def count_over(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Decimal:
        """How many different keys there are in all these days together."""
        from unit_economics.unit_sources.files.reading import count_over

        if self.count_distinct is None:
            return super().count_over(days, calendar=calendar, outside=outside)
        return count_over(self, days, calendar, outside)
