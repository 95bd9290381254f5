"""Units that somebody keeps in a Google sheet: one row a day, found by the names in its header.

Here: the entry of the catalogue. Not here: asking Google (asking.py), the service account (service_account.py), how a
table is read (table.py).
"""

from typing import Literal

from pydantic import Field, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.entry import Variable
from unit_economics.outside import Outside
from unit_economics.unit_sources.counting import count_of
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.web_entry import WebUnits


class GoogleSheetUnits(WebUnits):
    """A sheet that is published as CSV, or one that a service account may read.

    Days are dates, or texts like 2026-03-28. Quantities are plain numbers: an empty one is refused, as is a day twice.
    """

    kind: Literal["google_sheets"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another
    published: Variable | None = Field(
        None,
        description="The NAME of the variable with the link of `Publish to web`, as CSV: who has it can read",
    )
    sheet: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_-]{10,100}$", description="The ID of the spreadsheet: the long part of its link"
    )
    range: str | None = Field(
        None, pattern=r"^[^\x00-\x1f]{1,200}$", description="Where the table is, header included, like Orders!A:D"
    )
    service_account: Variable | None = Field(
        None,
        description="The NAME of the variable with a service account's key: its JSON, or a file's path",
    )
    address: str | None = Field(None, description="Another address in place of https://sheets.googleapis.com")
    day: str = Field("day", min_length=1, max_length=200, description="The header of the column with the day")
    quantity: str = Field("quantity", min_length=1, max_length=200, description="The header of the column that counts")

    @model_validator(mode="after")
    def _one_of(self) -> "GoogleSheetUnits":
        by_account = [self.sheet, self.range, self.service_account]
        if (self.published is None) != all(by_account) or (self.published and (any(by_account) or self.address)):
            raise ValueError("give either `published`, or `sheet`, `range` and `service_account`")
        return self

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days, as the sheet has them now."""
        from unit_economics.unit_sources.google_sheets.asking import counted  # httpx, only where it is asked

        del calendar  # a sheet's days are dates and no moments
        told = Told.by(self.split_by, outside)
        return count_of(counted(self, days, told, outside), days, unit=unit, zero=self.absent_day == "zero", told=told)
