"""What all panels of one page look at: the deployment, the view, one snapshot of the mart, and what they share of it.

Here: values that more than one panel needs, each read at most once a page. Not here: what is drawn (panels/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import LiteralString

from unit_economics.asset_names import margin_asset, plural, revenue_asset, units_asset
from unit_economics.business_days import DayRange
from unit_economics.dashboard.mart.comparison import Apart, Comparison, Windows, latest_of, shown_bridge, taken_apart
from unit_economics.dashboard.mart.reader import Role
from unit_economics.dashboard.mart.series import Series, SeriesQuestion, read_margins, read_quantities, read_series
from unit_economics.dashboard.mart.slices import SliceQuestion
from unit_economics.dashboard.mart.troubles import Trouble, troubles_of
from unit_economics.dashboard.view import View, first_scope
from unit_economics.dashboard.words.numbers import Numbers, scale_of
from unit_economics.day_states import DayStates, states_in
from unit_economics.deployment import Deployment
from unit_economics.entries.cost_scope import CostScope
from unit_economics.entries.metric import Metric, Targets
from unit_economics.insight.bridge import Bridge, Window
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.gate import Verdict, newest_words, red_days
from unit_economics.warehouse.nowcast_reading import Shown, current_nowcasts

WEEKS = 26
STRIP_DAYS = 28


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
        return _in_words(plural(self.view.metric))

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
        names = metric, units_asset(metric), self.view.scope, catalogue.currency, self.of.definition(metric)
        is_split = self.is_whole_scope and self.entry.is_split
        return SeriesQuestion(*names, is_split=is_split, rule=self.metric.over_days)

    @property
    def charges_view(self) -> LiteralString:
        """The view with the charges that unit costs are made of, in their currency."""
        return "reported_costs" if self.of.catalogue.exchange_rates else "cloud_costs"

    @property
    def lines_view(self) -> LiteralString:
        """The view with what each target pays, in the currency of unit costs."""
        return "reported_allocations" if self.of.catalogue.exchange_rates else "allocated_costs"

    @cached_property
    def revenue(self) -> dict[date, Decimal]:
        """What was earned by day; empty for whoever may not see it, or where the catalogue does not say."""
        if self.role != "finance" or not self.metric.revenue or not self.is_whole_scope:
            return {}
        if self.metric.has_margin:
            return {day: net for day, (net, _) in self.margins.items()}
        return read_quantities(self.connection, revenue_asset(self.view.metric), self.series.shown)

    @cached_property
    def margins(self) -> Mapping[date, tuple[Decimal, Decimal]]:
        """Net revenue and fees by day, in the catalogue's currency; only for whoever sees revenue."""
        return read_margins(self.connection, margin_asset(self.view.metric), self.series.shown)

    @cached_property
    def nowcasts(self) -> Mapping[date, Shown]:
        """What each provisional day will come to; empty where the catalogue asks for none, and of a sum of slices."""
        if self.of.catalogue.nowcast is None:
            return {}
        found = current_nowcasts(self.connection, self.view.metric, self.view.scope)
        return {one.business_date: one for one in found if one.billing_currency == self.of.catalogue.currency}

    @cached_property
    def comparison(self) -> Comparison | None:
        """The latest window of complete days against the one before; None without any complete day."""
        return latest_of(self.series, self.view.days)

    @cached_property
    def red(self) -> Mapping[date, str]:
        """The days of both windows and since on which a check of the cost or of one of its halves is red, with why."""
        first = self.comparison.before.window.first if self.comparison else self.series.shown.first
        halves = *self.of.made_of(self.view.metric), self.view.metric
        return red_days(self.connection, halves, DayRange(first, self.series.shown.last))

    @cached_property
    def scale(self) -> int:
        """How many units the shown unit cost is for: 1, 1,000, 1,000,000 or 1,000,000,000."""
        unit_cost = self.comparison.after.unit_cost if self.comparison else None
        return scale_of(unit_cost, 100 * self.numbers.smallest_money) if unit_cost is not None else 1

    @property
    def per(self) -> str:
        """What the shown unit cost is for: `order`, `1,000 orders`."""
        return f"{self.numbers.count(Decimal(self.scale))} {self.units_name}" if self.scale > 1 else self.one_unit

    @property
    def one_unit(self) -> str:
        """`order`, `API call`."""
        return _in_words(self.view.metric.removeprefix("cost_per_"))

    @cached_property
    def _apart(self) -> Apart:
        found = self.comparison
        if found is None or not found.after.quantity or not self.view.by or not self.is_whole_scope:
            return None, None
        return taken_apart(self.connection, self.slice_question, self.series, found)

    @property
    def slice_windows(self) -> Windows | None:
        """Both windows taken apart by `view.by`, to be compared; None where `why_no_slices` says why."""
        before, after = self._apart
        if before is None or after is None or self.comparison is None or self.comparison.why_not:
            return None
        return before, after

    @property
    def later_slices(self) -> Window | None:
        """The later window taken apart, also where there is nothing to compare it with; else as `slice_windows`."""
        return self._apart[1]

    @property
    def earlier_slices(self) -> Window | None:
        """The window before taken apart; None where the later one has nothing to be compared with."""
        return self.slice_windows[0] if self.slice_windows else None

    @property
    def slice_entries(self) -> Mapping[str, CostScope]:
        """By what the page's scope can be taken apart; a slice can't be, once more."""
        return self.of.catalogue.slices_of(self.view.metric, self.view.scope) if self.is_whole_scope else {}

    @property
    def why_no_slices(self) -> str:
        """Why there are no `slice_windows`, or not even `later_slices`, of a view that has slices."""
        if self.comparison is None:
            return "no day is complete yet"
        stale = f"some of these days were computed before the catalogue had the scope {self.view.by}"
        is_stale = self.comparison.after.quantity and self.later_slices is None
        return stale if is_stale else self.comparison.why_not or stale

    @cached_property
    def even_windows(self) -> Windows | None:
        """What the bridges compare; the window before as long as the other, so that no missing day is a change."""
        found = self.comparison
        return None if found is None or found.why_not else found.even(self.slice_windows)

    @property
    def slice_question(self) -> SliceQuestion:
        """What to ask the mart for to take the scope apart."""
        metric = self.view.metric
        by = self.of.catalogue.scopes_of(metric)[self.view.by].by
        return SliceQuestion(metric, units_asset(metric), self.of.catalogue.currency, self.view.by, by)

    @cached_property
    def bridge(self) -> Bridge[Decimal] | None:
        """Why the unit cost changed, at the shown scale, in the smallest money that is written."""
        windows = self.even_windows
        return shown_bridge(windows, self.scale, self.numbers.smallest_money) if windows else None

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


def _in_words(name: str) -> str:
    return name.replace("_", " ").replace("api ", "API ")
