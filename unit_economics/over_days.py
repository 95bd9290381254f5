"""Several days' units as one number: added up, their mean, or the last; and what can't be told without its source.

Here: the rule, which every total of units goes by (SQL's `unit_cost_over` has the same). Not here: which rule a unit
has (entries/metric.py), adding up cost, which is always a sum.

Source: Kimball's additive, semi-additive and non-additive facts. A stock like GB stored is there on every day again:
its sum over 30 days is 30 times too much.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Literal

from unit_economics.exact import EXACT, RATIO

OverDays = Literal["sum", "mean", "last", "distinct"]
"""distinct: who was counted on two days is in both, so only the source knows how many different ones there were."""
Per = Literal["day", "month"]


def over_days(quantities: Mapping[date, Decimal], rule: OverDays) -> Decimal | None:
    """The units of these days together; None without a day, and for several days of what is distinct."""
    if not quantities or (rule == "distinct" and len(quantities) > 1):
        return None
    if rule == "last":
        return quantities[max(quantities)]
    whole = reduce(EXACT.add, quantities.values())
    return RATIO.divide(whole, Decimal(len(quantities))) if rule == "mean" else whole


def in_time(quantity: Decimal, day: date, per: Per | None) -> Decimal:
    """A stock over its day, which adds up: 62 GB on a day of January are 2 GB-months. As it is without `per`."""
    if per != "month":
        return quantity
    return EXACT.quantize(RATIO.divide(quantity, Decimal(monthrange(day.year, day.month)[1])), Decimal("1e-12"))
