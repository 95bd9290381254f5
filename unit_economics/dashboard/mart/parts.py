"""A metric's slices by dimension over two windows: what each part cost, and its own units.

Here: the question. Not here: how a part is named and drawn (panels/parts.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.over_days import OverDays
from unit_economics.warehouse.connection import Connection

_PARTS = """
    select slice, dimensions, business_date >= %(split)s, sum(cost), sum(quantity),
        sum(quantity) filter (where business_date = any(%(ends)s)), bool_and(cost is not null)
    from unit_cost_slices
    where metric = %(metric)s and cost_scope = %(scope)s and billing_currency = %(currency)s
        and business_date = any(%(days)s)
    group by 1, 2, 3
"""
Key = tuple[str, tuple[tuple[str, str], ...]]
"""A slice's name, and the value of each of its dimensions."""


@dataclass(frozen=True)
class PartTotal:
    """One part over the days of a window that count; cost is None where a day's is not stated."""

    cost: Decimal | None
    quantity: Decimal

    @property
    def unit_cost(self) -> Decimal | None:
        """Ratio of sums; of units that don't add up, as their metric has it."""
        return self.cost / self.quantity if self.cost is not None and self.quantity else None


@dataclass(frozen=True)
class PartsQuestion:
    """Whose parts are asked for."""

    metric: str
    scope: str
    currency: str
    rule: OverDays


def parts_of_windows(
    connection: Connection, asked: PartsQuestion, days: Mapping[bool, Sequence[date]]
) -> Mapping[bool, Mapping[Key, PartTotal]]:
    """The parts in the window before (False) and after (True), over these days of each; the later has some."""
    every = [*days[False], *days[True]]
    ends = [max(of) for of in days.values() if of]
    values = {**vars(asked), "days": every, "split": min(days[True]), "ends": ends}
    found: dict[bool, dict[Key, PartTotal]] = {False: {}, True: {}}
    for name, dimensions, late, cost, quantity, at_end, is_stated in connection.execute(_PARTS, values):
        key = name, tuple(sorted(dimensions.items()))
        units = _over_days(quantity or Decimal(0), at_end or Decimal(0), len(days[late]), asked.rule)
        found[late][key] = PartTotal(cost if is_stated else None, units)
    return found


def _over_days(summed: Decimal, at_end: Decimal, days: int, rule: OverDays) -> Decimal:
    """The same rule as `over_days`, on sums: a part that is not there on a day has no units on it."""
    return at_end if rule == "last" else summed / days if rule == "mean" else summed
