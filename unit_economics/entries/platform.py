"""How the platform works, whatever it measures: business days, alerts, the checks' bounds, what it does by itself.

Here: the catalogue's `business_day`, `close`, `alerts`, `checks` and `automation`, each with its own consistency. Not
here: what is measured (catalogue.py), or what acts by them.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from unit_economics.business_days import BusinessCalendar
from unit_economics.entries.entry import Entry, Variable

ON_CHANGE_IS = (
    "What becomes of stored days that mean something else now: backfill makes new versions of all of them by itself,"
    " keep only of those in the restatement window"
)


class BusinessDay(Entry):
    """When a business day begins, and how long after its end it may be counted."""

    timezone: str = "UTC"
    closes_after: timedelta = timedelta(hours=2)
    first_day: date = Field(
        default=date(2010, 1, 1), description="The first partition; nothing before it is ever asked for"
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is no IANA time zone; write one like Europe/Berlin")
        return zone

    @field_validator("closes_after")
    @classmethod
    def _not_negative(cls, after: timedelta) -> timedelta:
        if not timedelta() <= after <= timedelta(days=3):
            raise ValueError("must be between PT0S and P3D")
        return after

    @property
    def calendar(self) -> BusinessCalendar:
        """The arithmetic of these days."""
        return BusinessCalendar(ZoneInfo(self.timezone), self.closes_after)


class Close(Entry):
    """Where the packs of closed months are put; a person closes a month, nothing closes one by itself."""

    folder: str = Field(
        default="closes", min_length=1, max_length=200, description="Folder, relative to this file, of all packs"
    )


class Alerts(Entry):
    """Who is told. Each is the NAME of a variable that holds a URL as Apprise takes it (Slack, mail, ...)."""

    urls: list[Variable] = Field(default=[])
    repeat_after: timedelta = timedelta(hours=24)


class Checks(Entry):
    """How far a day may stray before a check speaks."""

    volume_band: Decimal = Field(
        default=Decimal("3"), gt=1, description="Factor around the same weekday's trailing median"
    )
    min_delivery: Decimal = Field(
        default=Decimal("0.8"), gt=0, le=1, description="Least share of the rows delivered before"
    )


class Automation(Entry):
    """When the platform works by itself."""

    schedule_at: str = Field(default="06:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    fresh_by: str = Field(default="07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    max_tries: int = Field(default=8, ge=1, le=100, description="Tries before the gap sensor gives up until tomorrow")
    retry_pause: timedelta = Field(default=timedelta(minutes=5), description="After the first try; then twice as long")
    on_definition_change: Literal["backfill", "keep"] = Field(default="backfill", description=ON_CHANGE_IS)
    gap_check_seconds: int = Field(default=300, ge=5, le=3600)
    gap_horizon: timedelta = Field(default=timedelta(days=400), description="How far back the gap sensor looks")
    max_runtime: timedelta = Field(default=timedelta(hours=1), description="A run that takes longer is ended")
    days_per_run: int | None = Field(
        default=None, ge=1, description="A backfill is cut into runs of so many days, for several workers; else one run"
    )
