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
from unit_economics.dashboard.mart.series import (
    Series,
    SeriesQuestion,
    Total,
    read_quantities,
    read_series,
    windows_until,
)
from unit_economics.dashboard.mart.slices import SliceQuestion, windows_of_slices
from unit_economics.dashboard.mart.troubles import Trouble, troubles_of
from unit_economics.dashboard.view import View, first_scope
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
_LEAST_MONEY = Decimal("0.000001")
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
                return f"the {name} has no complete day with cost and units"
            if window.days < LEAST_SHARE * len(window.window):
                are = "are" if window.days > 1 else "is"
                return f"only {window.days} of {len(window.window)} days of the {name} {are} complete"
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
        """What is aimed at, of the scope that the catalogue's targets are of; each may be empty."""
        return (self.metric.targets if self.is_headline_scope else None) or Targets()

    @property
    def entry(self) -> CostScope:
        """The cost scope's entry in the catalogue."""
        return self.of.catalogue.scopes_of(self.view.metric)[self.view.scope.split(":", 1)[0]]

    @property
    def is_headline_scope(self) -> bool:
        """Whether the page is about the scope that is shown where none is asked for."""
        return self.view.scope == first_scope(self.of.catalogue, self.view.metric)

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
        last = min(self.view.to or self.today, self.today)
        back = max(self.view.shown_days, 2 * self.view.days + STRIP_DAYS, 7 * WEEKS + STRIP_DAYS)
        shown = DayRange(last - timedelta(days=back - 1), last)
        return read_series(self.connection, self.question, shown)

    @property
    def question(self) -> SeriesQuestion:
        """Whose days the page is about."""
        metric, catalogue = self.view.metric, self.of.catalogue
        names = metric, units_asset(metric), self.view.scope, catalogue.currency, catalogue.definition(metric)
        return SeriesQuestion(*names, is_split=self.is_whole_scope and self.entry.by is not None)

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
        return scale_of(unit_cost, 100 * self.numbers.smallest_money) if unit_cost is not None else 1

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
        """Both windows taken apart by `view.by`; None where `why_no_slices` says why."""
        found = self.comparison
        if found is None or found.why_not or not self.view.by or not self.is_whole_scope:
            return None
        asked, totals = self.slice_question, {False: found.before, True: found.after}
        days = {late: [day.day for day in self.series.counted(total.window)] for late, total in totals.items()}
        quantities = {late: total.quantity for late, total in totals.items()}
        windows = windows_of_slices(self.connection, asked, days, quantities)
        is_whole = all(_adds_up(*pair) for pair in zip(windows, totals.values(), strict=True))
        return windows if is_whole else None

    @property
    def why_no_slices(self) -> str:
        """Why there are no `slice_windows`, of a view that has slices."""
        if self.comparison is None:
            return "no day is complete yet"
        stale = f"some of these days were computed before the catalogue had the scope {self.view.by}"
        return self.comparison.why_not or stale

    @cached_property
    def even_windows(self) -> tuple[Window, Window] | None:
        """What the bridges compare; the window before as long as the other, so that no missing day is a change."""
        found = self.comparison
        if found is None or found.why_not:
            return None
        before, after = self.slice_windows or (_undivided(found.before), _undivided(found.after))
        return _stretched(before, found.before.days, found.after.days), after

    @property
    def slice_question(self) -> SliceQuestion:
        """What to ask the mart for to take the scope apart."""
        metric = self.view.metric
        return SliceQuestion(metric, units_asset(metric), self.of.catalogue.currency, self.view.by)

    @cached_property
    def bridge(self) -> Bridge[Decimal] | None:
        """Why the unit cost changed, at the shown scale: the largest terms, in the smallest money that is written."""
        if self.even_windows is None:
            return None
        exact = unit_cost_bridge(*self.even_windows, per=self.scale)
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


def _adds_up(window: Window, total: Total) -> bool:
    return abs(sum(part.cost for part in window.slices.values()) - total.cost) < _LEAST_MONEY


def _stretched(window: Window, days: int, to_days: int) -> Window:
    """The same window over another number of such days."""

    def longer(amount: Decimal) -> Decimal:
        return amount * to_days / days

    slices = {
        name: Slice(longer(part.cost), None if part.quantity is None else longer(part.quantity))
        for name, part in window.slices.items()
    }
    return Window(longer(window.quantity), slices) if days != to_days else window


def _undivided(total: Total) -> Window:
    return Window(total.quantity, {"": Slice(total.cost, None)})
