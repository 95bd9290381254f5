"""The headline of the demo's dashboard, worked out from the shop itself: the answer to compare with.

Here: two windows, their cost per 1,000 orders, and what moved it. Not here: anything of the platform's own arithmetic
(unit_cost.py, insight/), which this is to check.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from unit_economics.demo.answer_key import DayAnswer, Headline

WINDOW = timedelta(days=28)
COMPLETE_AFTER = timedelta(days=3)
"""As the demo's catalogue has it: a bill is complete three days after its day."""

_NOTHING = Decimal(0)


def headline_of(last: date, days: Mapping[date, DayAnswer]) -> Headline | None:
    """The headline on the morning after `last`; None where the days don't fill both windows."""
    end = last - COMPLETE_AFTER
    after, before = _window(end, days), _window(end - WINDOW, days)
    if not after or not before:
        return None
    (cost_0, orders_0), (cost_1, orders_1) = _sums(before), _sums(after)
    unit_cost_0, unit_cost_1 = 1000 * cost_0 / orders_0, 1000 * cost_1 / orders_1
    direction = "up" if unit_cost_1 > unit_cost_0 else "down"
    # Price at the mean of the two volumes, volume at the mean of the two costs: nothing is left over.
    of_volume = 1000 * (cost_0 + cost_1) / 2 * (1 / orders_1 - 1 / orders_0)
    per_dollar = 1000 * (1 / orders_0 + 1 / orders_1) / 2
    of_services = {service: dollars * per_dollar for service, dollars in _moved(before, after).items()}
    causes = {"fewer orders" if orders_1 < orders_0 else "more orders": of_volume, **of_services}
    return Headline(
        last=end,
        before=unit_cost_0,
        after=unit_cost_1,
        direction=direction,
        change_percent=100 * (unit_cost_1 / unit_cost_0 - 1),
        effect_of_volume=of_volume,
        effects_of_services=of_services,
        main_cause=(max if direction == "up" else min)(causes, key=causes.__getitem__),
    )


def _window(last: date, days: Mapping[date, DayAnswer]) -> list[DayAnswer]:
    wanted = [last - timedelta(days=back) for back in range(WINDOW.days)]
    return [days[day] for day in wanted] if all(day in days for day in wanted) else []


def _sums(window: Sequence[DayAnswer]) -> tuple[Decimal, Decimal]:
    cost = sum((answer.effective_cost for answer in window), _NOTHING)
    return cost, Decimal(sum(answer.completed_orders for answer in window))


def _moved(before: Sequence[DayAnswer], after: Sequence[DayAnswer]) -> dict[str, Decimal]:
    """By service, what was paid more in the second window than in the first."""
    cost_0, cost_1 = _by_service(before), _by_service(after)
    return {name: cost_1.get(name, _NOTHING) - cost_0.get(name, _NOTHING) for name in sorted({*cost_0, *cost_1})}


def _by_service(window: Sequence[DayAnswer]) -> dict[str, Decimal]:
    names = {name for answer in window for name in answer.effective_by_service}
    return {name: sum((day.effective_by_service.get(name, _NOTHING) for day in window), _NOTHING) for name in names}
