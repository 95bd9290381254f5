"""Costs from Vantage's API (GET /costs), as FOCUS-shaped charges.

Here: the entry `kind: vantage` and the call. Not here: what the rows are as charges
(vantage_charges.py), whether all of them are there (vantage_pages.py), and how a call is made (vantage/api.py).

Vantage counts its days in UTC only, and states one cost a row: the amortized one or the billed one.
"""

from collections.abc import Collection, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import CostSource, Delivery, Kept
from unit_economics.entries.completeness import CompleteBy, Sign
from unit_economics.entries.entry import Variable
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal
from unit_economics.vantage.settings import CostSettings

_GROUPINGS = ("provider", "service", "account_id", "region", "charge_type")
_LIMIT = 5000
ZONES_OF_UTC = {"UTC", "UCT", "GMT", "Zulu", "Universal", "Greenwich"}


class VantageCosts(CostSource):
    """`kind: vantage`: the costs of one cost report, or of one filter in a workspace."""

    kind: Literal["vantage"]  # pyright: ignore[reportIncompatibleVariableOverride]  entries are frozen
    cost_report: Annotated[str, Field(pattern=r"^rprt_[A-Za-z0-9_]+$")] | None = None
    filter: str | None = Field(None, min_length=1, description="VQL, like (costs.provider = 'aws')")
    workspace: Annotated[str, Field(pattern=r"^wrkspc_[A-Za-z0-9_]+$")] | None = None
    token: Variable = "VANTAGE_API_TOKEN"  # noqa: S105  the name, not the secret
    amortize: bool = Field(default=True, description="True: the amount is the effective cost; False: the billed cost")
    include_credits: bool = True
    include_refunds: bool = True
    include_discounts: bool = True
    include_tax: bool = True

    @model_validator(mode="after")
    def _one_of(self) -> "VantageCosts":
        if (self.cost_report is None) == (self.filter is None):
            raise ValueError("give either `cost_report` or `filter`")
        if self.workspace is not None and self.filter is None:
            raise ValueError("`workspace` goes with `filter`; a cost report knows its own")
        return self

    signs: ClassVar[Collection[CompleteBy]] = ("age", "delivery")

    def sign(self, days: DayRange, *, calendar: BusinessCalendar, outside: Outside) -> Sign:
        """When the integration that lags most was last updated: Vantage's costs are as new as that one's."""
        del days, calendar
        if self.complete_by == "age":
            return Sign()
        from unit_economics.cost_sources.vantage_updates import last_updated

        return Sign(last_updated(outside, self.token))

    def read(self, days: DayRange, *, calendar: BusinessCalendar, kept: Kept, outside: Outside) -> Delivery:
        """The charges of these days in one call (of as many pages as it takes); raises `Refusal`."""
        from unit_economics.cost_sources.vantage_charges import read  # pandas and HTTP: only where a bill is read

        _refuse_other_zone(calendar)
        return read(self, days, kept, outside)

    def parameters(self, days: DayRange, tag_keys: Sequence[str]) -> dict[str, str]:
        """The whole query; a setting left out would be the one saved with the report, which anyone may change."""
        chosen = {"cost_report_token": self.cost_report, "filter": self.filter, "workspace_token": self.workspace}
        return {
            **{name: value for name, value in chosen.items() if value is not None},
            "start_date": str(days.first),
            "end_date": str(days.last),
            "groupings": ",".join([*_GROUPINGS, *(_tag_grouping(key) for key in tag_keys)]),
            "date_bin": "day",
            "order": "asc",
            "limit": str(_LIMIT),
            **self.settings.parameters,
        }

    @property
    def settings(self) -> CostSettings:
        """What it counts as cost."""
        return CostSettings(
            amortize=self.amortize,
            include_credits=self.include_credits,
            include_refunds=self.include_refunds,
            include_discounts=self.include_discounts,
            include_tax=self.include_tax,
        )


def _tag_grouping(key: str) -> str:
    if "," in key:
        remedy = "Leave it out, or use FOCUS files"
        raise UsageRefusal(f"Vantage can't be asked for a tag with a comma ({key!r})", where="tags", remedy=remedy)
    return f"tag:{key}"


def _refuse_other_zone(calendar: BusinessCalendar) -> None:
    zone = calendar.timezone.key
    if zone.removeprefix("Etc/") not in ZONES_OF_UTC:
        raise UsageRefusal(
            f"Vantage counts its days in UTC, not in {zone}",
            where="business_day.timezone",
            remedy="Set it to UTC, or read the bill from FOCUS files, which state the hour",
        )
