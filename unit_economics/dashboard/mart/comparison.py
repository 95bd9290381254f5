"""Two windows of the same length compared: whether they can be, and what the bridge between them is made of.

Here: two totals, as they are and taken apart. Not here: reading days (series.py) and slices (slices.py), the bridge's
arithmetic (insight/bridge.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from unit_economics.dashboard.mart.series import Series, Total, windows_until
from unit_economics.dashboard.mart.slices import SliceQuestion, windows_of_slices
from unit_economics.insight.bridge import Bridge, Slice, Window, folded, rounded, unit_cost_bridge
from unit_economics.warehouse.connection import Connection

LEAST_SHARE = 0.8
"""Of a window's days must count before it is compared with another."""
MOST_TERMS = 5
_LEAST_MONEY = Decimal("0.000001")
Windows = tuple[Window, Window]
"""The one before, and the one after."""
Apart = tuple[Window | None, Window | None]
"""The same two, each None where it can't be taken apart."""


@dataclass(frozen=True)
class Comparison:
    """Two windows of the same length that can be compared, or why they can't."""

    before: Total
    after: Total

    @property
    def why_not(self) -> str:
        """Empty where both windows have enough days that count."""
        if self.after.rule == "distinct" and len(self.after.window) > 1:
            return "different units can't be added up over days: who comes twice would count twice"
        for window, name in ((self.after, "window"), (self.before, "window before")):
            if not window.quantity:
                return f"the {name} has no complete day with cost and units"
            if window.days < LEAST_SHARE * len(window.window):
                are = "are" if window.days > 1 else "is"
                return f"only {window.days} of {len(window.window)} days of the {name} {are} complete"
        return ""

    def even(self, windows: Windows | None) -> Windows:
        """Both windows, taken apart or not; the one before as long as the other, so that no missing day is a change."""
        before, after = windows or (_undivided(self.before), _undivided(self.after))
        return _stretched(before, self.before.days, self.after.days, is_sum=self.after.rule == "sum"), after


def latest_of(series: Series, days: int) -> Comparison | None:
    """The latest window of complete days against the one before; None without any complete day."""
    last = series.complete_to
    if last is None:
        return None
    before, after = windows_until(last, days)
    return Comparison(series.total(before), series.total(after))


def taken_apart(connection: Connection, asked: SliceQuestion, series: Series, found: Comparison) -> Apart:
    """Each window by slice; None where the slices are not its whole cost. The one after has a day that counts."""
    totals: Mapping[bool, Total] = {False: found.before, True: found.after}
    days = {late: [day.day for day in series.counted(total.window)] for late, total in totals.items()}
    quantities = {late: total.quantity for late, total in totals.items()}
    windows = windows_of_slices(connection, asked, days, quantities, is_sum=found.after.rule == "sum")
    before, after = windows
    return before if _adds_up(before, found.before) else None, after if _adds_up(after, found.after) else None


def shown_bridge(windows: Windows, per: int, smallest: Decimal) -> Bridge[Decimal]:
    """Why the cost of `per` units changed: the largest terms, in whole steps of the smallest money."""
    return rounded(folded(unit_cost_bridge(*windows, per=per), MOST_TERMS), smallest)


def _adds_up(window: Window, total: Total) -> bool:
    return abs(sum(part.cost for part in window.slices.values()) - total.cost) < _LEAST_MONEY


def _stretched(window: Window, days: int, to_days: int, *, is_sum: bool) -> Window:
    """The same window over another number of such days; units that don't add up stay what they are."""

    def longer(amount: Decimal) -> Decimal:
        return amount * to_days / days

    slices = {
        name: Slice(longer(part.cost), None if part.quantity is None else longer(part.quantity))
        for name, part in window.slices.items()
    }
    quantity = longer(window.quantity) if is_sum else window.quantity
    return Window(quantity, slices) if days != to_days else window


def _undivided(total: Total) -> Window:
    return Window(total.quantity, {"": Slice(total.cost, None)})
