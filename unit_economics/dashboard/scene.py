"""What all panels of one page look at: the deployment, the view, one snapshot of the mart, and what they share of it.

Here: values that more than one panel needs, each read at most once a page. Not here: what is drawn (panels/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from markupsafe import Markup

from unit_economics.business_days import DayRange
from unit_economics.catalogue import CostScope, Metric, Targets, plural, revenue_asset, units_asset
from unit_economics.dashboard.mart.reader import Role
from unit_economics.dashboard.mart.series import Series, Total, read_quantities, read_series, windows_until
from unit_economics.dashboard.mart.slices import SliceQuestion, windows_of_slices
from unit_economics.dashboard.mart.troubles import Trouble, troubles_of
from unit_economics.dashboard.view import View
from unit_economics.dashboard.words.numbers import Numbers, scale_of
from unit_economics.day_states import DayStates, states_in
from unit_economics.deployment import Deployment
from unit_economics.insight.bridge import Bridge, Slice, Window, folded, rounded, unit_cost_bridge
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.gate import Verdict, newest_words

LEAST_SHARE = 0.8
"""Of a window's days must count before it is compared with another."""
WEEKS = 26
STRIP_DAYS = 28
MOST_TERMS = 5
NOTHING = Markup()
"""Where there is no picture."""


@dataclass(frozen=True)
class Comparison:
    """Two windows of the same length that can be compared, or why they can't."""

    before: Total
    after: Total

    @property
    def why_not(self) -> str:
        """Empty where both windows have enough days that count."""
        for window, name in ((self.after, "window"), (self.before, "window before")):
            if not window.quantity:
                return f"the {name} has no complete day with units"
            if window.days < LEAST_SHARE * len(window.window):
                return f"only {window.days} of {len(window.window)} days of the {name} are complete"
        return ""


@dataclass(frozen=True)
class Scene:
    """One page's request with everything that it may read."""

    of: Deployment
    view: View
    numbers: Numbers
    role: Role
    connection: Connection
    now: datetime

    @property
    def metric(self) -> Metric:
        """The metric's entry in the catalogue."""
        return self.of.catalogue.metrics[self.view.metric]

    @property
    def targets(self) -> Targets:
        """What is aimed at; each may be empty."""
        return self.metric.targets or Targets()

    @property
    def entry(self) -> CostScope:
        """The cost scope's entry in the catalogue."""
        return self.of.catalogue.scopes_of(self.view.metric)[self.view.scope.split(":", 1)[0]]

    @property
    def is_whole_scope(self) -> bool:
        """Whether the page is about a scope and not about one slice of one."""
        return ":" not in self.view.scope

    @property
    def units_name(self) -> str:
        """`orders`, `API calls`."""
        return plural(self.view.metric).replace("_", " ").replace("api ", "API ")

    @property
    def units_title(self) -> str:
        """`Orders`, `API calls`: as the beginning of a line."""
        return self.units_name[:1].upper() + self.units_name[1:]

    @cached_property
    def today(self) -> date:
        """The business day that is not over yet."""
        return self.of.calendar.last_closed_day(self.now) + timedelta(days=1)

    @cached_property
    def series(self) -> Series:
        """The days of the chart, of both windows and of the sparklines, whichever reach back farther."""
        last = self.view.to or self.today
        back = max(self.view.shown_days, 2 * self.view.days + STRIP_DAYS, 7 * WEEKS + STRIP_DAYS)
        shown = DayRange(last - timedelta(days=back - 1), last)
        return read_series(
            self.connection,
            metric=self.view.metric,
            units=units_asset(self.view.metric),
            scope=self.view.scope,
            currency=self.of.catalogue.currency,
            shown=shown,
        )

    @cached_property
    def revenue(self) -> dict[date, Decimal]:
        """What was earned by day; empty for whoever may not see it, or where the catalogue does not say."""
        if self.role != "finance" or not self.metric.revenue or not self.is_whole_scope:
            return {}
        return read_quantities(self.connection, revenue_asset(self.view.metric), self.series.shown)

    @cached_property
    def comparison(self) -> Comparison | None:
        """The latest window of complete days against the one before; None without any complete day."""
        last = self.series.complete_to
        if last is None:
            return None
        before, after = windows_until(last, self.view.days)
        return Comparison(self.series.total(before), self.series.total(after))

    @cached_property
    def scale(self) -> int:
        """How many units the shown unit cost is for: 1, 1,000 or 1,000,000."""
        unit_cost = self.comparison.after.unit_cost if self.comparison else None
        return scale_of(unit_cost) if unit_cost is not None else 1

    @property
    def per(self) -> str:
        """What the shown unit cost is for: `order`, `1,000 orders`."""
        return f"{self.numbers.count(Decimal(self.scale))} {self.units_name}" if self.scale > 1 else self.one_unit

    @property
    def one_unit(self) -> str:
        """`order`, `API call`."""
        return self.view.metric.removeprefix("cost_per_").replace("_", " ").replace("api ", "API ")

    @cached_property
    def slice_windows(self) -> tuple[Window, Window] | None:
        """Both windows taken apart by `view.by`; None where there is nothing to compare or to take apart."""
        found = self.comparison
        if found is None or found.why_not or not self.view.by or not self.is_whole_scope:
            return None
        asked = self.slice_question
        days = {late: [day.day for day in self.series.counted(total.window)] for late, total in self._both(found)}
        return windows_of_slices(
            self.connection, asked, days, {late: total.quantity for late, total in self._both(found)}
        )

    @property
    def slice_question(self) -> SliceQuestion:
        """What to ask the mart for to take the scope apart."""
        metric = self.view.metric
        return SliceQuestion(metric, units_asset(metric), self.of.catalogue.currency, self.view.by)

    @cached_property
    def bridge(self) -> Bridge[Decimal] | None:
        """Why the unit cost changed, at the shown scale: the largest terms, in the smallest money that is written."""
        found = self.comparison
        if found is None or found.why_not:
            return None
        before, after = self.slice_windows or (_undivided(found.before), _undivided(found.after))
        exact = unit_cost_bridge(before, after, per=self.scale)
        return rounded(folded(exact, MOST_TERMS), self.numbers.smallest_money)

    @cached_property
    def states(self) -> DayStates:
        """How every asset stands on each of the last 28 days."""
        days = DayRange(self.today - timedelta(days=STRIP_DAYS - 1), self.today)
        return states_in(self.connection, self.of, days)

    @cached_property
    def words(self) -> Mapping[tuple[str, date], Verdict]:
        """The checks' newest word on each of these days."""
        return newest_words(self.connection, self.states.days)

    @cached_property
    def troubles(self) -> Sequence[Trouble]:
        """What is wrong on these days, the dearest first."""
        return troubles_of(self.connection, self.of, self.states)

    @staticmethod
    def _both(found: Comparison) -> tuple[tuple[bool, Total], tuple[bool, Total]]:
        return (False, found.before), (True, found.after)


def _undivided(total: Total) -> Window:
    return Window(total.quantity, {"": Slice(total.cost, None)})
