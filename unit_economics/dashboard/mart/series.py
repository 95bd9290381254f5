"""Days as the pages need them: one scope's cost, the units and the status of every day, and sums over windows of them.

Here: the questions behind more than one panel, and sums. A window is always a ratio of sums over its complete days (of
units that don't add up, their mean or their last day); what is provisional is in no total. Not here: what is drawn of
it (panels/).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from psycopg import sql

from unit_economics.business_days import DayRange
from unit_economics.over_days import OverDays, over_days
from unit_economics.reasons import NO_CHARGES
from unit_economics.warehouse.connection import Connection

COMPLETE = ("complete", "closed", "restated")
# Plain questions: joined to one, they take seconds until PostgreSQL has gathered statistics of a new mart.
_STATES = """
    select business_date, status, input_versions ? 'cloud_costs', definition = %(definition)s from day_versions
    where asset = %(metric)s and superseded_at is null and business_date between %(first)s and %(last)s
    order by 1
"""
_COSTS = """
    select business_date, cost, reason, charge_rows from unit_costs
    where metric = %(metric)s and cost_scope = %(scope)s and billing_currency = %(currency)s
        and business_date between %(first)s and %(last)s
"""
_SUMS = """
    select business_date, case when bool_and(cost is not null) then sum(cost) end, max(reason), sum(charge_rows)
    from unit_costs
    where metric = %(metric)s and starts_with(cost_scope, %(scope)s || ':') and billing_currency = %(currency)s
        and business_date between %(first)s and %(last)s
    group by 1
"""
_OTHERS = """
    select distinct billing_currency from unit_costs
    where metric = %(metric)s and (cost_scope = %(scope)s or starts_with(cost_scope, %(scope)s || ':'))
        and business_date between %(first)s and %(last)s and billing_currency <> %(currency)s
    order by 1
"""
_QUANTITIES = """
    select business_date, sum(quantity) from {units} where business_date between %(first)s and %(last)s group by 1
"""
_MARGINS = """
    select business_date, net_revenue, fees from {margin}
    where business_date between %(first)s and %(last)s and net_revenue is not null and fees is not null
"""


@dataclass(frozen=True)
class Day:
    """One business day of one scope: empty where a half is not there."""

    day: date
    status: str
    quantity: Decimal | None
    cost: Decimal | None
    reason: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether both halves are there."""
        return self.quantity is not None and self.cost is not None

    @property
    def counts(self) -> bool:
        """Whether the day is in totals: whole, and its bill will not grow."""
        return self.is_whole and self.status in COMPLETE


@dataclass(frozen=True)
class Total:
    """The counted days of a window together; quantity is 0 where there is none to tell, as `rule` has it."""

    window: DayRange
    days: int
    cost: Decimal
    quantity: Decimal
    rule: OverDays = "sum"

    @property
    def is_whole(self) -> bool:
        """Whether every day of the window counts."""
        return self.days == len(self.window)

    @property
    def unit_cost(self) -> Decimal | None:
        """Ratio of sums."""
        return self.cost / self.quantity if self.quantity else None


@dataclass(frozen=True)
class Series:
    """The days of one scope in order, those that are stored; `shown` is the whole range asked for."""

    shown: DayRange
    days: Mapping[date, Day]
    rule: OverDays = "sum"

    @cached_property
    def complete_to(self) -> date | None:
        """The last day that counts."""
        return max((day.day for day in self.days.values() if day.counts), default=None)

    def __iter__(self) -> Iterator[Day | None]:
        """Every day of the range; None for one that is not stored."""
        return (self.days.get(day) for day in self.shown)

    def counted(self, window: DayRange) -> Sequence[Day]:
        """The days of a window that count."""
        return [self.days[day] for day in window if day in self.days and self.days[day].counts]

    def total(self, window: DayRange) -> Total:
        """Cost and units of the days that count."""
        days = self.counted(window)
        cost = sum((day.cost for day in days if day.cost is not None), Decimal(0))
        quantity = over_days({day.day: day.quantity for day in days if day.quantity is not None}, self.rule)
        return Total(window, len(days), cost, quantity or Decimal(0), self.rule)


@dataclass(frozen=True)
class SeriesQuestion:
    """Whose days are asked for; of a split scope as a whole (`is_split`) they are the sums over its slices."""

    metric: str
    units: str
    scope: str
    currency: str
    definition: str
    is_split: bool = False
    rule: OverDays = "sum"


def read_series(connection: Connection, asked: SeriesQuestion, shown: DayRange) -> Series:
    """The days of one scope. Without a charge of its own it cost 0 on a day whose bill is there, as SQL says too.

    But not on a day that was computed for another definition of the metric, which may not have had this scope, nor
    where no day has a charge: nobody knows such a slice.
    """
    values = {**vars(asked), "first": shown.first, "last": shown.last}
    costs = {row[0]: row[1:] for row in connection.execute(_SUMS if asked.is_split else _COSTS, values)}
    quantities = read_quantities(connection, asked.units, shown)
    return Series(
        shown,
        {
            day: Day(
                day,
                status,
                quantities.get(day),
                *_cost(costs.get(day), quantities.get(day), is_billed, is_same and bool(costs)),
            )
            for day, status, is_billed, is_same in connection.execute(_STATES, values).fetchall()
        },
        asked.rule,
    )


def _cost(
    row: tuple[Decimal | None, str | None, int] | None,
    quantity: Decimal | None,
    is_billed: bool,  # noqa: FBT001  # columns of a row
    is_computed: bool,  # noqa: FBT001
) -> tuple[Decimal | None, str | None]:
    """The cost of one day, and why there is no unit cost."""
    cost, reason, charge_rows = row or (None, None, 0)
    if cost is not None or charge_rows or (reason and not reason.startswith(NO_CHARGES)):
        return cost, reason
    if not is_billed:
        return None, reason or "the bill of this day is not there"
    if row is None and not is_computed:
        return None, "no charge of this scope is known"
    return Decimal(0), None if quantity else "0 units" if quantity == 0 else "no units of this day are there"


def other_currencies(connection: Connection, asked: SeriesQuestion, shown: DayRange) -> Sequence[str]:
    """In which other currencies there are charges too, which the series leaves out."""
    values = {**vars(asked), "first": shown.first, "last": shown.last}
    return [row[0] for row in connection.execute(_OTHERS, values)]


def read_quantities(connection: Connection, units: str, shown: DayRange) -> dict[date, Decimal]:
    """What is counted under this name, by day: also of revenue."""
    query = sql.SQL(_QUANTITIES).format(units=sql.Identifier(units))
    return dict(connection.execute(query, {"first": shown.first, "last": shown.last}).fetchall())


def read_margins(connection: Connection, margin: str, shown: DayRange) -> dict[date, tuple[Decimal, Decimal]]:
    """Net revenue and fees by day, of the days on which both are known."""
    query = sql.SQL(_MARGINS).format(margin=sql.Identifier(margin))
    rows = connection.execute(query, {"first": shown.first, "last": shown.last}).fetchall()
    return {day: (net, fees) for day, net, fees in rows}


def windows_until(last: date, length: int) -> tuple[DayRange, DayRange]:
    """The window of this length that ends on `last`, and the one before it."""
    split = last - timedelta(days=length)
    return DayRange(split - timedelta(days=length - 1), split), DayRange(split + timedelta(days=1), last)
