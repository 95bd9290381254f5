"""What was earned beside what it cost.

Here: sums over the days that have both. Not here: who may see them (reader.py).
"""

from dataclasses import dataclass
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.dashboard.scene import Scene


@dataclass(frozen=True)
class Earned:
    """Revenue and cost of the same days, in the catalogue's currency."""

    revenue: Decimal
    cost: Decimal
    fees: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """What is left of it after cost and fees."""
        return self.revenue - self.cost - self.fees

    @property
    def share(self) -> Decimal | None:
        """The contribution margin as a share of revenue; empty without revenue."""
        return self.left / self.revenue if self.revenue > 0 else None


def earned(scene: Scene, window: DayRange) -> Earned:
    """What the complete days of a window earned and cost, where both are there."""
    days = [day for day in scene.series.counted(window) if day.day in scene.revenue]
    revenue = sum((scene.revenue[day.day] for day in days), Decimal(0))
    fees = sum((scene.margins[day.day][1] for day in days), Decimal(0)) if scene.metric.has_margin else Decimal(0)
    return Earned(revenue, sum((day.cost for day in days if day.cost is not None), Decimal(0)), fees)
