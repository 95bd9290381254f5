"""What the trend is drawn from.

Here: the days' values and what is to be said of some of them. Not here: any drawing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from unit_economics.dashboard.charts.trend_panel import Values

_DAILY_UNTIL = 400  # days; beyond a year the daily line is a grey wall


@dataclass(frozen=True)
class Expected:
    """What a day that may still grow will come to, at shown scale: the nowcast, and its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Trend:
    """Consecutive days from `first`; None where a day has no value, and such a gap is not joined.

    smooth: the ratio of 7-day sums. provisional: the days whose bill may still grow. nowcasts: what the ratio of these
    will come to. today: the day that is not over. restated: what a day's value was and is. titles: of the three
    panels. The ratio, its nowcasts and its target are at shown scale.
    """

    first: date
    ratio: Values
    smooth: Values
    cost: Values
    units: Values
    titles: tuple[str, str, str]
    provisional: Collection[int] = ()
    nowcasts: Mapping[int, Expected] = field(default_factory=dict[int, Expected])
    restated: Mapping[int, str] = field(default_factory=dict[int, str])
    today: int | None = None
    target: float | None = None

    @property
    def count(self) -> int:
        """How many days are drawn."""
        lengths = [len(values) for values in (self.ratio, self.smooth, self.cost, self.units)]
        return max(*lengths, 0 if self.today is None else self.today + 1)

    @property
    def daily(self) -> Values:
        """The ratio of each day, while there are few enough to tell apart."""
        return self.ratio if self.count <= _DAILY_UNTIL else ()

    @property
    def expected(self) -> Mapping[int, Expected]:
        """The nowcasts, where days are drawn one by one."""
        return self.nowcasts if self.count <= _DAILY_UNTIL else {}
