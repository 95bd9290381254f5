"""Units to Vantage: the values of one business metric, one a day, sent only where they differ and read back.

Here: the entry of a sink `vantage`. Not here: bringing what is stored there to what is wanted (vantage_values.py),
reading it (vantage_held.py), how a call is made (vantage/api.py), which days may be published, and alerting (both are
the caller's).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from unit_economics.business_days import DayRange
from unit_economics.entries.adapters import Held, Publication, Sink
from unit_economics.entries.entry import LATER, Variable
from unit_economics.outside import Outside


class VantageMetric(Sink):
    """A business metric in Vantage that holds the units of each day."""

    business_metric: Variable
    token: Variable = "VANTAGE_API_TOKEN"  # noqa: S105  the name, not the secret
    chunk: int = Field(500, ge=1, le=1000, description="Most days sent in one call")

    cost_report: Annotated[Annotated[str, Field(pattern=r"^rprt_[A-Za-z0-9_]{1,60}$")] | None, LATER] = Field(
        default=None, description="Whose own unit cost is compared with ours each morning, like rprt_..."
    )
    tolerance: Annotated[Decimal, LATER] = Field(
        default=Decimal("0.01"), ge=0, lt=1, description="How far apart these may be, as a share of our unit cost"
    )

    @property
    def of_units_only(self) -> str | None:
        """A cost report divides by units."""
        return "cost_report" if self.cost_report else None

    @property
    def destination(self) -> str:
        """The variable that holds the token of the business metric."""
        return self.business_metric

    def publish(self, wanted: Mapping[date, Decimal], *, outside: Outside, dry_run: bool = False) -> Publication:
        """Make the business metric hold `wanted`; what other days and labels hold is left alone."""
        from unit_economics.sinks.vantage_values import publish  # HTTP: only where something is published

        return publish(self, wanted, outside, dry_run=dry_run)

    def held(self, days: DayRange, *, outside: Outside) -> Held:
        """What the business metric holds of these days, its labels and other hours beside it; raises `Refusal`."""
        from unit_economics.sinks.vantage_held import held

        return held(self, days, outside)

    def check_access(self, *, outside: Outside) -> str:
        """What the business metric is called, once the token may write it; raises `Refusal` where it may not."""
        from unit_economics.sinks.vantage_values import title_if_writable

        return title_if_writable(self, outside)
