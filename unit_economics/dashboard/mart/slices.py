"""A scope taken apart: what each of its slices cost in two windows, and week by week.

Here: the questions, and the names of slices for people. Not here: the table and the bridge that show them (panels/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg import sql

from unit_economics.business_days import DayRange
from unit_economics.entries.cost_scope import By
from unit_economics.insight.bridge import Slice, Window
from unit_economics.warehouse.connection import Connection

_SUMS = """
    select cost_scope, {part}, sum(cost) from unit_costs
    where metric = %(metric)s and billing_currency = %(currency)s
        and business_date between %(first)s and %(last)s and business_date <> all(%(left_out)s)
        and starts_with(cost_scope, %(prefix)s) and cost is not null
    group by 1, 2
"""
_COSTS = sql.SQL(_SUMS).format(part=sql.SQL("business_date >= %(split)s"))
_WEEKS = sql.SQL(_SUMS).format(part=sql.SQL("(business_date - %(begin)s) / 7"))
_UNITS = """
    select segment, business_date >= %(split)s, sum(quantity) from {units} where business_date = any(%(days)s)
    group by 1, 2
"""
_BEFORE, _AFTER = False, True


@dataclass(frozen=True)
class SliceQuestion:
    """Which slices are asked for: those of the scope `name`, split `by`, on days that count."""

    metric: str
    units: str
    currency: str
    name: str
    by: By | None

    def values(self, days: Sequence[date], **more: object) -> dict[str, object]:
        """The query's parameters: a range is read faster than days one by one, and hardly any are left out of it."""
        span, counted = DayRange(min(days), max(days)), frozenset(days)
        return {
            "metric": self.metric,
            "currency": self.currency,
            "first": span.first,
            "last": span.last,
            "left_out": [day for day in span if day not in counted],
            "prefix": f"{self.name}:",
            **more,
        }


def value_of(scope: str, by: By | None) -> str:
    """The tag's or the column's own value: `payments` of `team:team=payments`; "(none)" where a charge has none."""
    value = scope.split(":", 1)[1]
    return value.removeprefix(f"{by.tag}=") if by and by.tag else value


def label_of(scope: str, by: By | None) -> str:
    """A slice's name for people: `payments` of `team:team=payments`; without `by` its target, of a scope with rules."""
    value = value_of(scope, by)
    if by is None:
        return value.replace("_", " ")
    what = f"{by.tag} tag" if by.tag else str(by.column).replace("_name", "").replace("_id", "").replace("_", " ")
    return f"no {what}" if value == "(none)" else value


def windows_of_slices(
    connection: Connection,
    asked: SliceQuestion,
    days: Mapping[bool, Sequence[date]],
    quantities: Mapping[bool, Decimal],
    *,
    is_sum: bool = True,
) -> tuple[Window, Window]:
    """The two windows (days and units of the one before, False, and the one after, True) with each slice's cost.

    The one before may have no day. A slice has units of its own where every slice is also a segment of units that add
    up.
    """
    every = [*days[_BEFORE], *days[_AFTER]]
    split = min(days[_AFTER])
    costs = connection.execute(_COSTS, asked.values(every, split=split)).fetchall()
    values = {"days": every, "split": split}
    units = connection.execute(sql.SQL(_UNITS).format(units=sql.Identifier(asked.units)), values).fetchall()
    own = {(segment, late): quantity for segment, late, quantity in units}
    names = {scope for scope, _, _ in costs}
    is_segmented = (
        is_sum and bool(names) and all(value_of(name, asked.by) in {segment for segment, _ in own} for name in names)
    )

    def own_units(name: str, late: bool) -> Decimal | None:  # noqa: FBT001  # as below
        return own.get((value_of(name, asked.by), late)) if is_segmented else None

    def window(late: bool) -> Window:  # noqa: FBT001  # it picks one of two windows
        of_window = {scope: cost for scope, is_late, cost in costs if is_late is late}
        slices = {name: Slice(cost, own_units(name, late)) for name, cost in of_window.items()}
        return Window(quantities[late], slices)

    return window(_BEFORE), window(_AFTER)


def weeks_of_slices(
    connection: Connection, asked: SliceQuestion, days: Sequence[date], weeks: DayRange
) -> dict[str, dict[int, Decimal]]:
    """What each slice cost in each week of the range, counted from 0."""
    found: dict[str, dict[int, Decimal]] = {}
    for scope, week, cost in connection.execute(_WEEKS, asked.values(days, begin=weeks.first)):
        found.setdefault(scope, {})[week] = cost
    return found


def slice_costs(before: Window | None, after: Window) -> dict[str, tuple[Decimal | None, Decimal]]:
    """What each slice cost in both windows: 0 where one has no charge of it, None without a window before."""
    every = {*(before.slices if before else ()), *after.slices}
    return {name: (_cost_in(before, name) if before else None, _cost_in(after, name)) for name in every}


def _cost_in(window: Window, name: str) -> Decimal:
    return window.slices[name].cost if name in window.slices else Decimal(0)
